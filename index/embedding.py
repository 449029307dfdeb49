"""From texts to vectors: the port. An Embedder turns words into points that lie close together
when they mean the same."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """name: part of the index generation's name, changes whenever vectors would.
    dimensions: length of a vector. threshold: cosine from which two texts may be said close."""

    name: str
    dimensions: int
    threshold: float

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dimensions); zeros where nothing is known."""
        ...
