"""The leads that wait for an analyst, by doubt and deadline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, select

from index.store import upsert, utc
from index.tables import waiting

Order = Literal["doubt", "deadline"]
# Ids that go in one statement.
_LOT = 5_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lead that waits. doubt: 0-1. tags: what it is found by, « raison:pays », « secteur:bois ».
    reasons: French, the heaviest first."""

    lead: str
    status: str
    source: str
    country: str
    doubt: float
    deadline: datetime | None
    tags: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the queue is narrowed to, "" for all."""

    source: str = ""
    country: str = ""
    sector: str = ""
    reason: str = ""
    order: Order = "doubt"


def replace(connection: Connection, leads: Sequence[str], rows: Sequence[Waiting]) -> None:
    """Of these leads, only those of the rows wait from now on."""
    for start in range(0, len(leads), _LOT):
        some = leads[start : start + _LOT]
        connection.execute(delete(waiting).where(waiting.c.lead.in_(some)))
    upsert(connection, waiting, [_row(one) for one in rows], ["lead"])


def one(connection: Connection, lead: str) -> Waiting | None:
    """What is written of one lead in the queue."""
    row = connection.execute(select(waiting).where(waiting.c.lead == lead)).one_or_none()
    return None if row is None else _read(row)


def page(
    connection: Connection, wanted: Wanted, now: datetime, limit: int, offset: int = 0
) -> list[Waiting]:
    """Some of the queue. By doubt, to the tenth, then by deadline; or by deadline. Deadlines
    that have passed come last: nobody can answer any more."""
    past = (waiting.c.deadline.is_not(None)) & (waiting.c.deadline < now)
    known = waiting.c.deadline.is_(None)
    tenth = func.round(waiting.c.doubt * 10)
    by_day = (known, waiting.c.deadline)
    keys: dict[Order, tuple[Any, ...]] = {
        "doubt": (past, tenth.desc(), *by_day, waiting.c.doubt.desc()),
        "deadline": (past, *by_day, waiting.c.doubt.desc()),
    }
    order = (*keys[wanted.order], waiting.c.lead)
    found = _narrow(select(waiting), wanted).order_by(*order).limit(limit).offset(offset)
    return [_read(row) for row in connection.execute(found)]


def count(connection: Connection, wanted: Wanted) -> int:
    """How many wait."""
    return int(connection.execute(_narrow(select(func.count()), wanted)).scalar_one())


def choices(connection: Connection) -> dict[str, dict[str, int]]:
    """What the queue can be narrowed to: source, country, sector, reason → value → how many."""
    found: dict[str, dict[str, int]] = {"source": {}, "country": {}, "sector": {}, "reason": {}}
    names: Mapping[str, str] = {"secteur": "sector", "raison": "reason"}
    columns = (waiting.c.source, waiting.c.country, waiting.c.tags, func.count())
    rows = connection.execute(
        select(*columns).group_by(waiting.c.source, waiting.c.country, waiting.c.tags)
    )
    for source, country, tags, number in rows:
        told = [("source", source), ("country", country)]
        for tag in tags.split():
            prefix, _, value = tag.partition(":")
            told.append((names[prefix], value))
        for name, value in told:
            found[name][value] = found[name].get(value, 0) + number
    return found


def _narrow(statement: Select[Any], wanted: Wanted) -> Select[Any]:
    clauses: list[ColumnElement[bool]] = []
    if wanted.source:
        clauses.append(waiting.c.source == wanted.source)
    if wanted.country:
        clauses.append(waiting.c.country == ("" if wanted.country == "-" else wanted.country))
    for prefix, value in (("secteur", wanted.sector), ("raison", wanted.reason)):
        if value:
            clauses.append(waiting.c.tags.contains(f" {prefix}:{value} ", autoescape=True))
    return statement.select_from(waiting).where(*clauses)


def _row(one: Waiting) -> dict[str, Any]:
    return {
        "lead": one.lead,
        "status": one.status,
        "source": one.source,
        "country": one.country,
        "doubt": one.doubt,
        "deadline": _utc(one.deadline),
        "tags": f" {' '.join(one.tags)} ",
        "reasons": orjson.dumps(one.reasons).decode(),
    }


def _utc(moment: datetime | None) -> datetime | None:
    """SQLite keeps no zone: moments can be compared only in one."""
    try:
        return moment.astimezone(UTC) if moment else None
    except (OverflowError, ValueError):  # the very edges of the calendar
        return moment


def _read(row: Row[Any]) -> Waiting:
    deadline = None if row.deadline is None else utc(row.deadline)
    return Waiting(
        row.lead,
        row.status,
        row.source,
        row.country,
        row.doubt,
        deadline,
        tuple(row.tags.split()),
        tuple(orjson.loads(row.reasons)),
    )
