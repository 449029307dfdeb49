"""Vectors and codes on disk, read through a memory map and compared exactly.

Two files grow together, one row a lead: ``vectors.f32`` and ``rows.bin``. A lead written again
gets a new row and its old row is marked dead; rows are never moved, so a reader that mapped the
files before keeps a valid view.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embedding import Vectors

PUBLISHED, DOMESTIC, DEAD = 1, 2, 4

# Codes given to a lead: positions in ``concepts``, and how sure each is, in 255ths.
CODES = 8
ROW = np.dtype(
    [("expires", "<i8"), ("flags", "u1"), ("codes", "<u2", CODES), ("weights", "u1", CODES)]
)

Scores = NDArray[np.float32]


class VectorTable:
    """The mapped rows as they were when opened."""

    def __init__(self, folder: Path, dimensions: int) -> None:
        self._vectors = folder / "vectors.f32"
        self._rows = folder / "rows.bin"
        self.dimensions = dimensions
        for path in (self._vectors, self._rows):
            path.touch()
        width = 4 * dimensions
        # A crash may leave one file ahead of the other, or half a row.
        self.size = min(
            self._vectors.stat().st_size // width, self._rows.stat().st_size // ROW.itemsize
        )
        self.matrix: NDArray[np.float32] = np.zeros((0, dimensions), np.float32)
        self.rows: NDArray[np.void] = np.zeros(0, ROW)
        self.codes: NDArray[np.int32] = np.zeros((0, CODES), np.int32)
        self.weights: Scores = np.zeros((0, CODES), np.float32)
        if self.size:
            self.matrix = np.memmap(
                self._vectors, np.float32, mode="r", shape=(self.size, dimensions)
            )
            self.rows = np.memmap(self._rows, ROW, mode="r", shape=(self.size,))
            # Copied: reading them through the map's uneven rows would cost five times as much.
            self.codes = self.rows["codes"].astype(np.int32)
            self.weights = self.rows["weights"].astype(np.float32) / np.float32(255)

    def append(self, vectors: Vectors, rows: NDArray[np.void]) -> range:
        """Add rows at the end; gives back their numbers. The table itself sees them once reopened.

        Whatever a crash left beyond the last whole row is overwritten. Only for the one writer,
        with a table opened since it became so.
        """
        for path, data, width in (
            (self._vectors, np.ascontiguousarray(vectors, np.float32), 4 * self.dimensions),
            (self._rows, rows, ROW.itemsize),
        ):
            with path.open("r+b") as file:
                file.truncate(self.size * width)
                file.seek(0, 2)
                file.write(data.tobytes())
                file.flush()
                # On disk before the documents that name these rows are.
                os.fsync(file.fileno())
        first = self.size
        self.size += len(rows)
        return range(first, self.size)

    def bury(self, dead: Sequence[int]) -> None:
        """Mark rows whose lead was written again."""
        if dead:
            rows = np.memmap(self._rows, ROW, mode="r+", shape=(self.size,))
            rows["flags"][list(dead)] |= DEAD
            rows.flush()

    def cosines(self, vector: Vectors) -> Scores:
        """Of every row, 0 for a text of which nothing is known; float32, shape (size,)."""
        if not self.size or not vector.any():
            return np.zeros(self.size, np.float32)
        found: Scores = self.matrix @ vector
        return found

    def affinities(self, wanted: Scores) -> Scores:
        """How well the best of the codes given to each row answers; float32, shape (size,).

        wanted: 0–1 for each concept. A row without codes gets 0.
        """
        best: Scores = (self.weights * wanted[self.codes]).max(axis=1, initial=0)
        return best
