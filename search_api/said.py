"""What people said of leads, for everybody: votes and follow-ups, by whole month and word alone.

The filters of the page do not cut these counts, and nothing sums them: no difference of two of them
gives one that is hidden for being below five.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from index import demand, interest, usefulness
from index.ballot import VERDICTS
from index.interest import STATES
from index.store import LeadStore
from index.usefulness import Cell
from search_api import follow_ups, votes

# Months told, the last complete ones of the period.
MONTHS = 24


class Said(BaseModel):
    """How often a word was said, by month: 0, or null where it was said less than five times.
    label: in French."""

    what: str
    label: str
    counts: list[int | None]


class SaidByMonth(BaseModel):
    """What people said in complete months. votes: of visitors, by the month of the vote.
    follow_ups: of companies that follow a lead, by the month in which they began and what became
    of it since."""

    months: list[str]
    votes: list[Said]
    follow_ups: list[Said]


def said(store: LeadStore, du: str, au: str, now: datetime) -> SaidByMonth:
    """Complete months from ``du`` to ``au`` (YYYY-MM), both included. now: aware."""
    last = min(demand.month(au), demand.month(f"{now:%Y-%m}") - 1)
    first = max(demand.month(du), last - (MONTHS - 1))
    if first > last:
        return SaidByMonth(months=[], votes=[], follow_ups=[])
    period = demand.Period(first, last)
    since, until = demand.start(first), demand.start(last + 1)
    with store.reading() as connection:
        voted = usefulness.monthly(connection, since, until)
        followed = interest.monthly(connection, since, until)
    months = list(period.columns)
    return SaidByMonth(
        months=months,
        votes=_lines(voted, {one: votes.WORDS[one] for one in VERDICTS}, months),
        follow_ups=_lines(followed, {one: follow_ups.WORDS[one] for one in STATES}, months),
    )


def _lines(cells: Sequence[Cell], words: Mapping[Any, str], months: Sequence[str]) -> list[Said]:
    """A line for each word, in order; none when nobody said anything."""
    told = {(cell.what, cell.month): cell.number for cell in cells}
    if not told:
        return []
    return [
        Said(what=what, label=label, counts=[told.get((what, one), 0) for one in months])
        for what, label in words.items()
    ]
