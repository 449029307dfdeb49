"""Indicators and open data on a large base made from real notices: time of the processor, memory.

    python -m benchmarks.indicators ../shared/data [--leads 100000]

Reference of the same run: reading the bodies of all leads as JSON, nothing else.
"""

import argparse
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from sqlalchemy import select

from benchmarks.search import memory, multiplied, real_leads
from index.facts import Facts
from index.store import LeadStore
from index.tables import lead
from search_api.extracts import TABLES, Extracts
from search_api.indicator_figures import Figures, Scope
from search_api.open_writing import WRITERS


def told(name: str, work: Callable[[], object]) -> None:
    """Do the work; print the time of the processor that it took, and the memory then held."""
    start = time.process_time()
    work()
    took = 1_000 * (time.process_time() - start)
    print(f"{name}: {took:.1f} ms, at most {memory(os.getpid())['VmHWM']:.0f} MB", flush=True)


def bodies(store: LeadStore) -> None:
    """Every lead of the record as JSON."""
    every = select(lead.c.body).execution_options(yield_per=500)
    with store.reading() as connection:
        for body in connection.execute(every).scalars():
            orjson.loads(body)


def measure(store: LeadStore, place: Path, now: datetime) -> None:
    """Ask for everything, the first time and again."""
    scope = Scope(du=f"{now.year - 1}-{now:%m}", au=f"{now:%Y-%m}")
    facts = Facts(store, place)
    figures = Figures(store, facts, None)
    told("reference: bodies read as JSON", lambda: bodies(store))
    told("columns, never counted before", facts.read)
    told("columns, from the file", Facts(store, place).read)
    told("figures, first time", lambda: figures.read(scope))
    told("figures, again", lambda: figures.read(scope))
    extracts = Extracts(store, facts, None, place / "files", "https://site.test", lambda: now)
    for table in TABLES:
        for kind in WRITERS:
            told(f"{table}.{kind}", lambda table=table, kind=kind: extracts.get(table, kind))  # type: ignore[misc]
            size = extracts.get(table, kind).path.stat().st_size
            print(f"  {size / 1e6:.1f} MB on disk")


def main() -> None:
    """Build the base, then measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--leads", type=int, default=100_000)
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        place, now = Path(name), datetime.now(UTC)
        store = LeadStore.open(f"sqlite:///{place}/registre.sqlite3")
        for batch in multiplied(real_leads(given.data, place), given.leads, now):
            store.save(batch)
        measure(store, place, now)
        store.close()


if __name__ == "__main__":
    main()
