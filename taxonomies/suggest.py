"""Suggestions as one types: sectors, regions, countries and codes whose French label matches."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from taxonomies import countries, cpv, hs, naf, sectors
from taxonomies.fold import fold, words

Kind = Literal["sector", "region", "country", "CPV", "HS", "NAF"]
Positions = NDArray[np.int32]

MAX_TYPED = 200  # characters looked at
_AFTER = "\U0010ffff"  # sorts after any continuation of a prefix


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to search for: its kind, its slug or code, its French label."""

    kind: Kind
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A suggestion, its depth in its nomenclature (0 is broadest) and words beyond its label's."""

    suggestion: Suggestion
    depth: int
    more: str = ""

    def rank(self) -> tuple[bool, int, str]:
        """Sectors and places first, then short and broad labels: a level weighs ten characters."""
        return (self.depth > 0, len(self.suggestion.label) + 10 * self.depth, self.suggestion.code)


def _subheading(code: str) -> str:
    """ "Sièges › Parties › en bois": a subheading's own label ("autres") says little alone."""
    heading, *below = hs.path(code)[1:]
    return " › ".join(dict.fromkeys((re.split(r"[;,(]", heading)[0].strip(), *below)))


def _candidates() -> Iterator[_Candidate]:
    for sector in sectors.all_sectors():
        yield _Candidate(
            Suggestion("sector", sector.id, sector.label), 0, " ".join(sector.synonyms)
        )
    for region, label in countries.regions().items():
        yield _Candidate(Suggestion("region", region, label), 0)
    for country in countries.countries().values():
        yield _Candidate(Suggestion("country", country.alpha2, country.fr), 0)
    for code, entry in cpv.codes().items():
        yield _Candidate(Suggestion("CPV", code, entry.fr), max(1, len(code.rstrip("0")) - 1))
    for code in hs.codes():
        label = _subheading(code) if len(code) == 6 else hs.label(code)
        yield _Candidate(Suggestion("HS", code, label), len(code) - 1)
    for code, activity in naf.codes().items():
        if f"{code}Z" not in naf.codes():  # the same activity, under the code that people know
            yield _Candidate(Suggestion("NAF", code, activity.fr), len(naf.ancestors(code)) + 1)


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Sorted keys, and for each the positions of its suggestions: those of ``keys[n]`` are
    ``positions[starts[n]:starts[n + 1]]``, so that a prefix is one slice."""

    keys: list[str]
    starts: list[int]
    positions: Positions

    @classmethod
    def of(cls, found: dict[str, list[int]]) -> "_Sorted":
        keys = sorted(found)
        starts = [0]
        for key in keys:
            starts.append(starts[-1] + len(found[key]))
        return cls(keys, starts, np.array([p for k in keys for p in found[k]], dtype=np.int32))

    def starting(self, prefix: str) -> Positions:
        """Positions of the suggestions that have a key starting with ``prefix``, in no order."""
        first, last = bisect_left(self.keys, prefix), bisect_left(self.keys, prefix + _AFTER)
        return self.positions[self.starts[first] : self.starts[last]]


@dataclass(frozen=True, slots=True)
class _Index:
    """Suggestions from best to last, found by the words of their label or by their code.

    code_order: position → rank among codes, the broadest first.
    """

    suggestions: tuple[Suggestion, ...]
    words: _Sorted
    codes: _Sorted
    code_order: Positions

    def by_words(self, typed: set[str]) -> list[int]:
        """Positions that every typed word matches, the best first."""
        kept = np.ones(len(self.suggestions), dtype=np.bool_)
        for word in typed:
            matched = np.zeros_like(kept)
            matched[self.words.starting(word)] = True
            kept &= matched
        found: list[int] = np.flatnonzero(kept).tolist()
        return found

    def by_code(self, typed: str) -> list[int]:
        """Positions of the codes that start with ``typed``, the broadest first."""
        found = self.codes.starting(typed)
        ordered: list[int] = found[np.argsort(self.code_order[found])].tolist()
        return ordered


@cache
def _index() -> _Index:
    candidates = sorted(_candidates(), key=_Candidate.rank)
    by_word: defaultdict[str, list[int]] = defaultdict(list)
    by_code: defaultdict[str, list[int]] = defaultdict(list)
    for position, candidate in enumerate(candidates):
        for word in set(words(f"{candidate.suggestion.label} {candidate.more}")):
            by_word[word].append(position)
        if candidate.suggestion.code[0].isdigit():
            by_code[candidate.suggestion.code.replace(".", "").lower()].append(position)
    broadest = sorted(
        range(len(candidates)),
        key=lambda position: (candidates[position].depth, candidates[position].suggestion.code),
    )
    return _Index(
        tuple(candidate.suggestion for candidate in candidates),
        _Sorted.of(by_word),
        _Sorted.of(by_code),
        np.argsort(np.array(broadest)).astype(np.int32),
    )


def suggest(prefix: str, limit: int = 10) -> list[Suggestion]:
    """At most ``limit`` suggestions for what was typed so far, the best first.

    Every typed word starts a word of the label (or of a sector's synonyms), whatever the accents
    and the case; or the code starts with what was typed, dots and spaces apart.
    """
    typed = fold(prefix[:MAX_TYPED])
    if not typed:
        return []
    index = _index()
    codes = index.by_code(typed.replace(" ", "")) if typed[0].isdigit() else []
    found = dict.fromkeys((*codes, *index.by_words(set(typed.split()))))
    return [index.suggestions[position] for position in list(found)[: max(limit, 0)]]
