"""The words by which a lead is found: its own, and the official labels of its codes."""

from collections.abc import Callable, Collection, Iterator
from functools import lru_cache

from index.lead import Lead, Scheme
from taxonomies import cpv, everyday, hs, naf

# Characters of a text in whose first lines stands what it is about.
OBJECT = 600


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
    """French and English labels of the lead's codes and of their ancestors, and what people call
    these codes.

    Not those of its sectors: so broad a word as « mobilier » would bring every lead of a sector.
    """
    seen: set[tuple[str, str]] = set()
    for code in lead.told:
        yield from names(code.scheme, code.code)
        for one in lineage(code.scheme, code.code):
            if (code.scheme, one) not in seen:
                seen.add((code.scheme, one))
                yield from (label(code.scheme, one, "fr"), label(code.scheme, one, "en"))


def names(scheme: Scheme, code: str) -> Iterator[str]:
    """Everyday French and English names of exactly this code."""
    for notion in everyday.of(scheme, code):
        yield from (*notion.fr, *notion.en)


def object_text(title: str, text: str) -> str:
    """What says what is asked for: the title twice, since the rest dilutes it, and the first
    lines; what follows is procedure."""
    return f"{title}. {title}. {text[:OBJECT]}"


def embedded_text(lead: Lead, languages: Collection[str] | None = None) -> str:
    """What the embedding reads: the lead in its first two languages, of those that the embedding
    knows (None: all). Its codes count apart."""
    read = [text for text in lead.texts if languages is None or text.language in languages]
    return " ".join(object_text(text.title, text.text) for text in read[:2])
