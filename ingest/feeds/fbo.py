"""FedBizOpps (United States) and the State Department's project leads, in JSON or JSON lines."""

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, BinaryIO

from ingest.feeds.json_items import items
from ingest.feeds.json_value import text
from ingest.notice import Amount, Code, Notice, Received, Text
from ingest.source import Source
from taxonomies import countries

_PATHS = (("data",), ("results",))

# What is written where a number is not known yet.
_PLACEHOLDERS = frozenset({"not assigned", "n/a", "na", "none", "tbd", "-"})

Values = Mapping[str, tuple[str, ...]]


@cache
def _table(name: str) -> dict[str, dict[str, str]]:
    """A CSV table beside this file, by its first column."""
    lines = files("ingest.feeds").joinpath(name).read_text("utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {next(iter(row.values())): row for row in rows}


def read(stream: BinaryIO, source: Source, name: str) -> Iterator[Received]:
    """The notices of a document, or the reasons why not; never raises for what it holds."""
    for item in items(stream, _PATHS):
        if item.reason or not isinstance(item.value, dict):
            reason = item.reason or "Objet JSON attendu."
            yield Received(item.position, reason=reason, remarks=item.remarks)
            continue
        notice = _notice(item.value, source)
        if isinstance(notice, str):
            yield Received(item.position, reason=notice, remarks=item.remarks)
        else:
            yield Received(item.position, notice, remarks=item.remarks)


def _fields(record: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(field as written, use or "", value) of every field, those under ``ext`` included."""
    inner = record.get("ext")
    pairs = [(name, value) for name, value in record.items() if value is not inner]
    pairs += (
        [(f"ext.{name}", value) for name, value in inner.items()] if isinstance(inner, dict) else []
    )
    for name, value in pairs:
        plain = name.removeprefix("ext.").removeprefix("FBO_").lower()
        row = _table("fbo_fields.csv").get(plain)
        yield name, row["use"] if row else "", "true" if value is True else text(value)


def _notice(record: dict[str, Any], source: Source) -> Notice | str:
    """The notice of one record, or the reason why there is none."""
    values: dict[str, tuple[str, ...]] = {}
    unknown = []
    for name, use, value in _fields(record):
        if not use:
            unknown.append(name)
        elif value:
            values[use] = (*values.get(use, ()), value)
    title, key = _first(values, "title"), _key(values)
    if not title:
        return "Avis sans titre."
    if not key:
        return "Avis sans numéro ni adresse."
    return _told(values, key, title, source, tuple(unknown))


def _told(values: Values, key: str, title: str, source: Source, unknown: tuple[str, ...]) -> Notice:
    kind, location = _first(values, "kind"), _first(values, "location")
    known = _table("fbo_kinds.csv").get(kind, {"stage": "", "change": ""})
    number = _number(values)
    followed = _first(values, "followed")
    amount = _first(values, "amount")
    return Notice(
        source=source.name,
        key=key,
        texts=(Text(title, "\n".join(values.get("body", ()))),),
        kind=kind,
        stage=known["stage"],
        change=known["change"] or ("amendment" if _first(values, "amended") else ""),
        process=number,
        previous=(f"{number}-{followed}",) if number and followed else (),
        buyer=_first(values, "buyer"),
        # « location » is a country for project leads, an office for federal notices; two letters
        # would be a state.
        country=location if len(location) > 3 and countries.parse(location) else "",
        place=_first(values, "place"),
        published=_first(values, "published"),
        deadline=_first(values, "deadline"),
        amount=Amount(amount) if amount else None,
        codes=_codes(values),
        url=_first(values, "url"),
        unknown=unknown,
    )


def _first(values: Values, use: str) -> str:
    return values.get(use, ("",))[0]


def _number(values: Values) -> str:
    number = _first(values, "number")
    return "" if number.lower() in _PLACEHOLDERS else number


def _key(values: Values) -> str:
    """Number and kind of a federal notice (one number has several); a project lead has one page
    and one life, so that its state is no part of its key; the title when nothing else is given."""
    number, kind = _number(values), _first(values, "kind")
    if number:
        return f"{number}-{kind}" if kind.isupper() else number
    others = ("identifier", "url", "title") if not kind.isupper() else ("identifier", "url")
    return next(filter(None, (_first(values, use) for use in others)), "")


def _codes(values: Values) -> tuple[Code, ...]:
    """NAICS is the trade asked for; the class code is a Federal Supply Class (digits) or a
    Product and Service Code (a letter first)."""
    pairs = (("NAICS", "naics"), ("FSC", "class"))
    return tuple(Code(scheme, value) for scheme, use in pairs for value in values.get(use, ()))
