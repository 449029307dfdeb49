"""The files of open data: made of the record when somebody asks, once an hour at most, then sent
from disk, so that neither a slow reader nor a thousand of them weigh on the record."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

import orjson
from sqlalchemy import select

from index import demand
from index.facts import PUBLIC, Facts
from index.store import LeadStore
from index.tables import lead
from ingest.licence import Licence, reusable
from ingest.source import sources
from search_api.open_columns import COUNT_COLUMNS, LEAD_COLUMNS, Column, Context, lead_row
from search_api.open_writing import WRITERS, Row

# How long a file is good for while the record changes.
HOUR = timedelta(hours=1)
# To be changed with what rows hold: files of before are then made anew.
_EDITION = 1
# Leads read from the record at once.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Extract:
    """A file. tag: changes with its content. made: when."""

    path: Path
    tag: str
    made: datetime


class BeingMade(Exception):  # noqa: N818 - not an error: come back in a moment
    """The file is being made for somebody else, and there is no older one."""


class Extracts:
    """The files of a site. pages: folder of one's own source pages, if any. site: address."""

    def __init__(
        self,
        store: LeadStore,
        facts: Facts,
        pages: Path | None,
        folder: Path,
        site: str,
        clock: Callable[[], datetime],
    ) -> None:
        self.store = store
        self.facts = facts
        self.pages = pages
        self.folder = folder
        self.site = site.rstrip("/")
        self.clock = clock
        self._locks = {(table, kind): Lock() for table in TABLES for kind in WRITERS}

    def known(self, table: str, kind: str) -> Extract | None:
        """The last file of this table and kind, if one was made."""
        return max(self._every(table, kind), key=lambda one: one.made, default=None)

    def _every(self, table: str, kind: str) -> Iterator[Extract]:
        for path in self.folder.glob(f"{table}-*.{kind}"):
            with suppress(FileNotFoundError):  # another process has just thrown it away
                yield self._extract(path)

    def get(self, table: str, kind: str) -> Extract:
        """The file, made anew when the record changed and the last one is an hour old. While it is
        made others get the last one. Raises BeingMade where there is none, ImportError without
        pyarrow, OSError, SQLAlchemyError."""
        known = self.known(table, kind)
        if known is not None and self._good(known):
            return known
        lock = self._locks[table, kind]
        # Nobody waits: threads that do are not there for those who search.
        if not lock.acquire(blocking=False):
            if known is None:
                raise BeingMade
            return known
        try:
            return self._made(table, kind)
        finally:
            lock.release()

    def _good(self, known: Extract) -> bool:
        return known.tag.startswith(f"{self._state()}-") or (
            timedelta(0) <= self.clock() - known.made < HOUR
            and known.tag.endswith(f"-{self._setting()}")
        )

    def _state(self) -> int:
        return self.store.last_sequence()

    def _setting(self) -> str:
        """What rows rest on besides the record."""
        told = (_EDITION, self.site, sorted((n, one.name) for n, one in self.licences.items()))
        return sha256(repr(told).encode()).hexdigest()[:8]

    @property
    def licences(self) -> dict[str, Licence]:
        """Licences of the sources whose leads are given, by name."""
        return reusable(sources(self.pages))

    @staticmethod
    def _extract(path: Path) -> Extract:
        made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return Extract(path, path.stem.partition("-")[2], made)

    def _made(self, table: str, kind: str) -> Extract:
        now = self.clock()
        before = sorted(self._every(table, kind), key=lambda one: one.made)
        path = self.folder / f"{table}-{self._state()}-{self._setting()}.{kind}"
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            columns, rows = TABLES[table]
            WRITERS[kind](fresh, columns, rows(self))
            os.utime(fresh, (now.timestamp(), now.timestamp()))
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
        # The last one before may be on its way to somebody.
        for old in before[:-1]:
            if old.path != path:
                old.path.unlink(missing_ok=True)
        return self._extract(path)


def leads(extracts: Extracts) -> Iterator[Row]:
    """Foreign leads of the sources that may be given away, oldest write first."""
    allowed = {name: one.name for name, one in extracts.licences.items()}
    context = Context(extracts.site, allowed)
    _, examples = demand.foreign(extracts.facts.read())
    chosen = (
        select(lead.c.body)
        .where(lead.c.status.in_(PUBLIC), lead.c.domestic.is_(False), lead.c.source.in_(allowed))
        .order_by(lead.c.sequence)
        # One statement: what is written meanwhile neither comes twice nor is lost.
        .execution_options(yield_per=_BATCH)
    )
    with extracts.store.reading() as connection:
        for body in connection.execute(chosen).scalars():
            told: dict[str, Any] = orjson.loads(body)
            if told["fictitious"] == examples:
                yield lead_row(told, context)


def counts(extracts: Extracts) -> Iterator[Row]:
    """Foreign leads of all sources, counted by month, main sector and country."""
    rows, examples = demand.foreign(extracts.facts.read())
    for month, sector, country, number in demand.cells(rows):
        yield month, sector, country, number, examples


TABLES: Mapping[str, tuple[tuple[Column, ...], Callable[[Extracts], Iterable[Row]]]] = {
    "leads": (LEAD_COLUMNS, leads),
    "indicateurs": (COUNT_COLUMNS, counts),
}
