"""How alike two titles and two texts of one language are."""

from dataclasses import dataclass
from typing import Literal

from ingest.dedupe.profile import Wording
from ingest.dedupe.words import apart, weight

# identical: the same words, whatever their order, typing errors included. contained: one says
# more. sibling: mostly the same, each with words of its own (« secteur nord », « secteur sud »).
TitleMatch = Literal["identical", "contained", "sibling", "different"]

# Fewer words are no beginning of a title.
_BEGINNING = 3

# Share of the shorter title that the longer must hold, by weight of words.
_HELD, _MOSTLY = 0.98, 0.5
# Fewer words are no text to compare.
_WORDS = 6


@dataclass(frozen=True, slots=True)
class Likeness:
    """title: see ``TitleMatch``. held: share of the shorter text that the longer holds; shared:
    share of all words that both hold; both None when a side has no text."""

    title: TitleMatch
    held: float | None
    shared: float | None


def _cut(short: Wording, long: Wording) -> bool:
    """Whether one is the beginning of the other, and says that it was cut."""
    told = short.cut and len(short.title) >= _BEGINNING
    return told and long.written.startswith(short.written)


def _titles(one: Wording, other: Wording) -> TitleMatch:
    if one.written == other.written or _cut(one, other) or _cut(other, one):
        return "identical"
    if not one.title or not other.title:
        return "different"
    ours, theirs = apart(one.title, other.title)
    if not ours and not theirs:
        return "identical"
    words = [weight(set(side)) for side in (one.title, other.title)]
    rest = [weight(side) for side in (ours, theirs)]
    held = 1 - min(lost / whole for lost, whole in zip(rest, words, strict=True))
    if held >= _HELD:
        return "contained"
    return "sibling" if held >= _MOSTLY else "different"


def _texts(one: Wording, other: Wording) -> tuple[float | None, float | None]:
    if min(len(one.text), len(other.text)) < _WORDS:
        return None, None
    ours, theirs = apart(one.text, other.text)
    both = len(one.text) - len(ours)
    whole = min(len(one.text), len(other.text))
    return both / whole, both / (both + len(ours) + len(theirs))


def liken(one: Wording, other: Wording) -> Likeness:
    """Compare two wordings of one language."""
    held, shared = _texts(one, other)
    return Likeness(_titles(one, other), held, shared)
