"""Correspondences between CPV, the Harmonised System and NAF, each with its confidence.

HS → NAF follows official concordances; CPV → HS is ours (no open table exists) and its precision is
measured on a sample checked by hand (``python -m benchmarks.correspondences``). Services and works
have no HS code, which ``has_no_hs`` tells apart from goods whose label names no product.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from taxonomies import cpv, hs, naf
from taxonomies.table import rows


@dataclass(frozen=True, slots=True)
class Match:
    """A code that corresponds, confidence from 0 to 1 that it is right, and how it is known.

    how: choice (read by hand), above (chosen for a broader code), labels (told by labels among the
    choices above), chain (official concordance), neighbour (from the nearest subheadings), goods
    (through HS).
    """

    code: str
    score: float
    how: str


Matches = tuple[Match, ...]


@cache
def _table(name: str) -> Mapping[str, Matches]:
    found: defaultdict[str, Matches] = defaultdict(tuple)
    for code, other, score, how in rows(name):
        found[code] += (Match(other, float(score), how),)
    return dict(found)


@cache
def _subheadings() -> Mapping[str, tuple[str, ...]]:
    """HS code of two, four or six digits → the subheadings under it that have an activity."""
    under: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for six in _table("hs_naf.csv.gz"):
        for length in (2, 4, 6):
            under[six[:length]] += (six,)
    return dict(under)


@cache
def _inverse(name: str) -> Mapping[str, Matches]:
    found: defaultdict[str, Matches] = defaultdict(tuple)
    for code, matches in _table(name).items():
        for match in matches:
            found[match.code] += (Match(code, match.score, match.how),)
    return dict(found)


def _ordered(matches: Iterable[Match]) -> Matches:
    """Each code once, with its best score, the surest first."""
    best: dict[str, Match] = {}
    for match in sorted(matches, key=lambda match: (-match.score, match.code)):
        best.setdefault(match.code, match)
    return tuple(best.values())


def _class(code: str) -> str:
    """A French subclass ("10.11Z") is read as its European class; KeyError when unknown."""
    return naf.codes()[code].code[:5]


def has_no_hs(code: str) -> bool:
    """Whether a CPV code is known to have no HS code: a service, a work, software, heat.

    KeyError when the code is unknown.
    """
    known = _table("cpv_hs.csv.gz").get(cpv.codes()[code].code, ())
    return bool(known) and not known[0].code


def hs_of_cpv(code: str) -> Matches:
    """HS chapters, headings or subheadings of a CPV code, the main one first.

    () when there is none (``has_no_hs``) or when none is known; KeyError when the code is unknown.
    """
    return () if has_no_hs(code) else _table("cpv_hs.csv.gz").get(code, ())


def cpv_of_hs(code: str) -> Matches:
    """CPV codes of a HS code, those that correspond most closely first; KeyError when unknown.

    A subheading also gives the codes known for its heading, after its own; a heading, those known
    for its subheadings. What is known for a whole chapter is given for the chapter only.
    """
    asked = hs.codes()[code].code
    known = _inverse("cpv_hs.csv.gz")
    groups = [asked, *(broad for broad in hs.ancestors(asked) if len(broad) == 4)]
    if len(asked) > 2:
        groups += [other for other in known if other.startswith(asked) and other != asked]
    best: dict[str, Match] = {}
    for group in groups:
        for match in _ordered(known.get(group, ())):
            best.setdefault(match.code, match)
    return tuple(best.values())


def naf_of_hs(code: str) -> Matches:
    """NAF classes that make the products of a HS code, the main one first; KeyError when unknown.

    For a heading or a chapter, the score is the mean over its subheadings.
    """
    table = _table("hs_naf.csv.gz")
    under = _subheadings()[hs.codes()[code].code]
    total: defaultdict[str, float] = defaultdict(float)
    for six in under:
        for match in table[six]:
            total[match.code] += match.score / len(under)
    how = table[code][0].how if code in table else "chain"
    scores = {name: round(score, 2) for name, score in total.items()}
    return _ordered(Match(name, score, how) for name, score in scores.items() if score)


def hs_of_naf(code: str) -> Matches:
    """HS subheadings that a NAF code makes, the surest first; KeyError when unknown.

    A French subclass gives those of its class, a group or a division those of its classes.
    """
    return _of_naf("hs_naf.csv.gz", code)


def naf_of_cpv(code: str) -> Matches:
    """NAF codes whose activity is to make or to do what a CPV code names, the main one first.

    () when none is known; KeyError when the code is unknown.
    """
    return _table("cpv_naf.csv.gz").get(cpv.codes()[code].code, ())


def cpv_of_naf(code: str) -> Matches:
    """CPV codes of a NAF code, the surest first; KeyError when unknown.

    A French subclass gives those of its class, a group or a division those of its classes.
    """
    return _of_naf("cpv_naf.csv.gz", code)


def _of_naf(name: str, code: str) -> Matches:
    asked = _class(code)
    within = {c for c in naf.codes() if asked in (c, *naf.ancestors(c))}
    known = _inverse(name)
    return _ordered(match for one in within for match in known.get(one, ()))
