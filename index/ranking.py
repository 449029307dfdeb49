"""One order out of two: words found (BM25) and meaning (cosine)."""

import numpy as np
from numpy.typing import NDArray

# Chosen on judged queries (benchmarks/relevance.py): with more weight on words, leads without codes
# sink; with more on meaning, those with codes do.
WORDS, MEANING = 0.5, 0.5

Scores = NDArray[np.float64]


def fuse(bm25: Scores, cosines: Scores, threshold: float) -> Scores:
    """Score of each candidate, 0–1, given both its scores (0 where a list did not bring it).

    Each is brought to 0–1 first: BM25 by the best of the answer, cosine above its threshold.
    A sum of ranks (RRF) would let a list with nothing to say drag the other down.
    """
    best = float(bm25.max(initial=0.0))
    found = bm25 / best if best else bm25
    near = np.clip((cosines - threshold) / (1 - threshold), 0, 1)
    return WORDS * found + MEANING * near
