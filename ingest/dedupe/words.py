"""Words of two texts laid side by side: which are shared, one typing error apart included."""

import csv
import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise

from rapidfuzz import fuzz, process

from taxonomies.fold import fold

# Likeness (0–100) from which two words may be one with a typing error; two letters of ten differ.
TYPING = 80
# Shorter words are one letter away from too many others.
_FUZZY = 4
# Words of each side among which typing errors are looked for.
_TRIED = 60

# "4 070", "4.070" and "4070" are one number, and so are "2,5" and "2.5".
_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+(?!\d)|\d+(?:[.,]\d+)?")
# Where there may be some: few parts of a text, found in a fifth of the time.
_NUMBERS = re.compile(r"\d[\d.,'’ \u00a0\u202f]*")
_DIGIT = re.compile(r"\d")
_NOT_DIGIT = re.compile(r"\D")
_ROMAN = re.compile(r"i{2,3}|iv|vi{0,3}|ix|xi{0,3}")


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a packaged table of this room."""
    text = files("ingest.dedupe").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _lot_words() -> frozenset[str]:
    return frozenset(fold(row["word"]) for row in rows("lot_words.csv"))


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text as bare digits, however they are grouped."""
    parts = " | ".join(_NUMBERS.findall(text))
    return frozenset(_NOT_DIGIT.sub("", found) for found in _NUMBER.findall(parts))


def marks(words: Sequence[str]) -> set[str]:
    """What, beside numbers, tells one lot or phase of a title (folded words) from the next: II,
    « Lot B »."""
    lots = _lot_words()
    letters = {f"lot {two}" for one, two in pairwise(words) if one in lots and len(two) == 1}
    return {word for word in words if _ROMAN.fullmatch(word)} | letters


def long_words(words: Iterable[str], shortest: int) -> tuple[str, ...]:
    """The folded words of at least that many letters, those with digits left out, in order."""
    long = [word for word in words if len(word) >= shortest]
    return tuple([word for word in long if word.isalpha() or not _DIGIT.search(word)])


def apart(
    one: Collection[str], other: Collection[str], least: float = TYPING
) -> tuple[set[str], set[str]]:
    """The words that only one side has, none of which is another side's with a typing error."""
    ours, theirs = set(one) - set(other), set(other) - set(one)
    if not ours or not theirs:
        return ours, theirs
    free = sorted(word for word in theirs if len(word) >= _FUZZY)[:_TRIED]
    for word in sorted(ours)[:_TRIED]:
        if len(word) < _FUZZY or not free:
            continue
        found = process.extractOne(word, free, scorer=fuzz.ratio, score_cutoff=least)
        if found is not None:
            ours.discard(word)
            theirs.discard(found[0])
            free.remove(found[0])
    return ours, theirs


def weight(words: Iterable[str]) -> int:
    """Letters in all: long words say more than short ones."""
    return sum(map(len, words))
