"""From comparisons to shares: the closest names and texts vote, headings pass on to subheadings,
and a learned layer corrects.

Rows are texts, columns the codes of one scheme in the order of ``concepts``.
"""

from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.concepts import concepts

Coded = Literal["CPV", "HS"]
Shares = NDArray[np.float32]


def vote(
    votes: Shares, like: Shares, codes: NDArray[np.int32], sharp: float, count: int, weight: float
) -> None:
    """Add to ``votes`` those of the ``count`` closest of each row. codes: −1 is no code."""
    count = min(count, like.shape[1])
    if count < 1:
        return
    closest = _closest(like, count)
    force = weight * np.exp(sharp * (np.take_along_axis(like, closest, 1) - 1))
    given = codes[closest]
    told = given >= 0
    each = (force / np.maximum(told.sum(-1), 1))[:, :, None] * told
    first = np.arange(len(like))[:, None, None] * votes.shape[1]
    # One flat index: several indices are ten times as slow.
    np.add.at(votes.reshape(-1), (first + np.maximum(given, 0)).ravel(), each.ravel())


def _closest(like: Shares, count: int) -> NDArray[np.int64]:
    """Columns of the ``count`` highest of each row, in no order. Values are parted in a third of
    the time that places take."""
    least = np.partition(like, like.shape[1] - count, axis=1)[:, -count]
    found = np.flatnonzero(like >= least[:, None])
    if len(found) != len(like) * count:  # some are equal
        return np.argpartition(like, like.shape[1] - count, axis=1)[:, -count:]
    return np.asarray(found.reshape(-1, count) % like.shape[1], np.int64)


def normal(shares: Shares) -> Shares:
    """Rows that add up to one; zeros stay zeros."""
    total = shares.sum(axis=1, keepdims=True)
    return np.asarray(shares / np.where(total > 0, total, 1), np.float32)


def shared_out(votes: Shares, scheme: Coded) -> Shares:
    """In HS goods have six digits: what a heading got goes to its subheadings, the more to each
    the fewer they are."""
    if scheme == "CPV":
        return votes
    above, part = _subheadings()
    made: Shares = votes + votes[:, above] * part
    made *= np.where(part == 0, np.float32(0.01), np.float32(1))
    return made


@cache
def _subheadings() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each HS concept, the place of its heading and the part it takes of it (0 for none)."""
    names = concepts().codes("HS")
    place = {code: at for at, code in enumerate(names)}
    count: dict[str, int] = {}
    for code in names:
        if len(code) == 6:
            count[code[:4]] = count.get(code[:4], 0) + 1
    above = np.array([place[code[:4]] if len(code) == 6 else 0 for code in names])
    part = [count[code[:4]] ** -0.7 if len(code) == 6 else 0.0 for code in names]
    return above, np.array(part, np.float32)


class Groups(NamedTuple):
    """The codes of a scheme by the code of a layer that they lie below. of: for each concept, its
    place among the layer's codes (the last: none). starts: concepts at which another group begins.
    """

    of: NDArray[np.int64]
    starts: NDArray[np.int64]


@cache
def groups(scheme: Coded, digits: int, codes: tuple[str, ...]) -> Groups:
    """The groups of a layer that knows these codes."""
    place = {code: at for at, code in enumerate(codes)}
    of = np.array([place.get(code[:digits], len(codes)) for code in concepts().codes(scheme)])
    return Groups(of, np.flatnonzero(np.diff(of, prepend=-1)))


def corrected(shares: Shares, found: Groups, said: Shares, exponent: float) -> Shares:
    """Shares raised where a layer says more than the votes gave. said: its own, one column a
    group but for the last."""
    voted = np.zeros((len(shares), said.shape[1] + 1), np.float32)
    sums = np.add.reduceat(shares, found.starts, axis=1)
    np.add.at(voted.T, found.of[found.starts], sums.T)
    told = np.pad(said, ((0, 0), (0, 1)), constant_values=1e-3)
    factor = ((told + 1e-3) / (voted + 1e-2)) ** exponent
    return np.asarray(shares * factor[:, found.of], np.float32)
