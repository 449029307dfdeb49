"""What the votes say of leads: counts, those that somebody should look at again, and how many by
month, sector, country and verdict."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, func, select

from index.ballot import VERDICTS, Verdict
from index.store import utc
from index.usefulness_tables import vote

# One may be mistaken and two a couple of friends; three people agree.
SEVERAL = 3
# A fraud costs whoever answers it: two people are enough for an analyst to look.
AGREEING: dict[Verdict, int] = {"frauduleux": 2, "hors-sujet": SEVERAL}
# Below, a count told to the public could point at one company.
SMALL = 5

# What counts: within the limits, not withdrawn.
VALID = vote.c.counted & (vote.c.verdict != "")

# Identifiers in one statement.
_LOT = 500


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a lead is to be looked at: so many said so (``verdict``), the last one at ``last``.
    useful: how many say the contrary."""

    lead: str
    verdict: Verdict
    votes: int
    useful: int
    last: datetime


class Cell(NamedTuple):
    """How often something happened to leads of a sector and a country in a month (YYYY-MM). what: a
    verdict, or the state of an interest. number: None when it is too small to be told."""

    month: str
    sector: str
    country: str
    what: str
    number: int | None


def counts(connection: Connection, leads: Collection[str]) -> dict[str, Counter[Verdict]]:
    """How many of each verdict, by lead; those without a vote have an empty count."""
    found: dict[str, Counter[Verdict]] = {lead: Counter() for lead in leads}
    for lot in _lots(sorted(found)):
        wanted = (
            select(vote.c.lead, vote.c.verdict, func.count())
            .where(VALID, vote.c.lead.in_(lot))
            .group_by(vote.c.lead, vote.c.verdict)
        )
        for lead, verdict, number in connection.execute(wanted):
            found[lead][verdict] = number
    return found


def to_look_at(connection: Connection, leads: Collection[str] | None = None) -> dict[str, Doubt]:
    """Leads that enough visitors call fraudulent or off topic, and more than call them useful; the
    most serious of their doubts. leads: these only.

    A decision of an analyst later than ``Doubt.last`` has settled it: the caller leaves it out.
    """
    told = (func.count().label("n"), func.max(vote.c.at).label("at"))
    wanted = (
        select(vote.c.lead, vote.c.verdict, *told)
        .where(VALID, vote.c.verdict.in_(AGREEING))
        .group_by(vote.c.lead, vote.c.verdict)
        .having(func.count() >= min(AGREEING.values()))
    )
    if leads is None:
        rows = list(connection.execute(wanted))
    else:
        lots = (wanted.where(vote.c.lead.in_(lot)) for lot in _lots(sorted(leads)))
        rows = [row for statement in lots for row in connection.execute(statement)]
    enough = [row for row in rows if row.n >= AGREEING[row.verdict]]
    every = counts(connection, {row.lead for row in enough})
    found: dict[str, Doubt] = {}
    for row in sorted(enough, key=lambda row: list(AGREEING).index(row.verdict)):
        useful = every[row.lead]["utile"]
        if row.n > useful and row.lead not in found:
            found[row.lead] = Doubt(row.lead, row.verdict, row.n, useful, utc(row.at))
    return found


def reasons(connection: Connection, lead: str, verdict: Verdict | None = None) -> tuple[str, ...]:
    """What voters wrote, counted or not, the newest first; twenty at most. Hostile text."""
    wanted = select(vote.c.reason).where(vote.c.lead == lead, vote.c.reason != "")
    if verdict:
        wanted = wanted.where(vote.c.verdict == verdict)
    latest = wanted.order_by(vote.c.at.desc(), vote.c.id.desc()).limit(20)
    return tuple(connection.execute(latest).scalars())


def agreed(count: Counter[Verdict]) -> tuple[Verdict, ...]:
    """What several visitors agree on and may be told to others, as mildly as it is known: that a
    demand is filled or that it comes too late."""
    told: tuple[Verdict, ...] = ("deja-pourvu", "trop-tard")
    return tuple(one for one in told if count[one] >= SEVERAL)


def by_month(
    connection: Connection, since: datetime, until: datetime, small: int = SMALL
) -> list[Cell]:
    """Votes by month in which they were cast, sector, country and verdict, in order; a lead of two
    sectors counts in both, and "" stands for no sector, no country.

    Counts below ``small`` are None. Whoever publishes them must not publish a sum from which a
    single hidden one can be had again. small=1 for those who may see all.
    """
    wanted = (
        select(vote.c.at, vote.c.country, vote.c.facts, vote.c.verdict)
        .where(VALID, vote.c.at >= since, vote.c.at < until)
        .execution_options(yield_per=1_000)
    )
    rows = (
        (row.at, sectors(row.facts), row.country, row.verdict) for row in connection.execute(wanted)
    )
    return cells(rows, VERDICTS, small)


def monthly(
    connection: Connection, since: datetime, until: datetime, small: int = SMALL
) -> list[Cell]:
    """Votes by month in which they were cast and verdict alone, for everybody: no two of its
    counts make a third."""
    wanted = select(vote.c.at, vote.c.verdict).where(VALID, vote.c.at >= since, vote.c.at < until)
    rows = connection.execute(wanted.execution_options(yield_per=1_000))
    return cells(((row.at, (), "", row.verdict) for row in rows), VERDICTS, small)


def sectors(facts: str) -> Sequence[str]:
    """The sectors of a vote's facts."""
    found: Sequence[str] = orjson.loads(facts)["sectors"]
    return found


def cells(
    rows: Iterable[tuple[datetime, Sequence[str], str, str]], order: Sequence[str], small: int
) -> list[Cell]:
    """Rows (moment, sectors, country, what) counted in cells, small ones without their number.
    order: of the words of ``what``."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    for at, sectors, country, what in rows:
        day = utc(at)
        month = f"{day.year}-{day.month:02}"
        found.update((month, sector, country, what) for sector in sectors or ("",))
    told = [Cell(*key, number if number >= small else None) for key, number in found.items()]
    return sorted(told, key=lambda one: (*one[:3], order.index(one.what)))


def _lots(identifiers: Sequence[str]) -> Iterator[Sequence[str]]:
    return (identifiers[at : at + _LOT] for at in range(0, len(identifiers), _LOT))
