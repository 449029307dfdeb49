"""Which notices of a lead still stand: those that their source neither replaced nor took back."""

from collections.abc import Iterator, Sequence

from ingest.ledger import Arrival
from ingest.normalise import Draft
from ingest.notice import REPLACING

_Told = tuple[Arrival, Draft]


def key_of(told: _Told) -> tuple[str, str]:
    """Source and key of a notice."""
    return told[0].notice.source, told[0].notice.key


def standing(ordered: Sequence[_Told]) -> list[_Told]:
    """Of notices in their order, those that still say something. One that replaces undoes what was
    said before under its key; one that withdraws undoes it and says nothing itself."""
    kept: list[_Told] = []
    for one in ordered:
        change = one[0].notice.change
        if change in REPLACING:
            kept = [other for other in kept if key_of(other) != key_of(one)]
        if change != "withdrawal":
            kept.append(one)
    return kept


def versions(ordered: Sequence[_Told]) -> Iterator[tuple[Draft, Draft]]:
    """(before, later) for each notice that replaced another."""
    last: dict[tuple[str, str], Draft] = {}
    for arrival, draft in ordered:
        key = key_of((arrival, draft))
        if key in last and arrival.notice.change == "replacement":
            yield last[key], draft
        last[key] = draft
