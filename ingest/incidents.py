"""Incidents: what somebody should look at; opened once, counted, closed by what settled it."""

from collections.abc import Collection as Several
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from index.audit import note
from index.store import LeadStore, utc
from index.tables import incident
from ingest.collections import CollectionError


@dataclass(frozen=True, slots=True)
class Incident:
    """One row: see ``index.tables.incident``. kind: key of a monitor."""

    number: int
    source: str
    kind: str
    collection: int | None
    detail: str
    opened: datetime
    last: datetime
    times: int
    closed: datetime | None
    closed_by: str


class Incidents:
    """The incidents of all sources."""

    def __init__(self, store: LeadStore) -> None:
        self.store = store

    def open(self, source: str = "") -> list[Incident]:
        """Those that wait for somebody, the oldest first; of one source when it is named."""
        found = select(incident).where(incident.c.closed.is_(None)).order_by(incident.c.id)
        if source:
            found = found.where(incident.c.source == source)
        with self.store.reading() as connection:
            return [from_row(row) for row in connection.execute(found)]

    def show(
        self,
        connection: Connection,
        source: str,
        found: Mapping[str, str],
        collection: int | None,
        now: datetime,
    ) -> None:
        """Something is wrong: kind → what, in French. Counts once more what is open already, but
        once only for a collection."""
        for kind, detail in found.items():
            again = (
                update(incident)
                .where(
                    incident.c.source == source,
                    incident.c.kind == kind,
                    incident.c.closed.is_(None),
                )
                .returning(incident.c.id, incident.c.collection)
            )
            rows = connection.execute(again.values(detail=detail, last=now)).all()
            if not rows:
                self._open(connection, source, kind, detail, collection, now)
            for row in rows:
                if row.collection != collection:
                    one = update(incident).where(incident.c.id == row.id)
                    more = one.values(times=incident.c.times + 1, collection=collection)
                    connection.execute(more)

    def _open(
        self,
        connection: Connection,
        source: str,
        kind: str,
        detail: str,
        collection: int | None,
        now: datetime,
    ) -> None:
        row = {"source": source, "kind": kind, "detail": detail, "collection": collection}
        since = {"opened": now, "last": now, "times": 1, "closed_by": ""}
        connection.execute(insert(incident).values(**row, **since))

    def settle(
        self,
        connection: Connection,
        source: str,
        kinds: Several[str],
        by: str,
        now: datetime,
        *,
        until: int | None = None,
        only: int | None = None,
    ) -> None:
        """What was wrong is no more, or somebody says that it is not. until: leaves those which
        showed again in a later collection; only: those which showed last in this one."""
        settled = update(incident).where(
            incident.c.source == source, incident.c.kind.in_(kinds), incident.c.closed.is_(None)
        )
        if until is not None:
            earlier = incident.c.collection.is_(None) | (incident.c.collection <= until)
            settled = settled.where(earlier)
        if only is not None:
            settled = settled.where(incident.c.collection == only)
        connection.execute(settled.values(closed=now, closed_by=by))

    def close(self, number: int, by: str, now: datetime, why: str = "") -> None:
        """Somebody has looked, and may say a word of it. Raises CollectionError when there is none
        open of this number."""
        one = update(incident).where(incident.c.id == number, incident.c.closed.is_(None))
        closed = {"closed": now, "closed_by": f"{by} : {why}" if why else by}
        with self.store.writing() as connection:
            made = one.values(**closed).returning(incident.c.source, incident.c.kind)
            row = connection.execute(made).first()
            if row is None:
                raise CollectionError(f"Il n’y a pas d’incident {number} à clore.")
            told = {"incident": number, "nature": row.kind}
            subject = f"source:{row.source}"
            note(connection, now, by, "incident clos", subject, told, {**told, "mot": why})


def from_row(row: Any) -> Incident:
    """An incident as the record holds it."""
    return Incident(
        number=row.id,
        source=row.source,
        kind=row.kind,
        collection=row.collection,
        detail=row.detail,
        opened=utc(row.opened),
        last=utc(row.last),
        times=row.times,
        closed=utc(row.closed) if row.closed else None,
        closed_by=row.closed_by,
    )
