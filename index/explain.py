"""« Pourquoi ce résultat » : the words and codes of a lead that answer a query."""

import re
from collections.abc import Mapping
from functools import lru_cache

from index.analysis import stem, stems
from index.lead import Lead, Scheme
from index.query import CodeMatch, Reasons
from index.syntax import Syntax
from index.wording import SURE_ENOUGH, label, lineage
from taxonomies.fold import fold

_WORD = re.compile(r"\w+")

# Enough for the words that people will see on a page of results.
_READ = 600


def _stems_in(text: str) -> set[str]:
    return set(stems(text))


@lru_cache(maxsize=20_000)
def _label_stems(scheme: Scheme, code: str) -> frozenset[str]:
    return frozenset(_stems_in(label(scheme, code, "fr")))


def _codes(lead: Lead, typed: Mapping[str, str]) -> tuple[CodeMatch, ...]:
    best: dict[tuple[str, str], CodeMatch] = {}
    for own in lead.codes:
        if own.score < SURE_ENOUGH:
            continue
        for code in lineage(own.scheme, own.code):
            words = tuple(typed[one] for one in typed if one in _label_stems(own.scheme, code))
            if words:
                match = CodeMatch(own.scheme, code, label(own.scheme, code, "fr"), words)
                best.setdefault((own.scheme, code), match)
    ranked = sorted(best.values(), key=lambda match: -len(match.words))
    return tuple(ranked[:3])


def reasons(lead: Lead, syntax: Syntax, similarity: float | None) -> Reasons:
    """Words of the query found in the lead's own text, codes whose French label holds some."""
    typed = dict(syntax.typed)
    own = " ".join(f"{text.title} {text.text}" for text in lead.texts)[:_READ]
    found = _stems_in(f"{lead.buyer} {lead.place} {own}") if typed else set()
    return Reasons(
        words=tuple(dict.fromkeys(word for one, word in typed.items() if one in found)),
        codes=_codes(lead, typed),
        similarity=similarity,
    )


def passages(text: str, words: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where in a text the words stand, as (start, end), for highlighting."""
    wanted = {one for word in words for one in stems(word)}
    return [
        match.span()
        for match in _WORD.finditer(text)
        if any(stem(piece) in wanted for piece in fold(match.group()).split())
    ]
