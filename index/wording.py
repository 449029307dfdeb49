"""The words by which a lead is found: its own, and the official labels of its codes."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from index.lead import Lead, Scheme
from taxonomies import cpv, hs, naf

# Predicted codes below this score give no words to the index: they would bring noise.
SURE_ENOUGH = 0.5

# Characters of the text that enter the embedding; what a notice is about stands in its first
# lines, the rest is procedure.
_EMBEDDED = 600


_ANCESTORS: dict[Scheme, Callable[[str], tuple[str, ...]]] = {
    "CPV": cpv.ancestors,
    "HS": hs.ancestors,
    "NAF": naf.ancestors,
}
_LABELS: dict[Scheme, Callable[[str, str], str]] = {
    "CPV": cpv.label,
    "HS": hs.label,
    "NAF": naf.label,
}


@lru_cache(maxsize=50_000)
def lineage(scheme: Scheme, code: str) -> tuple[str, ...]:
    """A code and its ancestors, nearest first; a code that the table does not know is alone."""
    try:
        return (code, *_ANCESTORS[scheme](code))
    except KeyError:
        return (code,)


@lru_cache(maxsize=50_000)
def label(scheme: Scheme, code: str, language: str = "fr") -> str:
    """Official label of a code, "" when the table has none."""
    try:
        return _LABELS[scheme](code, language)
    except KeyError:
        return ""


def labels(lead: Lead) -> Iterator[str]:
    """French and English labels of the lead's codes and of their ancestors.

    Not those of its sectors: so broad a word as « mobilier » would bring every lead of a sector.
    """
    seen: set[tuple[str, str]] = set()
    for code in lead.codes:
        if code.score < SURE_ENOUGH:
            continue
        for one in lineage(code.scheme, code.code):
            if (code.scheme, one) not in seen:
                seen.add((code.scheme, one))
                yield from (label(code.scheme, one, "fr"), label(code.scheme, one, "en"))


def embedded_text(lead: Lead) -> str:
    """What the embedding reads: titles, the first lines, the French labels of given codes."""
    own = [f"{text.title}. {text.text[:_EMBEDDED]}" for text in lead.texts[:2]]
    official = [
        label(code.scheme, code.code, "fr") for code in lead.codes[:3] if code.score >= SURE_ENOUGH
    ]
    return " ".join([*own, *official])
