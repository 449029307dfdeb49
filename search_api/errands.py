"""Work that a page starts and that may last: one thing at a time, in a thread of the site.

Nothing hangs on this thread: what it does is in the record before it begins (an order to read
again, a collection let in), so that a site that is stopped loses time, and nothing else.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from datetime import datetime
from threading import Lock

from index import sync
from index.engine import SearchEngine
from index.settings import Settings
from index.store import LeadStore
from ingest.collecting import Collecting
from ingest.pipeline import Ingestion
from search_api.ingesting import open_collecting, open_ingestion

log = logging.getLogger(__name__)

# Seconds that a page waits for what is usually done at once.
PATIENCE = 5.0


class Errands:
    """The errands of one site. Safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        store: LeadStore,
        engine: SearchEngine,
        clock: Callable[[], datetime],
    ) -> None:
        self.settings, self.store, self.engine, self.clock = settings, store, engine, clock
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="errand")
        self._running: dict[str, Future[None]] = {}
        self._lock = Lock()

    def run(self, name: str, job: Callable[[], object], patience: float = PATIENCE) -> bool:
        """Do a job, then bring the index up to the record. Whether it is done already: it may go
        on after this returns. Raises what the job raises while one waits. name: a job of a name
        that is still being done is not begun twice."""
        with self._lock:
            self._running = {one: told for one, told in self._running.items() if not told.done()}
            future = self._running.get(name)
            if future is None:
                future = self._running[name] = self._pool.submit(self._do, name, job)
        try:
            future.result(patience)
        except Late:
            return False
        return True

    def running(self, name: str) -> bool:
        """Whether a job of this name waits or is being done."""
        with self._lock:
            future = self._running.get(name)
        return future is not None and not future.done()

    def ingestion(self) -> Ingestion:
        """What reads again, with all that people said by now."""
        return open_ingestion(self.settings, self.store, self.clock)

    def collecting(self) -> Collecting:
        """What lets collections in."""
        return open_collecting(self.settings, self.store, self.clock)

    def close(self) -> None:
        """Wait for what is being done; what had not begun is not."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _do(self, name: str, job: Callable[[], object]) -> None:
        try:
            job()
        except Exception:
            # Told to whoever still waits; the others see it in the record.
            log.info("errand %s failed", name, exc_info=True)
            raise
        self.synchronise()

    def synchronise(self) -> None:
        """Bring the index up to the record, now or as soon as it can be written."""
        sync.follow(self.store, self.engine)
