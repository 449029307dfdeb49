"""What the record says of every source, read in a few grouped queries whatever their number."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, Row, case, func, or_, select, union_all

from index.store import LeadStore, utc
from index.tables import collection, incident, lead, quarantine, run, slot
from ingest.collections import Collection
from ingest.collections import from_row as collection_of
from ingest.freeze import frozen_now
from ingest.health import Account, Day, SourceState
from ingest.incidents import Incident
from ingest.incidents import from_row as incident_of
from ingest.pipeline import AUTO
from ingest.schedule import PATIENCE
from ingest.silence import is_news
from ingest.source import Source

# Days of ``SourceState.volume``.
DAYS = 30

_PARIS = ZoneInfo("Europe/Paris")
# SQLite keeps the local time of a publication: nowhere is it a day ahead of UTC.
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Window:
    """Until when one reads, and since when runs are read one by one."""

    now: datetime
    since: datetime


# Source → some fields of its ``SourceState``.
_Facts = dict[str, dict[str, Any]]


def states(store: LeadStore, pages: Mapping[str, Source], now: datetime) -> tuple[SourceState, ...]:
    """The state of each source page at ``now`` (aware), in the order of the pages."""
    patience = [page.collect.silent_after_days for page in pages.values() if page.collect]
    window = _Window(now, now - timedelta(days=max([DAYS, *patience])))
    facts: _Facts = defaultdict(lambda: {"volume": _month(now, {})})
    with store.reading() as connection:
        for read in READINGS:
            for name, fields in read(connection, window).items():
                facts[name].update(fields)
    return tuple(SourceState(page, now, **facts[name]) for name, page in pages.items())


def collections(store: LeadStore, source: str, limit: int = 10) -> list[Account]:
    """The last collections of a source, the last one first."""
    mine = select(collection).where(collection.c.source == source)
    with store.reading() as connection:
        rows = connection.execute(mine.order_by(collection.c.id.desc()).limit(limit)).all()
        return _accounts(connection, rows)


def incidents(store: LeadStore, source: str, limit: int = 20) -> list[Incident]:
    """The last incidents of a source, open or not, the last one first."""
    mine = select(incident).where(incident.c.source == source)
    with store.reading() as connection:
        rows = connection.execute(mine.order_by(incident.c.id.desc()).limit(limit)).all()
    return [incident_of(row) for row in rows]


def reading(store: LeadStore, source: str) -> dict[str, Any]:
    """What the documents of the last collection that was read hold, as its monitors counted it;
    {} when none was."""
    told = select(collection.c.reading).where(
        collection.c.source == source, collection.c.reading.notin_(("", "{}"))
    )
    with store.reading() as connection:
        return _json(connection.execute(told.order_by(collection.c.id.desc()).limit(1)).scalar())


def _collections(connection: Connection, window: _Window) -> _Facts:
    """The first, the last, and the last of the network that was let in."""
    number = collection.c.id
    ends = union_all(
        select(func.min(number)).group_by(collection.c.source),
        select(func.max(number)).group_by(collection.c.source),
        select(func.max(number))
        .where(collection.c.state == "promoted", collection.c.since.is_not(None))
        .group_by(collection.c.source),
    )
    rows = connection.execute(select(collection).where(number.in_(ends)).order_by(number)).all()
    facts: _Facts = defaultdict(dict)
    for one in _accounts(connection, rows):
        known = facts[one.collection.source]
        known.setdefault("first", one.collection.started)
        known["last"] = one
        if one.collection.state == "promoted" and one.collection.asked:
            known["admitted"] = one.collection
    return facts


@dataclass(slots=True)
class _Flow:
    """What runs brought of one source."""

    ingested: datetime | None = None
    heard: datetime | None = None
    days: dict[date, Day] = field(default_factory=dict)


def _runs(connection: Connection, window: _Window) -> _Facts:
    """What came in, by day, and when last."""
    before = select(run.c.source, func.max(run.c.finished)).where(run.c.started < window.since)
    flows: dict[str, _Flow] = defaultdict(_Flow)
    for source, finished in connection.execute(before.group_by(run.c.source)):
        flows[source].ingested = utc(finished) if finished else None
    recent = select(run).where(or_(run.c.started >= window.since, run.c.source == AUTO))
    for row in connection.execute(recent.where(run.c.finished.is_not(None)).order_by(run.c.id)):
        _follow(flows, row)
    return {
        source: {
            "ingested": flow.ingested,
            "heard": flow.heard,
            "volume": _month(window.now, flow.days),
        }
        for source, flow in flows.items()
    }


def _follow(flows: dict[str, _Flow], row: Row[Any]) -> None:
    """Count one run, which may have brought several sources."""
    report, finished = _json(row.report), utc(row.finished)
    received = _count(report, "received")
    if received == _count(report, "quarantined"):  # nothing was let in
        return
    brought = report.get("sources") if row.source == AUTO else None
    day, new = finished.astimezone(_PARIS).date(), _count(report, "new")
    for source, items in (brought or {row.source: received}).items():
        flow, before = flows[source], flows[source].days.get(day, Day(day))
        flow.ingested = finished
        flow.heard = finished if is_news(report) else flow.heard
        flow.days[day] = Day(day, before.received + items, before.new + new, before.runs + 1)


def _month(now: datetime, days: Mapping[date, Day]) -> tuple[Day, ...]:
    """One ``Day`` for each of the last thirty, today the last."""
    today = now.astimezone(_PARIS).date()
    every = (today - timedelta(days=back) for back in range(DAYS - 1, -1, -1))
    return tuple(days.get(day, Day(day)) for day in every)


def _leads(connection: Connection, window: _Window) -> _Facts:
    past = case((lead.c.published <= window.now + _AHEAD, lead.c.published))
    rows = connection.execute(
        select(lead.c.source, func.count(), func.max(past)).group_by(lead.c.source)
    )
    return {
        source: {"leads": number, "newest": min(utc(newest), window.now) if newest else None}
        for source, number, newest in rows
    }


def _incidents(connection: Connection, window: _Window) -> _Facts:
    still = select(incident).where(incident.c.closed.is_(None)).order_by(incident.c.id)
    found: dict[str, tuple[Incident, ...]] = defaultdict(tuple)
    for row in connection.execute(still):
        found[row.source] += (incident_of(row),)
    return {source: {"incidents": incidents} for source, incidents in found.items()}


def _quarantined(connection: Connection, window: _Window) -> _Facts:
    waiting = select(quarantine.c.source, func.count()).where(quarantine.c.released.is_(None))
    rows = connection.execute(waiting.group_by(quarantine.c.source))
    return {source: {"quarantined": number} for source, number in rows}


def _slots(connection: Connection, window: _Window) -> _Facts:
    # A moment taken by a scheduler that died is due again.
    answered = or_(slot.c.done.is_not(None), slot.c.taken >= window.now - PATIENCE)
    last = select(slot.c.source, func.max(slot.c.due)).where(answered).group_by(slot.c.source)
    rows = connection.execute(last)
    return {source: {"taken": utc(due)} for source, due in rows}


def _frozen(connection: Connection, window: _Window) -> _Facts:
    return {source: {"frozen": one} for source, one in frozen_now(connection).items()}


# Each is one query or two, on all sources at once.
READINGS: tuple[Callable[[Connection, _Window], _Facts], ...] = (
    _collections,
    _runs,
    _leads,
    _incidents,
    _quarantined,
    _slots,
    _frozen,
)


def _accounts(connection: Connection, rows: Sequence[Row[Any]]) -> list[Account]:
    """Collections with what their ingestion counted."""
    runs = [row.run for row in rows if row.run is not None]
    told = connection.execute(select(run.c.id, run.c.report).where(run.c.id.in_(runs)))
    reports = {number: _json(report) for number, report in told}
    return [_account(collection_of(row), reports.get(row.run, {})) for row in rows]


def _account(one: Collection, report: Mapping[str, Any]) -> Account:
    if one.state != "promoted":
        return Account(one)
    return Account(one, _count(report, "received"), _count(report, "new"))


def _json(text: str | None) -> dict[str, Any]:
    """A JSON object of the record; {} for what is none."""
    try:
        found = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _count(told: Mapping[str, Any], name: str) -> int:
    value = told.get(name)
    return value if isinstance(value, int) else 0
