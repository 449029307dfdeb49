"""Which leads lie near a query whatever their words: by meaning and by codes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.ranking import Weights, nearness
from index.sense import Sought
from index.vectors import Scores, VectorTable

# How many leads may be found without their words: enough for a few pages, few enough that the
# facets still speak of what was asked.
NEAREST = 200

# From the second score on a lead is surely near. Between the two it is only if few are nearer: no
# more than a third of the base (a hundred answers bring 0.77 of what is relevant among notices
# without codes, those above 0.25 alone 0.48).
NEAR, SURELY, THIRD = 0.05, 0.30, 3

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Nearby:
    """cosines, nearness: of every row. rows: the near ones, nearest first. wanted: how well each
    concept answers the query."""

    cosines: Scores
    nearness: Scores
    rows: Rows
    wanted: Scores


def nowhere(size: int) -> Nearby:
    """Nothing looked for by meaning."""
    none = np.zeros(size, np.float32)
    return Nearby(none, none, np.zeros(0, np.int64), np.zeros(0, np.float32))


def look(table: VectorTable, scope: NDArray[np.bool_], sought: Sought, by: Weights) -> Nearby:
    """Compare a query with every row; those out of ``scope`` are not near."""
    cosines = table.cosines(sought.vector)
    close = nearness(cosines, table.affinities(sought.wanted), by).astype(np.float32)
    rows = np.flatnonzero((close >= NEAR) & scope)
    surely = int((close[rows] >= SURELY).sum())
    most = min(NEAREST, max(surely, int(scope.sum()) // THIRD))
    rows = rows[np.argsort(-close[rows], kind="stable")][:most]
    return Nearby(cosines, close, rows, sought.wanted)
