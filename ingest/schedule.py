"""The schedule: which sources are due, and who asks them.

The record decides. A row (source, moment) can be written once: whoever writes it asks the source,
and any number of schedulers may run at once. Clocks and timers only say when to look.

A source that was never asked is due at once, not at its next moment. After a stop, only the last
moment missed is caught up with: a collection asks for everything since the last one anyway.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from index.store import LeadStore, insertion, utc
from index.tables import slot
from ingest.collect import Collect, last_due
from ingest.freeze import frozen_now
from ingest.source import Source

# Time without a sign of life after which a slot is another's to take: many times the beat, and
# more than the schedulers' clocks may differ by.
PATIENCE = timedelta(minutes=10)
# Slots tell nothing any more after a while.
MEMORY = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Slot:
    """A source due at a moment, held since its last sign of life (``beat``); moments in UTC."""

    source: str
    due: datetime
    beat: datetime


def hosts(collect: Collect) -> frozenset[str]:
    """The machines that a collection asks."""
    address = urlsplit(collect.address).hostname or ""
    return frozenset(host.lower() for host in (address, *collect.hosts))


def moments(pages: Mapping[str, Source], now: datetime) -> dict[str, datetime]:
    """The last moment (UTC) at which each source was to be asked, the longest overdue first."""
    found = {
        name: last_due(page.collect.rhythm, now) for name, page in pages.items() if page.collect
    }
    return dict(sorted(found.items(), key=lambda one: one[1]))


class Schedule:
    """The slots of the record. Several processes may share them.

    pages: the sources. patience: how long a slot stays with who gives no sign of life.
    """

    def __init__(
        self, store: LeadStore, pages: Mapping[str, Source], patience: timedelta = PATIENCE
    ) -> None:
        self.store = store
        self.pages = pages
        self.patience = patience

    def take(self, now: datetime, room: int) -> list[Slot]:
        """Take at most ``room`` slots that are due and that nobody holds.

        A source that somebody is asking already, or one whose hosts are being asked, waits.
        """
        if room < 1:
            return []
        # Looking costs nothing; writing queues behind every ingestion.
        with self.store.reading() as connection:
            if not self._free(connection, now):
                return []
        with self.store.writing() as connection:
            asked = self._asked(connection, now)
            taken: list[Slot] = []
            for name, due in self._free(connection, now).items():
                page = self.pages[name].collect
                if len(taken) == room or page is None or hosts(page) & asked:
                    continue
                if self._claim(connection, name, due, now):
                    taken.append(Slot(name, due, now))
                    asked |= hosts(page)
        return taken

    def beat(self, held: Iterable[Slot], now: datetime) -> list[Slot]:
        """Give a sign of life; gives the slots back as held now, without those lost to another."""
        kept = []
        with self.store.writing() as connection:
            for one in held:
                if self._write(connection, one, taken=now):
                    kept.append(replace(one, beat=now))
        return kept

    def done(self, held: Slot, now: datetime) -> bool:
        """Close a slot: it will not be asked again. False when it was lost to another."""
        with self.store.writing() as connection:
            return self._write(connection, held, done=now)

    def release(self, held: Slot) -> None:
        """Give a slot back, to be taken at once by whoever comes."""
        with self.store.writing() as connection:
            connection.execute(delete(slot).where(_is(held)))

    def forget(self, now: datetime) -> None:
        """Drop the slots too old to tell anything."""
        with self.store.writing() as connection:
            connection.execute(delete(slot).where(slot.c.due < now - MEMORY))

    def _free(self, connection: Connection, now: datetime) -> dict[str, datetime]:
        """Sources to be asked now, with the moment they were due. Frozen ones wait: once they are
        no more, their last moment is due."""
        waiting = frozen_now(connection)
        wanted = moments({n: p for n, p in self.pages.items() if n not in waiting}, now)
        if not wanted:
            return {}
        rows = connection.execute(
            select(slot.c.source, slot.c.due).where(
                slot.c.due >= min(wanted.values()), slot.c.done.is_not(None) | self._alive(now)
            )
        )
        settled = {(str(source), utc(due)) for source, due in rows}
        return {name: due for name, due in wanted.items() if (name, due) not in settled}

    def _asked(self, connection: Connection, now: datetime) -> frozenset[str]:
        """Hosts that somebody is asking now, for whichever moment."""
        rows = connection.execute(
            select(slot.c.source).where(slot.c.done.is_(None), self._alive(now))
        )
        pages = (self.pages.get(str(name)) for name in rows.scalars())
        return frozenset().union(*(hosts(page.collect) for page in pages if page and page.collect))

    def _alive(self, now: datetime) -> ColumnElement[bool]:
        return slot.c.taken > now - self.patience

    def _claim(self, connection: Connection, name: str, due: datetime, now: datetime) -> bool:
        row = {"source": name, "due": due, "taken": now}
        abandoned = and_(slot.c.done.is_(None), ~self._alive(now))
        statement = (
            insertion(connection, slot)
            .values(row)
            .on_conflict_do_update(
                index_elements=["source", "due"], set_={"taken": now}, where=abandoned
            )
        )
        return connection.execute(statement.returning(slot.c.source)).first() is not None

    def _write(self, connection: Connection, held: Slot, **values: datetime) -> bool:
        changed = connection.execute(update(slot).where(_is(held)).values(**values))
        return changed.rowcount == 1


def _is(held: Slot) -> ColumnElement[bool]:
    """This slot, as long as it is still held by who took it."""
    return and_(
        slot.c.source == held.source,
        slot.c.due == held.due,
        slot.c.taken == held.beat,
        slot.c.done.is_(None),
    )
