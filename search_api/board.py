"""The board of sources: their states, read from the record once a minute at most."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from sqlalchemy.exc import SQLAlchemyError

from index.store import LeadStore
from ingest.health import SourceState
from ingest.source import sources
from ingest.states import states

log = logging.getLogger(__name__)

# How long a reading is good for; also what caches outside are told.
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the board shows. sequence: last write of the record."""

    at: datetime
    sequence: int = 0
    states: tuple[SourceState, ...] = ()


class Board:
    """States of the sources, shared by all threads of a site.

    pages: folder of one's own source pages, if any. clock: aware moments; one that goes back makes
    the board read again.
    """

    def __init__(self, store: LeadStore, pages: Path | None, clock: Callable[[], datetime]) -> None:
        self.store = store
        self.pages = pages
        self.clock = clock
        self._lock = Lock()
        self._last: Reading | None = None
        self._tried: datetime | None = None

    def read(self) -> Reading:
        """A reading, a minute old at most. Raises SQLAlchemyError when the record is away."""
        with self._lock:
            now = self.clock()
            if self._last is None or self._last.at != self._tried or self._old(now):
                return self._read(now)
            return self._last

    def known(self, names: Iterable[str]) -> dict[str, SourceState]:
        """States of these sources, for those who answer from the index alone: they neither wait for
        another reader nor fail with the record, and get what was last read, if anything was."""
        if self._lock.acquire(blocking=False):
            try:
                now = self.clock()
                if self._old(now):
                    self._read(now)
            except SQLAlchemyError as error:
                log.warning("states of sources cannot be read: %s", error)
            finally:
                self._lock.release()
        wanted, last = set(names), self._last
        return (
            {one.page.name: one for one in last.states if one.page.name in wanted} if last else {}
        )

    def _old(self, now: datetime) -> bool:
        return self._tried is None or not timedelta(0) <= now - self._tried < MINUTE

    def _read(self, now: datetime) -> Reading:
        # Noted first: a record that is away is asked once a minute, not at each search.
        self._tried = now
        sequence = self.store.last_sequence()
        self._last = Reading(now, sequence, states(self.store, sources(self.pages), now))
        return self._last
