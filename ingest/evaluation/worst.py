"""The queries that are answered worst, with what tells why."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from index.coding import Coder
from index.concepts import concepts
from index.wording import label
from ingest.evaluation.search import EVERY, TOGETHER, WITH, WITHOUT, Answered, Measured

# Codes and titles shown of a query.
_CODES, _TITLES = 4, 3


@dataclass(frozen=True, slots=True)
class Worst:
    """relevant: notices that answer it. understood: the codes that answer it best, with their
    scores. wrong: first titles that gain nothing, with codes and without."""

    query: str
    relevant: int
    ndcg: float
    ndcg_without: float
    understood: tuple[str, ...]
    wrong: tuple[str, ...]
    wrong_without: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return asdict(self)


def understood(coder: Coder, text: str) -> tuple[str, ...]:
    """The codes that a query is taken to ask for, the best first, in words."""
    wanted = coder.wanted(text)
    best = np.argsort(-wanted, kind="stable")[:_CODES]
    return tuple(_told(int(at), float(wanted[at])) for at in best if wanted[at] > 0)


def _told(at: int, score: float) -> str:
    scheme, code = concepts().names[at]
    return f"{scheme} {code} {label(scheme, code)} ({score:.2f})"


def _wrong(one: Answered) -> tuple[str, ...]:
    return tuple(title for title, gained in one.first if not gained)[:_TITLES]


def worst(measured: Measured, coder: Coder, count: int) -> list[Worst]:
    """So many queries, the worst first, by the mean of both states of the codes."""
    return sorted(_all(measured, coder), key=lambda one: one.ndcg + one.ndcg_without)[:count]


def _all(measured: Measured, coder: Coder) -> Iterator[Worst]:
    states = (measured.answered[state][TOGETHER] for state in (WITH, WITHOUT))
    for given, without in zip(*states, strict=True):
        if EVERY in given.scores:
            yield Worst(
                given.query.text,
                given.relevant,
                given.scores[EVERY].ndcg,
                without.scores[EVERY].ndcg,
                understood(coder, given.query.text),
                _wrong(given),
                _wrong(without),
            )
