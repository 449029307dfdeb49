"""The intake: what partners dropped goes into the record, then beside, where they can see it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.collecting import Collected, Collecting
from ingest.crawl import Told
from ingest.drop import HELD, READ, Dropped, Drops, Stamp, settle, stamp
from ingest.monitors import DROP

log = logging.getLogger(__name__)

_FOLDERS = {"promoted": READ, "unchanged": READ, "held": HELD}

# Minutes before a file that could not be taken is tried again: twice as long each time.
_FIRST, _LAST = 1, 60
# Failures after which somebody should look.
_TOLD = 3


class Stopped(Exception):  # noqa: N818 - reads as what happened
    """We were asked to stop; what was at work can be resumed."""


@dataclass(frozen=True, slots=True)
class _Failure:
    stamp: Stamp
    times: int
    again: datetime


class Intake:
    """Takes whole files, one after the other. One process at a time does, whichever comes first.

    tell: called with each file and what became of it.
    """

    def __init__(
        self,
        drops: Drops,
        collecting: Collecting,
        clock: Callable[[], datetime],
        tell: Callable[[Dropped, Collected], None],
    ) -> None:
        self.drops, self.collecting, self.clock, self.tell = drops, collecting, clock, tell
        self.incidents = collecting.incidents
        # Taken, but not moved away yet: path → which file, where to.
        self._taken: dict[Path, tuple[Stamp, str]] = {}
        self._failed: dict[Path, _Failure] = {}

    def round(self, progress: Callable[[Told], None]) -> None:
        """Look once at all folders, and take what is whole. Raises what ``progress`` raises and
        SQLAlchemyError; then whatever was not moved is taken again, which makes no double."""
        if not self.drops.root.is_dir():
            return
        try:
            with FileLock(self.drops.root / ".verrou", timeout=0):
                waiting = self.collecting.freezes.all()
                for one in self.drops.look(self.clock()):
                    if one.source not in waiting:
                        self._one(one, progress)
                self._tell_odd()
        except Timeout:
            return

    def _one(self, one: Dropped, progress: Callable[[Told], None]) -> None:
        failure = self._failed.get(one.path)
        if failure and failure.stamp == one.stamp and self.clock() < failure.again:
            return
        try:
            if self._taken.get(one.path, (None, ""))[0] != one.stamp:
                self._take(one, progress)
            if one.path in self._taken:
                self._move(one)
        except Stopped:
            raise
        except Exception:
            # The next file is not to blame, and this one stays where it is.
            log.exception("a file dropped for %s could not be taken", one.source)
            self._fail(one)

    def _take(self, one: Dropped, progress: Callable[[Told], None]) -> None:
        done = self.collecting.take(one.source, [one.path], progress)
        if folder := _FOLDERS.get(done.outcome):
            self._taken[one.path] = (one.stamp, folder)
        elif done.outcome != "frozen":  # else it waits, and nobody failed
            self._fail(one)
        self.tell(one, done)

    def _move(self, one: Dropped) -> None:
        _, folder = self._taken[one.path]
        # Written again meanwhile: it is another file now, to be taken in its turn.
        if stamp(one.path) == one.stamp:
            settle(one.path, one.path.parent / folder, one.path.name)
        self._taken.pop(one.path)
        self._failed.pop(one.path, None)

    def _fail(self, one: Dropped) -> None:
        before = self._failed.get(one.path)
        times = before.times + 1 if before and before.stamp == one.stamp else 1
        wait = timedelta(minutes=min(_FIRST << min(times - 1, 10), _LAST))
        self._failed[one.path] = _Failure(one.stamp, times, self.clock() + wait)

    def _tell_odd(self) -> None:
        """Incidents for what will never be read; closed once it is gone."""
        self._failed = {
            path: failure for path, failure in self._failed.items() if stamp(path) == failure.stamp
        }
        found = self._stuck() | self.drops.odd()
        known = {one.source: one.detail for one in self.incidents.open() if one.kind == DROP}
        if found != known:
            self._write(found, known)

    def _stuck(self) -> dict[str, str]:
        return {
            path.parent.name: f"Fichier impossible à prendre : {path.name}."
            for path, failure in self._failed.items()
            if failure.times >= _TOLD
        }

    def _write(self, found: Mapping[str, str], known: Mapping[str, str]) -> None:
        now = self.clock()
        with self.collecting.store.writing() as connection:
            for source, detail in found.items():
                if known.get(source) != detail:
                    self.incidents.show(connection, source, {DROP: detail}, None, now)
            for source in known.keys() - found.keys():
                self.incidents.settle(connection, source, [DROP], "dossier remis en ordre", now)
