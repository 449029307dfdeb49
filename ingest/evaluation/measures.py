"""How good an order of answers is: discounted gain, recall, and means of them."""

import math
from collections.abc import Iterable, Sequence

from ingest.evaluation.corpus import Judged

FIRST, DEPTH = 10, 100


def gain(codes: Iterable[str], query: Judged) -> int:
    """What a notice of these CPV codes brings: 2, 1 or 0."""
    codes = tuple(codes)
    if any(code.startswith(query.exact) for code in codes):
        return 2
    return int(any(code.startswith(query.near) for code in codes))


def _discounted(gains: Sequence[int], depth: int) -> float:
    return sum(one / math.log2(place + 2) for place, one in enumerate(gains[:depth]))


def ndcg(found: Sequence[int], ideal: Iterable[int], depth: int = FIRST) -> float:
    """Discounted gain of the first answers, as a share of that of the best order.

    found: gains in the order of the answers. ideal: gains of all that could be found, of which one
    at least is not 0.
    """
    best = sorted(ideal, reverse=True)
    return _discounted(found, depth) / _discounted(best, depth)


def recall(
    found: Sequence[int], ideal: Iterable[int], least: int = 1, depth: int = DEPTH
) -> float | None:
    """Of what gains so much at least, the share among the first answers (of as many as fit there);
    None where nothing does."""
    wanted = sum(one >= least for one in ideal)
    if not wanted:
        return None
    return sum(one >= least for one in found[:depth]) / min(wanted, depth)


def mean(values: Iterable[float | None]) -> float | None:
    """Of those that are known; None when none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
