"""Casting a vote on a lead: one a voter, changed or withdrawn at will, within the limits of abuse.

Whoever calls holds the keys of the day (``DailyKeys.hold``): votes are cast one at a time, so
limits are exact and two clicks are one vote.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import orjson
from sqlalchemy import Column, Connection, String, func, insert, literal, select, update
from sqlalchemy import cast as cast_to

from index.lead import Lead
from index.usefulness_tables import vote

Verdict = Literal["utile", "hors-sujet", "trop-tard", "deja-pourvu", "frauduleux"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

# Why a vote is not counted: too many of this voter, of this network, on this lead, or of all; or
# it was changed too often, and stays as it is.
Why = Literal["", "voter", "network", "lead", "changes"]

MAX_REASON = 500

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many counted votes that share a column, in so long."""

    why: Why
    column: Column[Any]
    most: int
    within: timedelta


LIMITS = (
    # One vote every two minutes for an hour is a diligent reader.
    Limit("voter", vote.c.voter, 30, _HOUR),
    # A chamber of commerce in workshop, behind one address: thirty people, two leads each.
    Limit("network", vote.c.network, 60, _HOUR),
    Limit("network", vote.c.network, 200, _DAY),
    # A lead has a handful of readers a day; thirty votes in an hour are a campaign.
    Limit("lead", vote.c.lead, 30, _HOUR),
)
# Beyond, votes of a network are not even kept: nobody could look at them, and they fill the disk.
KEPT = 2_000
MAX_CHANGES = 20


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote as it comes in. verdict: "" withdraws. voter, network: hashes. reason: on one line.
    rule: what published the lead, "" for no rule."""

    lead: Lead
    voter: str
    network: str
    verdict: Verdict | Literal[""]
    reason: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A voter's vote on a lead as it now stands. verdict: "" for none. counted, why: see Why."""

    verdict: Verdict | Literal[""] = ""
    reason: str = ""
    counted: bool = True
    why: Why = ""


def standing(connection: Connection, lead: str, voter: str) -> Standing:
    """The vote of this voter on this lead."""
    row = connection.execute(_own(lead, voter)).one_or_none()
    return Standing(row.verdict, row.reason, row.counted) if row else Standing()


def cast(connection: Connection, ballot: Ballot, now: datetime) -> Standing:
    """Keep the vote, counted or not. The same vote again changes nothing."""
    row = connection.execute(_own(ballot.lead.id, ballot.voter)).one_or_none()
    if row is None:
        return _first(connection, ballot, now) if ballot.verdict else Standing()
    before = Standing(row.verdict, row.reason, row.counted)
    why = _over(connection, ballot, now) if not row.counted else ""
    if (row.verdict, row.reason, row.counted) == (ballot.verdict, ballot.reason, not why):
        return before
    if row.changes >= MAX_CHANGES:
        return replace(before, why="changes")
    changed = {"verdict": ballot.verdict, "reason": ballot.reason, "at": now}
    count = {"changes": row.changes + 1, "counted": not why}
    connection.execute(update(vote).where(vote.c.id == row.id).values(**changed, **count))
    return Standing(ballot.verdict, ballot.reason, not why, why)


def anonymise(connection: Connection, before: datetime, now: datetime) -> int:
    """Old votes no longer say who cast them, nor in which words; networks are forgotten as soon as
    their key is dead. Gives how many votes became anonymous."""
    dead = vote.c.first < now - 2 * _DAY
    connection.execute(update(vote).where(dead, vote.c.network != "").values(network=""))
    old = update(vote).where(vote.c.at < before, vote.c.voter.not_like("-%"))
    # The voter is part of a unique key: a number takes its place.
    nobody = literal("-").concat(cast_to(vote.c.id, String(20)))
    return int(connection.execute(old.values(voter=nobody, reason="")).rowcount)


def _first(connection: Connection, ballot: Ballot, now: datetime) -> Standing:
    why = _over(connection, ballot, now)
    if why and _count(connection, vote.c.network, ballot.network, now - _DAY) >= KEPT:
        return Standing(counted=False, why=why)
    lead = ballot.lead
    facts: dict[str, Any] = {
        scheme: codes for scheme in ("CPV", "HS", "NAF") if (codes := lead.codes_of(scheme))
    }
    row = {
        "lead": lead.id,
        "voter": ballot.voter,
        "verdict": ballot.verdict,
        "reason": ballot.reason,
        "first": now,
        "at": now,
        "changes": 0,
        "counted": not why,
        "network": ballot.network,
        "source": lead.source,
        "rule": ballot.rule,
        "country": lead.country,
        "facts": orjson.dumps(facts | {"sectors": lead.sectors}).decode(),
    }
    connection.execute(insert(vote).values(row))
    return Standing(ballot.verdict, ballot.reason, not why, why)


def _over(connection: Connection, ballot: Ballot, now: datetime) -> Why:
    """The first limit that is reached, "" for none."""
    own = {"voter": ballot.voter, "network": ballot.network, "lead": ballot.lead.id}
    for limit in LIMITS:
        value = own[limit.column.name]
        if _count(connection, limit.column, value, now - limit.within, counted=True) >= limit.most:
            return limit.why
    return ""


def _count(
    connection: Connection, column: Column[Any], value: str, since: datetime, counted: bool = False
) -> int:
    wanted = select(func.count()).where(column == value, vote.c.first > since)
    if counted:
        wanted = wanted.where(vote.c.counted)
    return int(connection.execute(wanted).scalar_one())


def _own(lead: str, voter: str) -> Any:
    return select(vote).where(vote.c.lead == lead, vote.c.voter == voter)
