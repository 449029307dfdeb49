"""Texts of an OCDS release: title and body in its language, then in the others it gives.

Variants are fields such as ``title_fr`` (OCDS, « Language », BCP 47 tags).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ingest.feeds.json_value import at, objects, text
from ingest.notice import Text

_VARIANT = re.compile(r"(title|description)_([a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})?)")


def titles_and_bodies(release: dict[str, Any]) -> tuple[Text, ...]:
    """The texts of a release, its own language first; () when no title can be found."""
    language = text(release.get("language"))
    own = _text(release, "", language)
    others = (tag for tag in _variants(release) if tag.lower() != language.lower())
    variants = (_text(release, f"_{tag}", tag) for tag in others)
    return (own, *(found for found in variants if found)) if own else ()


def _text(release: dict[str, Any], suffix: str, language: str) -> Text | None:
    lines = list(dict.fromkeys(filter(None, map(text, _lines(release, suffix)))))
    title = next(filter(None, map(text, _titles(release, suffix))), "") or (lines or [""])[0]
    body = [line for line in lines if line.casefold() != title.casefold()]
    return Text(title, "\n".join(body), language) if title else None


def _titles(release: dict[str, Any], suffix: str) -> Iterator[Any]:
    """Where a title may be, the surest first. A release without tender title is a planning or an
    award notice: the contract's name, then what the purchase is for."""
    tender = release.get("tender")
    yield at(tender, f"title{suffix}")
    for outcome in _outcomes(release):
        yield outcome.get(f"title{suffix}")
    yield at(tender, f"description{suffix}")
    yield at(release, "planning", f"rationale{suffix}")
    for outcome in _outcomes(release):
        yield outcome.get(f"description{suffix}")


def _lines(release: dict[str, Any], suffix: str) -> Iterator[Any]:
    """Description, lots and items; items of the awards when the tender lists none."""
    tender = release.get("tender")
    yield at(tender, f"description{suffix}") or at(release, "planning", f"rationale{suffix}")
    for lot in objects(at(tender, "lots")):
        yield lot.get(f"title{suffix}")
        yield lot.get(f"description{suffix}")
    items = objects(at(tender, "items"))
    for item in items or _items(_outcomes(release)):
        yield item.get(f"description{suffix}")


def _outcomes(release: dict[str, Any]) -> list[dict[str, Any]]:
    return objects(release.get("contracts")) + objects(release.get("awards"))


def _items(holders: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item for holder in holders for item in objects(holder.get("items"))]


def _variants(release: dict[str, Any]) -> list[str]:
    tender = release.get("tender")
    holders = [*objects(tender), *objects(at(tender, "lots")), *objects(at(tender, "items"))]
    found = (_VARIANT.fullmatch(name) for holder in holders for name in holder)
    return sorted({match[2] for match in found if match})
