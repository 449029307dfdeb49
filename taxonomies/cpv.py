"""The common procurement vocabulary: CPV 2008, its 9,454 codes, their labels and their tree.

Official table: Regulation (EC) No 213/2008. Codes are handled without their check digit.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from taxonomies.table import rows

LANGUAGES = (
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr",
    "hu", "it", "lt", "lv", "mt", "nl", "pl", "pt", "ro", "sk", "sl", "sv",
)  # fmt: skip

# Two to nine digits, perhaps grouped by spaces or dots, and a check digit after any dash.
_WRITTEN = re.compile(r"\s*([0-9](?:[\s.]?[0-9]){1,8})(?:\s*[-‐‑‒–]\s*([0-9]))?\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class CpvCode:
    """An official code: eight digits, its check digit, French and English labels."""

    code: str
    check: str
    fr: str
    en: str


@cache
def codes() -> Mapping[str, CpvCode]:
    """Every official code, in order: eight digits → CpvCode."""
    return MappingProxyType({row[0]: CpvCode(*row) for row in rows("cpv.csv.gz")})


def get(code: str) -> CpvCode | None:
    """The entry of an official eight-digit code, or None."""
    return codes().get(code)


def normalise(text: str) -> str | None:
    """The official eight-digit code written in ``text``, or None.

    Understands "39160000-1", "39 16 00 00", "391600001" and codes cut short ("3916"), which are
    padded with zeros when that makes an official code. A check digit, when written, must be right.
    A supplementary code ("CB10-6") is none. A seven-digit code that could as well have lost a zero
    on its left as on its right is none.
    """
    written = _WRITTEN.fullmatch(text)
    if written is None:
        return None
    digits, check = re.sub(r"[^0-9]", "", written[1]), written[2]
    if len(digits) == 9:
        if check:
            return None
        digits, check = digits[:8], digits[8]
    readings = {digits.ljust(8, "0"), digits.zfill(8) if len(digits) == 7 else digits.ljust(8, "0")}
    found = [code for code in readings if _agrees(code, check)]
    return found[0] if len(found) == 1 else None


def _agrees(code: str, check: str | None) -> bool:
    entry = get(code)
    return entry is not None and check in (None, entry.check)


@cache
def labels(language: str) -> Mapping[str, str]:
    """Labels of every code in one of the 24 ``LANGUAGES``; KeyError for another language.

    The Irish table of the Publications Office repeats the English labels.
    """
    if language in ("fr", "en"):
        return MappingProxyType(
            {c.code: c.fr if language == "fr" else c.en for c in codes().values()}
        )
    if language not in LANGUAGES:
        raise KeyError(language)
    return MappingProxyType(dict(rows(f"labels/cpv_{language}.csv.gz")))


def label(code: str, language: str = "fr") -> str:
    """Label of an official code; KeyError when the code or the language is unknown."""
    if language == "fr":
        return codes()[code].fr
    return labels(language)[code]


@cache
def ancestors(code: str) -> tuple[str, ...]:
    """Broader codes, nearest first, ending with the division; steps that do not exist are skipped.

    "39161000" → ("39160000", "39100000", "39000000"); KeyError when the code is unknown.
    """
    known = codes()
    shorter = (code[:length].ljust(8, "0") for length in range(7, 1, -1))
    return tuple(dict.fromkeys(c for c in shorter if c in known and c != known[code].code))


def division(code: str) -> str:
    """The first two digits: "39160000" → "39"."""
    return code[:2]


@cache
def _children() -> Mapping[str, tuple[str, ...]]:
    below: dict[str, list[str]] = {}
    for code in codes():
        for parent in ancestors(code)[:1]:
            below.setdefault(parent, []).append(code)
    return {parent: tuple(codes) for parent, codes in below.items()}


def children(code: str) -> tuple[str, ...]:
    """Codes whose nearest broader code is this one; all divisions are children of ""."""
    if not code:
        return tuple(c for c in codes() if not ancestors(c))
    return _children().get(code, ())
