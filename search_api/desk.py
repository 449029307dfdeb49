"""The desk: a thread of the site that reads what partners submit, as soon as they did."""

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread

from index.engine import SearchEngine
from index.settings import Settings
from index.store import LeadStore
from index.sync import follow
from ingest.pipeline import Ingestion
from ingest.submissions.worker import Worker
from search_api.ingesting import open_ingestion

log = logging.getLogger(__name__)

# Seconds between two looks at what other processes received, or left when they died; and of rest
# after a failure.
_LOOK, _REST = 2.0, 5.0


def open_worker(
    settings: Settings,
    store: LeadStore,
    engine: Callable[[], SearchEngine],
    clock: Callable[[], datetime],
) -> Worker:
    """The worker of these settings. Nothing heavy is opened before something waits."""

    def ingest() -> Ingestion:
        return open_ingestion(settings, store, clock)

    def index() -> bool:
        return follow(store, engine())

    return Worker(store, ingest, index, clock)


class Desk:
    """Runs a worker in a thread. ``wake`` it when something came; ``close`` it before the store."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self._came, self._closed = Event(), Event()
        self._thread = Thread(target=self._run, name="demandes", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def wake(self) -> None:
        """Something came."""
        self._came.set()

    def close(self) -> None:
        """End after the turn being read."""
        self._closed.set()
        self._came.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._came.clear()
            try:
                self.worker.drain(lambda: not self._closed.is_set())
                self._came.wait(_LOOK)
            except Exception:
                log.exception("submissions cannot be read; tried again in a moment")
                self._closed.wait(_REST)
