"""Every official code of CPV and HS, numbered, with its ancestors: what vectors and scores of
codes are arranged by."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from index.lead import Scheme
from taxonomies import cpv, hs

Positions = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Concepts:
    """names: (scheme, code) by position, CPV first. position: the way back.

    lineage: shape (len(names), 8), each code and its ancestors, nearest first; where there are
    fewer, the code itself again. last: position after the last code below each, so that a code and
    all that lies below it are ``[at:last[at]]``.
    """

    names: tuple[tuple[Scheme, str], ...]
    position: dict[tuple[str, str], int]
    lineage: Positions
    last: Positions

    def of(self, scheme: Scheme) -> slice:
        """Positions of a scheme's codes."""
        first = self.position[scheme, self.codes(scheme)[0]]
        return slice(first, first + len(self.codes(scheme)))

    def codes(self, scheme: Scheme) -> tuple[str, ...]:
        """A scheme's codes, in the order of their positions."""
        return _codes(scheme)

    def raised(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Each code's score, or that of an ancestor when better: what answers a query for
        furniture answers it all the more when it is school furniture."""
        best: NDArray[np.float32] = scores[self.lineage].max(axis=1)
        return best

    def whole(self, shares: NDArray[np.float32], scheme: Scheme) -> NDArray[np.float32]:
        """Each code's share with all that lies below it; shape (rows, codes of the scheme)."""
        within = self.of(scheme)
        summed = np.pad(np.cumsum(shares, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
        last = self.last[within] - within.start
        return (summed[:, last] - summed[:, :-1]).astype(np.float32)

    def heavy(
        self, shares: NDArray[np.float32], scheme: Scheme, least: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """(row, code, whole) where ``whole`` is at least that: the same, without what is light."""
        above, size = _above(scheme), shares.shape[1]
        rows, codes = np.divmod(np.flatnonzero(shares), size)
        places = above[codes]
        told = places >= 0
        flat = (rows[:, None] * size + places)[told]
        each = np.broadcast_to(shares[rows, codes][:, None], places.shape)[told]
        whole = np.bincount(flat, each, shares.size)
        found = np.flatnonzero(whole >= least)
        return found // size, found % size, whole[found].astype(np.float32)


_DEPTH = 8


@cache
def _above(scheme: Scheme) -> NDArray[np.int64]:
    """Places within its scheme of each code and its ancestors, −1 where there are fewer."""
    within = concepts().of(scheme)
    lineage: NDArray[np.int64] = concepts().lineage[within].astype(np.int64) - within.start
    lineage[:, 1:][lineage[:, 1:] == lineage[:, :1]] = -1
    return lineage


def digits(scheme: str, code: str) -> int:
    """Digits that a code really says: 2 for "39000000", 3 for "39100000", 4 for "9401"."""
    return max(len(code.rstrip("0")), 2) if scheme == "CPV" else len(code)


@cache
def _codes(scheme: Scheme) -> tuple[str, ...]:
    return tuple(cpv.codes() if scheme == "CPV" else hs.codes())


@cache
def concepts() -> Concepts:
    """The codes of the packaged tables."""
    names: list[tuple[Scheme, str]] = [("CPV", code) for code in cpv.codes()]
    names += [("HS", code) for code in hs.codes()]
    position: dict[tuple[str, str], int] = {name: at for at, name in enumerate(names)}
    lineage = np.repeat(np.arange(len(names), dtype=np.int32)[:, None], _DEPTH, axis=1)
    for at, (scheme, code) in enumerate(names):
        above = cpv.ancestors(code) if scheme == "CPV" else hs.ancestors(code)
        for step, one in enumerate(above[: _DEPTH - 1], 1):
            lineage[at, step] = position[scheme, one]
    return Concepts(tuple(names), position, lineage, _last(names))


def _last(names: list[tuple[Scheme, str]]) -> Positions:
    """Official tables are sorted: what lies below a code follows it."""
    last = np.arange(1, len(names) + 1, dtype=np.int32)
    open_codes: list[tuple[str, str, int]] = []
    for at, (scheme, code) in enumerate(names):
        open_codes = [one for one in open_codes if one[0] == scheme and code.startswith(one[1])]
        for _, _, above in open_codes:
            last[above] = at + 1
        open_codes.append((scheme, code[: digits(scheme, code)], at))
    return last
