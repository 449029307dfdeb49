"""How the site and the commands ingest and collect, with all that their settings say."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from index.embedders import open_taught
from index.settings import Settings
from index.store import LeadStore
from ingest.collecting import Collecting
from ingest.crawl_process import crawl_process
from ingest.ledger import Ledger
from ingest.pipeline import Ingestion
from ingest.price import Rates
from ingest.report import Report
from ingest.signals import open_signals
from ingest.source import sources


def open_ingestion(
    settings: Settings,
    store: LeadStore,
    clock: Callable[[], datetime],
    progress: Callable[[Report], None] = lambda report: None,
    workers: int = 0,
) -> Ingestion:
    """What reads into a record, with all that people said by now. progress, workers: as
    ``Ingestion`` has them."""
    return Ingestion(
        Ledger(store),
        sources(settings.sources),
        Rates.load(),
        clock,
        progress=progress,
        coder=open_taught(settings, store),
        workers=workers,
        signals=open_signals(settings, clock),
    )


def open_collecting(
    settings: Settings, store: LeadStore, clock: Callable[[], datetime], replica: str = ""
) -> Collecting:
    """What collects into a record. replica: base URL of a server that stands for all services."""
    # Nobody is hurried by requests to one's own machine.
    delay = 0.0 if replica else None
    ask = crawl_process(settings.sources, replica, settings.contact, delay)
    coder = partial(open_taught, settings, store)
    pages, signals = sources(settings.sources), open_signals(settings, clock)
    return Collecting(store, pages, settings.landing, ask, clock, coder, signals=signals)
