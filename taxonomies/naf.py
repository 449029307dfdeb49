"""The French nomenclature of activities: NAF rév. 2, five levels from the section to "10.11Z".

Official table: decree No 2007-1888. Its first four levels are the European NACE rév. 2.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from taxonomies.table import rows

_WRITTEN = re.compile(
    r"\s*(?:([a-u])|([0-9]{2})\s*\.?\s*([0-9]{0,2})\s*([a-z]?))\s*", re.IGNORECASE | re.ASCII
)


@dataclass(frozen=True, slots=True)
class Naf:
    """An official code, its section letter and its labels.

    en: label of NACE, "" for the subclasses that France alone distinguishes.
    """

    code: str
    section: str
    fr: str
    en: str


@cache
def codes() -> Mapping[str, Naf]:
    """Every official code, in the order of the nomenclature: code → Naf."""
    return MappingProxyType({row[0]: Naf(*row) for row in rows("naf.csv.gz")})


def get(code: str) -> Naf | None:
    """The entry of an official code ("C", "10", "10.1", "10.11", "10.11Z"), or None."""
    return codes().get(code)


def normalise(text: str) -> str | None:
    """The official code written in ``text``, whatever its dot and case, or None.

    "1011z" → "10.11Z", "101" → "10.1", "c" → "C".
    """
    written = _WRITTEN.fullmatch(text)
    if written is None:
        return None
    section, division, below, letter = written.groups("")
    code = section or (f"{division}.{below}{letter}" if below else division + letter)
    return code.upper() if code.upper() in codes() else None


def label(code: str, language: str = "fr") -> str:
    """French or English label; KeyError when the code or the language is unknown."""
    entry = codes()[code]
    return {"fr": entry.fr, "en": entry.en}[language]


def ancestors(code: str) -> tuple[str, ...]:
    """Broader codes, nearest first: "10.11Z" → ("10.11", "10.1", "10", "C").

    KeyError when the code is unknown.
    """
    entry = codes()[code]
    if entry.code == entry.section:
        return ()
    broader = (code[:length] for length in (5, 4, 2) if length < len(code))
    return (*broader, entry.section)
