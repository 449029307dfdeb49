"""Where a crawl lands: one folder a run, one file an answer, a journal, and a report at the end.

A run without report, or whose report gives another reason than ``finished``, is partial. Its
answers are whole nevertheless, and the journal says where to go on.
"""

import fcntl
import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import orjson

from crawlers.ask import Ask, plain
from crawlers.journal import Journal, Step

REPORT, JOURNAL = "_run.json", "_journal.jsonl"


def write(path: Path, body: bytes) -> None:
    """Writes the whole file or nothing: a reader, or a crash, never sees half of it.

    Raises OSError, and leaves nothing, when the disk refuses.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names of a folder survive a power cut, as the files they name already do."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _alone(folder: Path) -> int:
    """Keeps others from a folder, until closed or until this process dies however it dies.

    Raises BlockingIOError when somebody is in it.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


class Run:
    """One crawl of one source, in ``<landing>/<source>/<moment of start>/``.

    since, until: the dates asked for. known: what the run before said of what it read, by address
    ({version, etag, modified}). reason: a key of collect.ENDINGS, "interrupted" until known better.
    resume: the folder of a run to go on with, instead of a new one. tell: hears of each step.
    Raises OSError when the folder cannot be made or read, BlockingIOError when a crawl is at work
    in it: whoever asked for that one may have been killed, and each would write over the other.
    """

    def __init__(
        self,
        landing: Path,
        source: str,
        agent: str,
        clock: Callable[[], datetime],
        *,
        since: date | None = None,
        until: date | None = None,
        known: dict[str, dict[str, str]] | None = None,
        resume: Path | None = None,
        tell: Callable[[dict[str, object]], None] = lambda progress: None,
    ) -> None:
        self.source, self.agent, self.clock, self.tell = source, agent, clock, tell
        self.since, self.until, self.known = since, until, known or {}
        self.folder = resume or landing / source / f"{clock():%Y%m%d-%H%M%S-%f}"
        if resume is None:
            self.folder.mkdir(parents=True)
            for folder in (self.folder.parent, landing):
                sync_folder(folder)
        self._lock = _alone(self.folder)
        self.started = clock()
        self.reason, self.requests, self.retries = "interrupted", 0, 0
        self.errors: list[dict[str, str]] = []
        (self.folder / REPORT).unlink(missing_ok=True)
        self.journal = Journal(self.folder / JOURNAL)
        # Landed, but a crash or a fault came before its step: its place is taken under any name.
        self._stale = set(self.folder.glob(f"*{self.journal.landed + 1:06d}.*"))

    def land(self, ask: Ask, body: bytes) -> Path:
        """Stores one answer, byte for byte; on return, it survives a power cut. Raises OSError.

        Until ``step`` says what was read in it, the next answer takes its place: after a crash
        between the two, the same request is made again.
        """
        mark = "" if ask.notices else "_"
        path = self.folder / f"{mark}{self.journal.landed + 1:06d}.{ask.suffix}"
        write(path, body)
        for stale in self._stale - {path}:
            stale.unlink(missing_ok=True)
        self._stale.clear()
        return path

    def step(self, step: Step) -> None:
        """Notes that a request is behind us, in the journal first. Raises OSError."""
        self.journal.add(step)
        self.tell(self.progress())

    def miss(self, ask: Ask, reason: str, detail: str = "", landed: int | None = None) -> None:
        """Notes a request that brought nothing and that the crawl can do without. landed: bytes of
        an answer that landed nevertheless. Raises OSError."""
        self.step(Step(ask, landed=landed, missed=reason, detail=plain(detail)))

    def fail(self, reason: str, address: str, detail: str = "") -> None:
        """Notes why the run ends here."""
        self.reason = reason
        self.errors.append({"reason": reason, "address": plain(address), "detail": plain(detail)})

    def close(self) -> None:
        """Writes the report and leaves the folder to others. Raises OSError."""
        try:
            write(self.folder / REPORT, orjson.dumps(self._report(), option=orjson.OPT_INDENT_2))
        finally:
            os.close(self._lock)

    def progress(self) -> dict[str, object]:
        """Where the run stands."""
        told = self.journal
        return {
            "folder": str(self.folder),
            "pages": told.landed,
            "items": told.items,
            "declared": told.declared,
            "bytes": told.bytes,
            "left": told.left,
        }

    def _report(self) -> dict[str, object]:
        told = self.journal
        return {
            "source": self.source,
            "since": self.since,
            "until": self.until,
            "started": self.started,
            "finished": self.clock(),
            "reason": self.reason,
            "pages": told.landed,
            "bytes": told.bytes,
            "items": told.items,
            "declared": told.declared,
            "requests": self.requests,
            "retries": self.retries,
            "unchanged": told.unchanged,
            "missed": told.missed,
            "errors": self.errors,
            "known": told.known,
            "user_agent": self.agent,
        }
