"""Sources gone silent: asked at their rhythm, without anything new for too long."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from index.store import LeadStore, utc
from index.tables import collection, run
from ingest.freeze import Freezes
from ingest.incidents import Incident, Incidents
from ingest.monitors import SILENT
from ingest.source import Source

_NEWS = ("new", "updated", "joined")


def is_news(report: Mapping[str, Any]) -> bool:
    """Whether an ingestion (its report in JSON) brought anything that was not known."""
    return any(report.get(outcome) for outcome in _NEWS)


def silent(store: LeadStore, pages: Mapping[str, Source], now: datetime) -> list[Incident]:
    """Opens an incident for each source gone silent, closes those of sources that speak again;
    gives back what is open. A source that was never collected is not silent, nor is one whose
    first collection is younger than its silence would be, nor a frozen one."""
    incidents = Incidents(store)
    waiting = Freezes(store).all()
    for name, page in pages.items():
        if page.collect is None or name in waiting:
            continue
        days = page.collect.silent_after_days
        since = now - timedelta(days=days)
        with store.writing() as connection:
            if _speaks(connection, name, since):
                incidents.settle(connection, name, [SILENT], "un avis nouveau", now)
            elif _was_asked(connection, name, since):
                detail = f"Aucun avis nouveau depuis plus de {days} jours."
                incidents.show(connection, name, {SILENT: detail}, None, now)
    return [one for one in incidents.open() if one.kind == SILENT]


def _speaks(connection: Connection, source: str, since: datetime) -> bool:
    """Whether something new was let in since then."""
    reports = select(run.c.report).join(collection, collection.c.run == run.c.id)
    recent = (collection.c.source == source) & (collection.c.finished >= since)
    return any(map(is_news, map(orjson.loads, connection.execute(reports.where(recent)).scalars())))


def _was_asked(connection: Connection, source: str, before: datetime) -> bool:
    """Whether it was asked before then."""
    first = select(func.min(collection.c.started)).where(collection.c.source == source)
    started = connection.execute(first).scalar_one()
    return started is not None and utc(started) < before
