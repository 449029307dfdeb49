"""« Pourquoi ce résultat » : the words and codes of a lead that answer a query."""

import re
from functools import lru_cache

import numpy as np

from index.analysis import stem, stems
from index.concepts import concepts
from index.lead import Lead, Scheme
from index.query import CodeMatch, Reasons
from index.syntax import Syntax
from index.vectors import Scores
from index.wording import label, lineage
from taxonomies.fold import fold

_WORD = re.compile(r"\w+")

# Enough for the words that people will see on a page of results.
_READ = 600

# From this score on, a code is said to answer a query none of whose words its label holds.
_ASKED = 0.4


def _stems_in(text: str) -> set[str]:
    return set(stems(text))


@lru_cache(maxsize=20_000)
def _label_stems(scheme: Scheme, code: str) -> frozenset[str]:
    return frozenset(_stems_in(label(scheme, code, "fr")))


def _matched(scheme: Scheme, code: str, syntax: Syntax, wanted: Scores) -> float:
    """How much a code answers: by each word of its label, or as what the query asks for. In a
    sheet any label finds a word of its own: only what is asked for counts."""
    said = sum(one in _label_stems(scheme, code) for one, _ in syntax.typed)
    place = concepts().position.get((scheme, code))
    asked = float(wanted[place]) if place is not None and len(wanted) else 0.0
    if syntax.sheet:
        return asked if asked >= _ASKED else 0.0
    return said + asked if said or asked >= _ASKED else 0.0


def _codes(lead: Lead, syntax: Syntax, wanted: Scores) -> tuple[CodeMatch, ...]:
    typed = dict(syntax.typed)
    best: dict[tuple[Scheme, str], float] = {}
    for own in lead.told:
        for code in lineage(own.scheme, own.code):
            if much := _matched(own.scheme, code, syntax, wanted):
                best.setdefault((own.scheme, code), much)
    ranked = sorted(best, key=lambda one: -best[one])[:3]
    return tuple(
        CodeMatch(
            scheme,
            code,
            label(scheme, code, "fr"),
            tuple(typed[one] for one in typed if one in _label_stems(scheme, code)),
        )
        for scheme, code in ranked
    )


_NOTHING: Scores = np.zeros(0, np.float32)


def reasons(
    lead: Lead,
    syntax: Syntax,
    similarity: float | None = None,
    wanted: Scores = _NOTHING,
    freshness: float = 0.0,
) -> Reasons:
    """Words of the query found in the lead's own text, codes that answer it.

    wanted: how well each concept answers the query, empty when codes were not asked.
    """
    typed = dict(syntax.typed)
    own = " ".join(f"{text.title} {text.text}" for text in lead.texts)[:_READ]
    found = _stems_in(f"{lead.buyer} {lead.place} {own}") if typed else set()
    return Reasons(
        words=tuple(dict.fromkeys(word for one, word in typed.items() if one in found)),
        codes=_codes(lead, syntax, wanted),
        similarity=similarity,
        freshness=freshness,
    )


def passages(text: str, words: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where in a text the words stand, as (start, end), for highlighting."""
    wanted = {one for word in words for one in stems(word)}
    return [
        match.span()
        for match in _WORD.finditer(text)
        if any(stem(piece) in wanted for piece in fold(match.group()).split())
    ]
