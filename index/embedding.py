"""From texts to vectors: the port. An Embedder turns words into points that lie close together
when they mean the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

# Bound for what comes from outside, far beyond what an honest notice says of its object.
LONGEST_TEXT = 20_000


class Embedder(Protocol):
    """name: part of the index generation's name, changes whenever vectors would.
    dimensions: length of a vector. threshold: cosine from which two texts may be said close."""

    name: str
    dimensions: int
    threshold: float

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of what may be found, float32, shape (len(texts), dimensions); zeros where
        nothing is known. The first ``LONGEST_TEXT`` characters of a text count."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The same for what is looked for: some models read the two differently."""
        ...


def readable(text: str) -> str:
    """The part of a text that counts, without the lone surrogates that no encoder takes."""
    return text[:LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")


def unit(vectors: Vectors) -> Vectors:
    """The same rows with length one; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    made = np.zeros(vectors.shape, np.float32)
    np.divide(vectors, lengths, out=made, where=lengths > 0)
    return made


@dataclass(frozen=True, slots=True)
class Rounded:
    """Unit vectors kept on eight bits, a quarter of the memory; rows are made when asked for."""

    whole: NDArray[np.int8]

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, dimensions)."""
        return self.whole.shape

    def __getitem__(self, rows: Any) -> Vectors:
        """A row, or those of an array or slice."""
        found = self.whole[rows].astype(np.float32)
        return unit(found) if found.ndim > 1 else unit(found[None, :])[0]
