"""The scheduler: asks sources when they are due, takes dropped files, keeps the index up to date.

APScheduler only ticks, in UTC: what is due, and who does it, is decided in the record
(``ingest.schedule``). A tick that fails is tried again at the next one.
"""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from functools import partial
from threading import Event, Lock
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from ingest.collecting import Collected, Collecting
from ingest.crawl import Told
from ingest.intake import Intake, Stopped
from ingest.schedule import Schedule, Slot

log = logging.getLogger(__name__)

# Told to people or machines: what happened, and its facts.
Tell = Callable[[str, Mapping[str, Any]], None]

# Seconds between two rounds of what is not urgent.
_HOUR = 3_600


class Scheduler:
    """One process' share of the work.

    index: brings the index up to the record; gives back how many leads it wrote. chores: name →
    what is done every hour. workers: sources asked at once. submitted: reads what partners
    submitted and no site has read.
    """

    def __init__(
        self,
        schedule: Schedule,
        collecting: Collecting,
        intake: Intake,
        index: Callable[[], int],
        chores: Mapping[str, Callable[[datetime], object]],
        clock: Callable[[], datetime],
        tell: Tell,
        workers: int = 2,
        submitted: Callable[[], int] = lambda: 0,
    ) -> None:
        self.schedule, self.collecting, self.intake = schedule, collecting, intake
        self.index, self.chores, self.clock, self.tell = index, chores, clock, tell
        self.workers, self.submitted = workers, submitted
        self.stop = Event()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="source")
        # Slots that we hold, by source; those of ``_lost`` belong to another now.
        self._held: dict[str, Slot] = {}
        self._lost: set[str] = set()
        self._lock = Lock()

    def run(self, every: float) -> None:
        """Tick every so many seconds, until ``stop`` is set; then end what runs, cleanly."""
        # A round still going on at the next tick is no news.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        ticker = BackgroundScheduler(
            timezone=UTC,
            # A tick that comes late is done once, however late.
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        jobs = {"ask": self.ask, "beat": self.beat, "take": self.take, "index": self.update}
        jobs["read"] = self.read
        for name, job in jobs.items():
            self._tick(ticker, name, job, every)
        self._tick(ticker, "chores", self.sweep, _HOUR)
        ticker.start()
        self.stop.wait()
        ticker.shutdown(wait=True)
        self._pool.shutdown(wait=True)

    def once(self, every: float) -> None:
        """Do what is due now, and leave. Drop folders are looked at before and after: what has not
        changed between is whole."""
        self._guarded("take", self.take)
        running = self._guarded("ask", self.ask) or []
        while running:
            done, rest = wait(running, timeout=every, return_when=FIRST_COMPLETED)
            self._guarded("beat", self.beat)
            more = self._guarded("ask", self.ask) if done else []
            running = [*rest, *(more or [])]
        last = {"take": self.take, "read": self.read, "chores": self.sweep, "index": self.update}
        for name, job in last.items():
            self._guarded(name, job)
        self._pool.shutdown(wait=True)

    def ask(self) -> list[Future[None]]:
        """Begin to ask the sources that are due, as far as there is room."""
        with self._lock:
            if self.stop.is_set():
                return []
            taken = self.schedule.take(self.clock(), self.workers - len(self._held))
            self._held |= {slot.source: slot for slot in taken}
            self._lost -= self._held.keys()
        return [self._pool.submit(self._collect, slot.source) for slot in taken]

    def beat(self) -> None:
        """Show that what we hold is being worked on."""
        with self._lock:
            if not self._held:
                return
            kept = self.schedule.beat(self._held.values(), self.clock())
            self._lost |= self._held.keys() - {slot.source for slot in kept}
            self._held |= {slot.source: slot for slot in kept}

    def take(self) -> None:
        """Look at the drop folders."""
        try:
            self.intake.round(self._unless_stopped)
        except Stopped:
            log.info("stopped while taking a dropped file")

    def read(self) -> None:
        """Read what partners submitted."""
        if number := self.submitted():
            self.tell("submitted", {"demands": number})

    def update(self) -> None:
        """Bring the index up to the record."""
        if written := self.index():
            self.tell("indexed", {"leads": written})

    def sweep(self) -> None:
        """What is done every hour; one that fails does not keep the others from being done."""
        for name, chore in self.chores.items():
            self._guarded(name, partial(chore, self.clock()))

    def _tick(
        self, ticker: BackgroundScheduler, name: str, job: Callable[[], Any], every: float
    ) -> None:
        ticker.add_job(
            self._guarded, "interval", (name, job), seconds=every, next_run_time=datetime.now(UTC)
        )

    def _guarded(self, name: str, job: Callable[[], Any]) -> Any:
        try:
            return job()
        except Exception as error:
            log.debug("the job %s failed", name, exc_info=True)
            self.tell("failed", {"job": name, "why": _words(error)})
        return None

    def _unless_stopped(self, told: Told) -> None:
        if self.stop.is_set():
            raise Stopped

    def _collect(self, source: str) -> None:
        def go_on(told: Told) -> None:
            if self.stop.is_set() or source in self._lost:
                raise Stopped

        try:
            go_on(Told("crawl"))
            self.tell("asked", {"source": source, "due": self._held[source].due.isoformat()})
            self._settle(source, self.collecting.collect(source, go_on))
        except Stopped:
            self._settle(source, None)
        except Exception as error:
            # The slot is left without a beat: it is taken again once that shows.
            log.debug("the source %s failed", source, exc_info=True)
            self.tell("failed", {"source": source, "why": _words(error)})
        finally:
            with self._lock:
                self._held.pop(source, None)

    def _settle(self, source: str, done: Collected | None) -> None:
        """Close the slot, or give it back when the work is to be gone on with."""
        # Whoever stops us may have stopped the crawl as well: it is held as interrupted.
        cut = done is None or (done.outcome == "held" and self.stop.is_set())
        with self._lock:
            slot = self._held[source]
            if cut:
                self.schedule.release(slot)
            elif done and done.outcome not in ("busy", "frozen"):  # else looked at again later
                self.schedule.done(slot, self.clock())
        self.tell("stopped" if done is None else "collected", told(source, done))


def told(source: str, done: Collected | None) -> dict[str, Any]:
    """The facts of a collection."""
    if done is None:
        return {"source": source}
    facts = {"outcome": done.outcome, "collection": done.number, "items": done.items}
    return {"source": source, **facts, "why": dict(done.why or {})}


def _words(error: Exception) -> str:
    """What went wrong, in one line without the values of a statement."""
    cause = getattr(error, "orig", None) or error
    return next(iter(str(cause).splitlines()), "") or type(error).__name__
