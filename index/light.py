"""The light embedder: one learned vector for each piece of word, added up. NumPy only.

A word is read as its five-letter pieces, so that « Schulmöbeln » shares some with « Möbel » and
needs no dictionary of compounds or inflections. Data, training and limits: ``model/README.md``.
"""

import io
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import numpy as np
from numpy.typing import NDArray

from index.embedding import Vectors
from taxonomies.fold import fold

_MODEL = "lsa-1.npz"

_PIECE = 5

# Bounds for what comes from outside; both are far beyond honest notices and honest words.
_LONGEST_TEXT, _LONGEST_WORD = 20_000, 60

_REMEMBERED_WORDS = 100_000


def words(text: str) -> list[str]:
    """Folded words of at least two letters; numbers say nothing of what is bought."""
    found = fold(text[:_LONGEST_TEXT]).split()
    return [word[:_LONGEST_WORD] for word in found if len(word) > 1 and word.isalpha()]


def pieces(word: str) -> list[str]:
    """Five-letter pieces of a folded word, its two ends marked: "vin" → ["<vin>"]."""
    marked = f"<{word}>"
    return [marked[at : at + _PIECE] for at in range(max(1, len(marked) - _PIECE + 1))]


class LightEmbedder:
    """An ``Embedder``. Same text, same vector, whatever the batch; safe to share among threads.

    pieces: sorted. table: int8, one row a piece; scales: float32, what a row is multiplied by.
    """

    def __init__(
        self,
        name: str,
        threshold: float,
        pieces: Sequence[str],
        table: NDArray[np.int8],
        scales: NDArray[np.float32],
    ) -> None:
        self.name = name
        self.threshold = threshold
        self.dimensions = table.shape[1]
        self._rows = {piece: row for row, piece in enumerate(pieces)}
        self._table = table
        self._scales = scales
        self._rows_of = lru_cache(maxsize=_REMEMBERED_WORDS)(self._find)

    @classmethod
    def load(cls, path: Traversable | None = None) -> "LightEmbedder":
        """The packaged model, or the one in this file."""
        path = path or files("index").joinpath("model", _MODEL)
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as model:
            return cls(
                str(model["name"]),
                float(model["threshold"]),
                bytes(model["pieces"]).decode().split("\n"),
                model["table"],
                model["scales"].astype(np.float32),
            )

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dimensions); zeros where nothing is known.

        The first 20,000 characters of a text count.
        """
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            if rows := [row for word in words(text) for row in self._rows_of(word)]:
                found = self._table.take(rows, axis=0).astype(np.float32)
                np.matmul(self._scales.take(rows), found, out=vector)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, lengths, out=vectors, where=lengths > 0)
        return vectors

    def _find(self, word: str) -> tuple[int, ...]:
        known = self._rows
        return tuple(known[piece] for piece in pieces(word) if piece in known)
