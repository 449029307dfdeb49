"""Typing mistakes: a word that nothing knows, and the known word that was probably meant.

What may be meant is the vocabulary of our tables: official labels, sectors, places, acronyms.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from index.analysis import stem
from taxonomies import acronyms, cpv, french, hs, naf, places, sectors
from taxonomies.fold import fold

# Shorter words are too near one another: with four letters, twice as many usual words and names
# would be taken for mistakes. A long word may have two.
SHORTEST, LONG = 5, 8

# Letters that a half of a word written in one (« pareballes ») has at least.
_HALF = 4


def _mistakes(word: str) -> int:
    """How many a word of this length may have."""
    return 1 if len(word) < LONG else 2


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Folded words → how often they occur in any form, how they are written; stems; words of
    places."""

    counts: Mapping[str, int]
    written: Mapping[str, str]
    stems: frozenset[str]
    places: frozenset[str]

    def nearest(self, word: str, among: Iterable[str]) -> str | None:
        """The word that was probably meant: the fewest mistakes, the same first letter, the most
        frequent; None when nothing is near enough."""
        most = _mistakes(word)
        found = process.extract(
            word,
            among,
            # An overloaded function, which the library's own protocol does not foresee.
            scorer=DamerauLevenshtein.distance,  # type: ignore[arg-type]
            score_cutoff=most,
            limit=None,
        )
        # Another first letter counts as one more mistake.
        ranked = sorted(
            (mistakes + (one[0] != word[0]), -self.counts[one], one) for one, mistakes, _ in found
        )
        return ranked[0][2] if ranked and ranked[0][0] <= most else None


def _labels() -> Iterator[str]:
    yield from (entry.fr for entry in cpv.codes().values())
    yield from (f"{entry.fr} {entry.group_fr}" for entry in hs.codes().values())
    yield from (entry.fr for entry in naf.codes().values())
    for sector in sectors.all_sectors():
        yield " ".join((sector.label, sector.description, *sector.synonyms))
    yield from acronyms.acronyms().values()


def _words(text: str) -> Iterator[str]:
    return (word for word in "".join(c if c.isalpha() else " " for c in text).split())


def _singular(word: str) -> str | None:
    """Labels are in the plural; people type singulars too."""
    alone = word[:-1]
    return alone if word[-1] in "sx" and fold(alone) in french.words() else None


@cache
def vocabulary() -> Vocabulary:
    """The words of our tables, read once."""
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    said = Counter(word for label in _labels() for word in _words(label.lower()))
    named = [word for name in places.names() for word in _words(name)]
    for word, count in (*said.items(), *((word, 1) for word in named)):
        spellings[fold(word)][word] += count
        if (alone := _singular(word)) and stem(fold(alone)) == stem(fold(word)):
            spellings[fold(alone)][alone] += 1
    counts: Counter[str] = Counter()
    for word, found in spellings.items():
        counts[stem(word)] += found.total()
    return Vocabulary(
        counts={word: counts[stem(word)] for word in spellings},
        written={word: found.most_common(1)[0][0] for word, found in spellings.items()},
        stems=frozenset(counts) - {""},
        places=frozenset(map(fold, named)),
    )


def _candidate(word: str) -> bool:
    return len(word) >= SHORTEST and word.isascii() and word.isalpha()


@cache
def _by_length(only_places: bool) -> Mapping[int, tuple[str, ...]]:
    words = vocabulary().places if only_places else vocabulary().counts
    found: defaultdict[int, list[str]] = defaultdict(list)
    for word in sorted(filter(_candidate, words)):
        found[len(word)].append(word)
    return {length: tuple(alike) for length, alike in found.items()}


@lru_cache(maxsize=10_000)
def _nearest(word: str, only_places: bool) -> str | None:
    most = _mistakes(word)
    lengths = range(len(word) - most, len(word) + most + 1)
    among = [one for length in lengths for one in _by_length(only_places).get(length, ())]
    return vocabulary().nearest(word, among)


def _in_two(word: str) -> str | None:
    """« pareballes » → « pare balles », when both halves are words of our tables."""
    written = vocabulary().written
    cuts = range(_HALF, len(word) - _HALF + 1)
    pairs = [(word[:cut], word[cut:]) for cut in cuts]
    return next(
        (f"{written[a]} {written[b]}" for a, b in pairs if a in written and b in written), None
    )


def _ours(word: str) -> bool:
    found = stem(word)
    return not found or found in vocabulary().stems


def is_word(word: str) -> bool:
    """Whether a folded word is one of French or of our tables, in any form."""
    return word in french.words() or _ours(word)


def correct(typed: str, known: Callable[[str], bool], proper: bool = False) -> str | None:
    """What to search instead of a misspelt word; None to search it as typed.

    known: whether the index has this stem. proper: a name, which only a place may correct.
    Never for numbers, acronyms and words of four letters or less.
    """
    word = fold(typed)
    if not _candidate(word) or word in acronyms.acronyms() or known(stem(word)):
        return None
    if _ours(word) if proper else is_word(word):
        return None
    nearest = _nearest(word, proper)
    found = nearest and vocabulary().written[nearest]
    return found or (None if proper else _in_two(word))
