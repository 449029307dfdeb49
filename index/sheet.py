"""A product sheet pasted as a query: what it is about, told from all that it also says.

A sheet averaged whole is about nothing: sizes, standards, delivery drown the product. So it is cut
into pieces; one counts the more the earlier it comes and the nearer it is to the whole, and a code
must answer both a piece and the whole. On the twenty sheets of ``tests/product_sheets.yml``, a
right code is among the three first of CPV for 18 and of HS for 17 of 18 (whole: 15 and 17). We
wrote these sheets, and chose the weights on twelve of them: it is a check, no measure.
"""

import re
from collections import Counter

import numpy as np

from index.analysis import stems
from index.coding import Coder, Shares
from index.wording import OBJECT

_BREAK = re.compile(r"(?<=[.!?;:])\s+|\n\s*\n|,\s+|\s[-–—]\s")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")

# Pieces read, what each counts against the one before, and how many such steps there are.
_PIECES, _LATER, _STEPS = 16, 0.8, 4
# The best code of a sheet counts as much as the right one of a good query of two words; of a text
# that says nothing clear, less than what is said aloud (``sense.SAID``).
_CLEAR, _VAGUE = 0.7, 0.4
# Geometric mean of what a piece and the whole say for a code, from which it is clear: 0.34 to 0.6
# for our sheets, up to 0.31 for a letter, a novel, keys hit at random.
_SURE = 0.33


def pieces(text: str) -> list[str]:
    """What the first lines say, between the signs that part it."""
    cut = (piece.strip() for piece in _BREAK.split(text[:OBJECT]))
    return [piece for piece in cut if len(piece) > 3][:_PIECES]


def wanted(coder: Coder, text: str) -> Shares:
    """How well each concept answers a sheet, on the scale of ``Coder.wanted``."""
    parts = pieces(text)
    vectors = coder.embedder.embed_queries([text, *parts])
    near = np.clip(vectors[1:] @ vectors[0], 0, 1)
    weights = near * _LATER ** np.minimum(np.arange(len(parts)), _STEPS)
    [meant], told = coder.meant(vectors[:1]), coder.all_wanted(parts)
    said = (told * weights.astype(np.float32)[:, None]).max(axis=0, initial=0)
    return _scaled(said * meant, np.sqrt(told.max(axis=0, initial=0) * meant))


def _scaled(much: Shares, sure: Shares) -> Shares:
    best = int(much.argmax())
    if not much[best]:
        return much
    scale = _CLEAR if sure[best] >= _SURE else _VAGUE
    # The cube root undoes the product of three likenesses.
    return np.asarray(scale * np.cbrt(much / much[best]), np.float32)


def _plain(sentence: str) -> list[str]:
    """Words that no query syntax can be read in: a list's dashes exclude nothing."""
    bare = (word.lstrip("-").strip('"«»“”') for word in sentence.split())
    return [word.lower() if word in ("OR", "OU", "|") else word for word in bare if word]


def condensed(text: str, limit: int) -> str:
    """At most ``limit`` characters of a longer text, on one line: its first sentence and those
    whose words come back most, in their order."""
    sentences = [" ".join(_plain(one)) for one in _SENTENCE.split(text)]
    sentences = [one for one in sentences if one]
    whole = " ".join(sentences)
    if len(whole) <= limit:
        return whole
    said = [stems(one) for one in sentences]
    often = Counter(word for words in said for word in set(words))
    weight = [sum(often[word] for word in words) / (len(words) + 3) for words in said]
    kept, left = set[int](), limit
    for at in sorted(range(len(sentences)), key=lambda at: (at > 0, -weight[at], at)):
        if len(sentences[at]) < left:
            kept.add(at)
            left -= len(sentences[at]) + 1
    return " ".join(sentences[at] for at in sorted(kept)) or whole[:limit]
