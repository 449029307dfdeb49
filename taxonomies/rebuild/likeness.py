"""How much the label of a CPV code is like that of a HS code, in every language that both have.

Two official translators wrote "Schlafsäcke" twice: that a pair of labels agrees in eleven languages
says far more than in one, since homonyms of one language are rarely homonyms of another.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from taxonomies import cpv, hs
from taxonomies.fold import fold

LANGUAGES = tuple(language for language in hs.LANGUAGES if language in cpv.LANGUAGES)

Matrix = NDArray[np.float32]

# A label's own words say what it is; those of its ancestors, what it is about.
OWN, ABOVE = 0.75, 0.25
# The length of a HS text counts by half: its exclusions must not drown the noun it begins with.
PIVOT = 0.5


def _hs_own(code: str, language: str) -> str:
    """The most precise words that lead to a HS code: its own, its group's and its heading's."""
    return " ".join(hs.path(code, language)[1:] or hs.path(code, language))


def _likeness(queries: Sequence[str], documents: Sequence[str], analyzer: str) -> Matrix:
    grams = (3, 5) if analyzer == "char_wb" else (1, 2)
    vectors = TfidfVectorizer(
        analyzer=analyzer, ngram_range=grams, sublinear_tf=True, dtype=np.float32, norm=None
    )
    known = vectors.fit_transform(documents)
    asked = vectors.transform(queries)
    lengths = np.sqrt(known.multiply(known).sum(axis=1)).A1
    asks = np.sqrt(asked.multiply(asked).sum(axis=1)).A1
    pivot = (1 - PIVOT) * lengths.mean() + PIVOT * lengths
    raw = (asked @ known.T).toarray()
    shares: Matrix = (raw / np.maximum(asks, 1e-6)[:, None] / pivot[None, :]).astype(np.float32)
    return shares


def _texts(goods: Sequence[str], language: str) -> Iterator[tuple[list[str], float]]:
    labels = cpv.labels(language)
    yield [fold(labels[code]) for code in goods], OWN
    yield [fold(" ".join(labels[c] for c in cpv.ancestors(code)[:2])) for code in goods], ABOVE


def likeness(goods: Sequence[str], codes: Sequence[str]) -> Matrix:
    """Mean likeness over the common languages of each CPV code (rows) with each HS code."""
    total: Matrix = np.zeros((len(goods), len(codes)), dtype=np.float32)
    for language in LANGUAGES:
        documents = [fold(_hs_own(code, language)) for code in codes]
        for queries, weight in _texts(goods, language):
            for analyzer in ("char_wb", "word"):
                total += _likeness(queries, documents, analyzer) * (weight / 2)
    total /= len(LANGUAGES)
    return total
