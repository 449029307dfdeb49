"""What people said of texts: it holds for the same texts, before any vote."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.embedding import Vectors

# From this cosine two texts are the same, but for trifles, punctuation and numbers.
_SAME = 0.98


@dataclass(frozen=True, slots=True)
class Corrections:
    """Vectors of titles alone and of whole texts, and positions of codes, the last said last.

    Titles count apart: two notices of one buyer may have all in common but the word that matters.
    """

    titles: Vectors
    texts: Vectors
    codes: NDArray[np.int32]

    def then(self, later: "Corrections") -> "Corrections":
        """These and what was said after."""
        return Corrections(
            np.concatenate([self.titles, later.titles]),
            np.concatenate([self.texts, later.texts]),
            np.concatenate([self.codes, later.codes]),
        )

    def closest(self, titles: Vectors, texts: Vectors) -> list[tuple[float, int] | None]:
        """For each text, how alike the closest is and its code; None where none is the same.
        Among equals, the last said."""
        alike = np.minimum(titles @ self.titles.T, texts @ self.texts.T)[:, ::-1]
        best = alike.argmax(axis=1)
        return [
            (min(float(row[at]), 1.0), int(self.codes[-1 - at])) if row[at] >= _SAME else None
            for row, at in zip(alike, best, strict=True)
        ]
