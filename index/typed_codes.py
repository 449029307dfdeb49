"""HS, CPV and NAF codes among the words of a query, however they are written."""

import re
from collections.abc import Sequence
from itertools import takewhile

from index.lead import Scheme
from taxonomies import cpv, hs, naf
from taxonomies.fold import fold

# Words that say which nomenclature the next one belongs to.
_SCHEMES: dict[str, Scheme] = {
    "cpv": "CPV", "sh": "HS", "hs": "HS", "nc": "HS", "naf": "NAF", "ape": "NAF",
}  # fmt: skip

# « ISO 9001 » is no optical fibre: a number after one of these is a standard, a colour, a lot.
# « en » is the preposition, « EN » the European standard.
_OTHERS = frozenset("iso nf din iec cei astm ansi bs rfc ral dtu lot article annee".split())

_GLUED = re.compile(r"(cpv|sh|hs|naf|ape):?(?=\d)", re.IGNORECASE)
_GROUP = re.compile(r"\d{2}|\d{4}")

# « 94 01 61 00 », « 39 16 00 00 »
_MOST_GROUPS, _FEWEST_DIGITS = 4, 6


def _of(scheme: Scheme, written: str) -> tuple[Scheme, str] | None:
    normalise = {"CPV": cpv.normalise, "HS": hs.normalise, "NAF": naf.normalise}[scheme]
    code = normalise(written)
    return (scheme, code) if code else None


def _code(written: str) -> tuple[Scheme, str] | None:
    """A code without its nomenclature: its length tells; four digits are of the HS."""
    digits = re.sub(r"[.\s-]", "", written)
    if re.fullmatch(r"\d{8}\d?", digits) and (found := _of("CPV", written)):
        return found
    if re.fullmatch(r"\d{4}(\d\d){0,3}", digits) and (found := _of("HS", written)):
        return found
    return _of("NAF", written) if re.fullmatch(r"\d{2,4}[A-Za-z]", digits) else None


def _spaced(words: Sequence[str]) -> str:
    """The first words joined, when they are groups of two or four digits."""
    groups = list(takewhile(_GROUP.fullmatch, words[:_MOST_GROUPS]))
    digits = sum(map(len, groups))
    return " ".join(groups) if len(groups) > 1 and digits >= _FEWEST_DIGITS else ""


def _read(words: Sequence[str], before: str) -> tuple[Scheme, str] | None:
    glued = _GLUED.match(words[0])
    if glued:
        return _of(_SCHEMES[fold(glued[1])], words[0][glued.end() :])
    scheme = _SCHEMES.get(fold(before))
    if scheme:
        return _of(scheme, _spaced(words) or words[0]) or _of(scheme, words[0])
    if fold(before) in _OTHERS or before == "EN":
        return None
    return (_code(spaced) if (spaced := _spaced(words)) else None) or _code(words[0])


def typed_codes(words: Sequence[str]) -> tuple[tuple[tuple[Scheme, str], ...], frozenset[int]]:
    """The codes, in order, and the places of the words that only name a nomenclature."""
    found: dict[tuple[Scheme, str], None] = {}
    naming: set[int] = set()
    for place in range(len(words)):
        before = words[place - 1] if place else ""
        if code := _read(words[place:], before):
            found[code] = None
            if fold(before) in _SCHEMES:
                naming.add(place - 1)
                naming |= {place - 2} if place > 1 and fold(words[place - 2]) == "code" else set()
    return tuple(found), frozenset(naming)
