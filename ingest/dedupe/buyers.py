"""Whether two names may be one buyer's, in one language or in two."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from ingest.dedupe.words import apart, numbers, rows
from taxonomies.fold import fold

Agreement = Literal["same", "near", "unknown", "different"]

# Legal forms and small words, which say nothing of who buys.
_SILENT = ("forme", "mot")
# Likeness from which a proper name may be told in another language: Bruxelles, Brussel.
_TRANSLATED = 62
_SHORTEST_ACRONYM = 3


@cache
def _concepts() -> dict[str, str]:
    return {fold(row["word"]): row["concept"] for row in rows("buyer_words.csv")}


@dataclass(frozen=True, slots=True)
class Buyer:
    """A buyer's name: its folded words, those that are its own (names), what kind of body it is
    (concepts), its numbers and initials."""

    written: str = ""
    words: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    concepts: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    initials: str = ""


@lru_cache(maxsize=2_000)
def buyer(written: str) -> Buyer:
    """A buyer's name read word by word; an empty one for no name."""
    folded = fold(written).split()
    kinds = {word: _concepts().get(word, "") for word in folded}
    spoken = [word for word in folded if kinds[word] not in _SILENT and not word.isdigit()]
    return Buyer(
        written=" ".join(folded),
        words=frozenset(word for word in spoken if len(word) > 1),
        names=frozenset(word for word in spoken if not kinds[word] and len(word) > 1),
        concepts=frozenset(kinds[word] for word in spoken if kinds[word]),
        numbers=numbers(written),
        initials="".join(word[0] for word in folded if len(word) > 2 and kinds[word] != "mot"),
    )


def _acronym(short: Buyer, long: Buyer) -> bool:
    return any(
        len(word) >= _SHORTEST_ACRONYM and long.initials.startswith(word) for word in short.words
    )


def _spelled(buyer: Buyer) -> frozenset[str]:
    """Its names, and its kinds instead of the words for them: « mairie de » is « ville de »."""
    return buyer.names | {f"={concept}" for concept in buyer.concepts}


def agree(one: Buyer, other: Buyer, one_language: bool) -> Agreement:
    """same: one name, or one within the other. near: names that a translation may explain.
    unknown: a side says nothing. different: each has a name of its own."""
    if not one.words or not other.words:
        return "same" if one.written and one.written == other.written else "unknown"
    if one.written == other.written:
        return "same"
    if one.numbers and other.numbers and one.numbers != other.numbers:
        return "different"
    ours, theirs = apart(_spelled(one), _spelled(other))
    if not (ours and theirs):
        return "same" if one.names & other.names or _overlap(one, other) else "unknown"
    if _acronym(one, other) or _acronym(other, one) or not all(apart(one.words, other.words)):
        return "same"
    return "different" if one_language else _translated(one, other)


def _overlap(one: Buyer, other: Buyer) -> bool:
    ours, _ = apart(one.names, other.names)
    return len(ours) < len(one.names)


def _translated(one: Buyer, other: Buyer) -> Agreement:
    """Two languages: the kinds of body must not exclude each other, and a name must be alike."""
    if one.concepts and other.concepts and one.concepts.isdisjoint(other.concepts):
        return "different"
    if not one.names or not other.names:
        return "unknown"
    ours, theirs = apart(one.names, other.names, _TRANSLATED)
    alike = len(one.names) - len(ours)
    return "near" if alike and min(len(ours), len(theirs)) <= alike else "different"
