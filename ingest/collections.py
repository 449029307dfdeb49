"""Collections in the record: who works on which, what each brought, what became of it.

Whoever works on a collection holds it by its last beat: a beat written by somebody else means that
the collection was taken over, and the first one stops. Every decision is made in a transaction
that writes, where processes queue.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, Row, Select, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from index.audit import note
from index.store import LeadStore, utc
from index.tables import collection
from ingest.crawl import PASSING, Crawl

State = Literal["collecting", "held", "promoted", "rejected"]

# Beats come every few seconds of work; after ten minutes without any, the worker is dead.
KILLED_AFTER = timedelta(minutes=10)
# Often enough to be believed, seldom enough not to keep others from writing.
BEAT_EVERY = timedelta(seconds=20)
# A crawl that stopped is resumed while the pages it read are still those of the service.
RESUMED_WITHIN = timedelta(days=1)
# Why a source could not even be asked: told by the crawl, not a fault of the source.
IMPOSSIBLE = "impossible"
# Collections in a row that somebody let in although they had stopped: beyond, all is asked again.
_PARTIAL = 50


class CollectionError(Exception):
    """A decision that cannot be made; the message is French and meant for people."""


class Overtaken(Exception):  # noqa: N818 - reads as what happened
    """Somebody else works on this collection now."""


@dataclass(frozen=True)
class Collection:
    """One row: see ``index.tables.collection``. folder: relative to the landing, "" before it is
    known. Collections of files that somebody brought have neither since nor until."""

    number: int
    source: str
    state: State
    started: datetime
    beat: datetime
    finished: datetime | None
    since: date | None
    until: date | None
    folder: str
    report: str
    reading: str
    run: int | None
    decided_by: str

    @cached_property
    def crawl(self) -> Crawl:
        """The report of the crawl."""
        return Crawl.model_validate_json(self.report or "{}")

    @cached_property
    def looked(self) -> dict[str, Any]:
        """What its documents hold, as counted; empty before that."""
        read: dict[str, Any] = orjson.loads(self.reading or "{}")
        return read

    @property
    def volume(self) -> int:
        """Notices listed by the service, or read in the documents when the crawl counts none."""
        return max(self.crawl.items, int(self.looked.get("received", 0)))

    @property
    def impossible(self) -> str:
        """Why the network could not even be asked, in French; "" when it was."""
        told = self.crawl
        return told.errors[0].detail if told.reason == IMPOSSIBLE and told.errors else ""

    @property
    def asked(self) -> bool:
        """Whether the network was asked for it; otherwise somebody brought its files."""
        return self.since is not None

    def is_dead(self, now: datetime) -> bool:
        """Whether who worked on it was killed."""
        return self.state == "collecting" and now - self.beat >= KILLED_AFTER

    def goes_on(self, now: datetime) -> bool:
        """Whether a crawl that stopped can go on from there."""
        passing = self.state == "held" and self.crawl.reason in PASSING
        return passing and now - self.started < RESUMED_WITHIN


class Claim:
    """A collection that we work on. ``number`` is that of its row."""

    def __init__(self, store: LeadStore, row: Collection, clock: Callable[[], datetime]) -> None:
        self.store, self.row, self.clock = store, row, clock
        self.number, self._beat = row.number, row.beat

    def beat(self) -> None:
        """Show that we live; costs nothing when done a moment ago. Raises Overtaken."""
        if self.clock() - self._beat >= BEAT_EVERY:
            with self.store.writing() as connection:
                self.write(connection)

    def write(self, connection: Connection, **values: Any) -> None:
        """Write columns of the row, and a beat. Raises Overtaken."""
        # Two workers whose clocks agree must not look like one.
        now = max(self.clock(), self._beat + timedelta(microseconds=1))
        ours = (collection.c.id == self.number) & (collection.c.beat == self._beat)
        done = connection.execute(update(collection).where(ours).values(beat=now, **values))
        if not done.rowcount:
            raise Overtaken(self.number)
        self._beat = now

    def release(self) -> None:
        """Let the next one take over without delay; says nothing when that cannot be written."""
        ours = (collection.c.id == self.number) & (collection.c.beat == self._beat)
        alive = ours & (collection.c.state == "collecting")
        with suppress(SQLAlchemyError), self.store.writing() as connection:
            silent = self._beat - KILLED_AFTER - timedelta(seconds=1)
            dead = update(collection).where(alive).values(beat=silent)
            connection.execute(dead)


class Collections:
    """The collections of all sources."""

    def __init__(self, store: LeadStore, clock: Callable[[], datetime]) -> None:
        self.store, self.clock = store, clock

    def get(self, number: int) -> Collection:
        """Raises CollectionError when there is none of this number."""
        with self.store.reading() as connection:
            return self._get(connection, number)

    def latest(self, limit: int = 50) -> list[Collection]:
        """The last ones of all sources, the newest first."""
        with self.store.reading() as connection:
            return _rows(connection, select(collection).order_by(collection.c.id.desc()), limit)

    def last(self, source: str) -> Collection | None:
        """The last one in which the network was asked for a source."""
        with self.store.reading() as connection:
            return self._last(connection, source)

    def promoted(self, source: str, limit: int, asked: bool = False) -> list[Collection]:
        """The last ones of a source that were let in, the newest first. asked: only those of the
        network."""
        found = select(collection).where(
            collection.c.source == source, collection.c.state == "promoted"
        )
        if asked:
            found = found.where(collection.c.since.is_not(None))
        with self.store.reading() as connection:
            return _rows(connection, found.order_by(collection.c.id.desc()), limit)

    def complete(self, source: str) -> Collection | None:
        """The last one let in whose crawl read all that it asked for."""
        rows = self.promoted(source, asked=True, limit=_PARTIAL)
        return next((row for row in rows if row.crawl.finished), None)

    def first_asked(self, source: str) -> date | None:
        """The earliest day that a source was asked for, whatever became of what it gave."""
        found = select(collection).where(
            collection.c.source == source, collection.c.since.is_not(None)
        )
        with self.store.reading() as connection:
            rows = _rows(connection, found.order_by(collection.c.since))
        return next((row.since for row in rows if row.crawl.reason != IMPOSSIBLE), None)

    def claim(self, source: str, since: date, until: date) -> Claim | None:
        """Work on the collection of a source: the one that was killed or stopped, else a new one
        of these dates. None when somebody else is at it."""
        now = self.clock()
        with self.store.writing() as connection:
            last = self._last(connection, source)
            if last and last.state == "collecting" and not last.is_dead(now):
                return None
            if last and (last.is_dead(now) or last.goes_on(now)):
                return self._take_over(connection, last)
            dates = {"since": since, "until": until}
            if last and last.crawl.reason == IMPOSSIBLE:
                # A key that is missing for a month is not a thousand collections.
                again = {"started": now, "crawl": "", "finished": None, **dates}
                return self._take_over(connection, last, **again)
            return self._begin(connection, source, **dates)

    def bring(self, source: str) -> Claim:
        """Work on a new collection of files that somebody brings."""
        with self.store.writing() as connection:
            return self._begin(connection, source)

    def abandoned(self, source: str) -> Claim | None:
        """Work on a collection of brought files that a kill interrupted, if there is one."""
        with self.store.writing() as connection:
            working = self._brought(source).where(collection.c.state == "collecting")
            for row in _rows(connection, working):
                if row.is_dead(self.clock()):
                    return self._take_over(connection, row)
        return None

    def decide(self, number: int, by: str) -> Claim:
        """Work on a held collection that somebody lets in. Raises CollectionError."""
        with self.store.writing() as connection:
            row = self._held(connection, number)
            self._note(connection, row, by, "collecte admise", {})
            return self._take_over(connection, row, decided_by=by)

    def reject(self, number: int, by: str, why: str) -> None:
        """Leave a held collection out for good. Raises CollectionError."""
        with self.store.writing() as connection:
            self._note(
                connection, self._held(connection, number), by, "collecte rejetée", {"raison": why}
            )
            words = {"state": "rejected", "decided_by": f"{by} : {why}" if why else by}
            row = update(collection).where(collection.c.id == number)
            connection.execute(row.values(**words))

    def replace(self, connection: Connection, kept: Collection) -> None:
        """Earlier collections of the same dates that are still held are those that ``kept`` asked
        for again."""
        connection.execute(
            update(collection)
            .where(
                collection.c.source == kept.source,
                collection.c.state == "held",
                collection.c.id < kept.number,
                collection.c.since >= kept.since,
            )
            .values(state="rejected", decided_by=f"remplacée par la collecte {kept.number}")
        )

    def old(self, before: datetime) -> list[Collection]:
        """Those let in before a moment whose folder is still there."""
        found = select(collection).where(
            collection.c.state == "promoted",
            collection.c.finished < before,
            collection.c.folder != "",
        )
        with self.store.reading() as connection:
            return _rows(connection, found.order_by(collection.c.id))

    def forget_folder(self, number: int) -> None:
        """The folder of a collection is no more."""
        with self.store.writing() as connection:
            row = update(collection).where(collection.c.id == number)
            connection.execute(row.values(folder=""))

    def _brought(self, source: str) -> Select[Any]:
        ours = select(collection).where(collection.c.source == source)
        return ours.where(collection.c.since.is_(None)).order_by(collection.c.id)

    def _last(self, connection: Connection, source: str) -> Collection | None:
        found = select(collection).where(
            collection.c.source == source, collection.c.since.is_not(None)
        )
        return next(iter(_rows(connection, found.order_by(collection.c.id.desc()), 1)), None)

    def _get(self, connection: Connection, number: int) -> Collection:
        for row in _rows(connection, select(collection).where(collection.c.id == number)):
            return row
        raise CollectionError(f"Il n’y a pas de collecte {number}.")

    def _held(self, connection: Connection, number: int) -> Collection:
        row = self._get(connection, number)
        if row.state != "held" and not row.is_dead(self.clock()):
            said = STATES[row.state]
            raise CollectionError(
                f"La collecte {number} n’attend pas de décision : elle est {said}."
            )
        return row

    def _note(
        self, connection: Connection, row: Collection, by: str, done: str, more: dict[str, str]
    ) -> None:
        before = {"collecte": row.number, "état": STATES[row.state]}
        after = {"collecte": row.number, **more}
        note(connection, self.clock(), by, done, f"source:{row.source}", before, after)

    def _begin(self, connection: Connection, source: str, **dates: date) -> Claim:
        now = self.clock()
        empty = {"folder": "", "crawl": "", "reading": "", "decided_by": ""}
        row = {"source": source, "state": "collecting", "started": now, "beat": now, **empty}
        made = connection.execute(
            insert(collection).values(**row, **dates).returning(collection.c.id)
        )
        return Claim(self.store, self._get(connection, int(made.scalar_one())), self.clock)

    def _take_over(self, connection: Connection, row: Collection, **values: Any) -> Claim:
        claim = Claim(self.store, row, self.clock)
        claim.write(connection, state="collecting", **values)
        claim.row = self._get(connection, row.number)
        return claim


STATES: dict[State, str] = {
    "collecting": "en cours",
    "held": "retenue",
    "promoted": "admise",
    "rejected": "rejetée",
}


def _rows(connection: Connection, found: Select[Any], limit: int | None = None) -> list[Collection]:
    return [from_row(one) for one in connection.execute(found.limit(limit) if limit else found)]


def from_row(one: Row[Any]) -> Collection:
    """A collection as the record holds it."""
    return Collection(
        number=one.id,
        source=one.source,
        state=one.state,
        started=utc(one.started),
        beat=utc(one.beat),
        finished=utc(one.finished) if one.finished else None,
        since=one.since,
        until=one.until,
        folder=one.folder,
        report=one.crawl,
        reading=one.reading,
        run=one.run,
        decided_by=one.decided_by,
    )
