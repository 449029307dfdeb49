"""A large partner feed of JSON lines, read into an empty record: speed, memory, disk.

    python -m benchmarks.feed [--items 1000000] [--every 100000]

The feed is invented (``benchmarks/demands.py``), written to a temporary file, and ingested by a
process of its own. Memory is that of this process and of those that it starts, sampled twice a
second: resident (RSS, in which pages shared by two processes count twice) and proportional (PSS,
in which they count once). Reference of the same run: the same file read by the same reader into
notices, nothing else done.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import demands
from index.store import LeadStore
from ingest.feeds import tabular
from ingest.ledger import Ledger
from ingest.pipeline import Ingestion
from ingest.price import Rates
from ingest.report import Report
from ingest.source import source, sources
from ingest.workers import spare_cores

NAME = "partenaire-invente"
FEED, RECORD = "demandes.ndjson", "record.sqlite3"
LONG = ("remarks", "reasons")  # parts of the report that are not printed


def prepare(place: Path, items: int) -> None:
    """Write the feed and its source's page."""
    (place / "pages").mkdir()
    (place / "pages" / f"{NAME}.yml").write_text(demands.PAGE.format(name=NAME), "utf-8")
    demands.write(place / FEED, items)


def read_only(place: Path) -> int:
    """The feed read into notices; gives back how many items it holds."""
    with (place / FEED).open("rb") as stream:
        return sum(1 for _ in tabular.read(stream, source(NAME, place / "pages"), FEED))


def ingest(place: Path, every: int, workers: int) -> None:
    """The real job; prints the report. every: items between two lines of progress."""
    store = LeadStore.open(f"sqlite:///{place / RECORD}")
    start, last = time.perf_counter(), 0

    def progress(report: Report) -> None:
        nonlocal last
        if report.received // every > last:
            last = report.received // every
            took = time.perf_counter() - start
            print(f"  {report.received:,} items after {took:.0f} s", file=sys.stderr, flush=True)

    pages, now = sources(place / "pages"), lambda: datetime.now(UTC)
    run = Ingestion(Ledger(store), pages, Rates.load(), now, progress=progress, workers=workers)
    report = run.run(NAME, [place / FEED])
    store.close()
    assert report.balanced()
    print(json.dumps(report.to_json(), ensure_ascii=False))


# --- memory -------------------------------------------------------------------------------------


def tree(process: int) -> Iterator[int]:
    """A process and all those that it started."""
    yield process
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from tree(int(child))


def resident(process: int) -> tuple[int, int]:
    """RSS and PSS of one process in kB, (0, 0) once it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0, 0
    sizes = {name: int(rest.split()[0]) for name, rest in (one.split(":", 1) for one in lines[1:])}
    return sizes["Rss"], sizes["Pss"]


def processor() -> float:
    """Seconds of processor of all processes that ended and that this one started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass
class Used:
    """Peaks of a process and its children in MB, seconds of processor of them all."""

    rss: float = 0.0
    pss: float = 0.0
    processor: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self, process: int) -> None:
        """Sample until ``over``."""
        while not self.over.wait(0.5):
            sizes = [resident(one) for one in tree(process)]
            self.rss = max(self.rss, sum(rss for rss, _ in sizes) / 1024)
            self.pss = max(self.pss, sum(pss for _, pss in sizes) / 1024)


def measured(place: Path, every: int, workers: int) -> tuple[dict[str, object], float, Used]:
    """Report, seconds (the start of Python and loading of models included) and memory."""
    used, start = Used(), time.perf_counter()
    before = processor()
    command = [sys.executable, "-m", "benchmarks.feed", "--ingest", str(place)]
    command += ["--every", str(every), "--workers", str(workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        watch = threading.Thread(target=used.watch, args=(process.pid,))
        watch.start()
        output, _ = process.communicate()
        used.over.set()
        watch.join()
    if process.returncode:
        raise SystemExit("the ingestion failed")
    used.processor = processor() - before
    return json.loads(output), time.perf_counter() - start, used


def main() -> None:
    """Print items a second, memory, disk, and the reference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--every", type=int, default=100_000)
    parser.add_argument("--ingest", type=Path, help="folder of a feed to ingest, nothing else")
    parser.add_argument(
        "--workers", type=int, default=spare_cores(), help="processes beside the first"
    )
    given = parser.parse_args()
    if given.ingest:
        ingest(given.ingest, given.every, given.workers)
        return
    with TemporaryDirectory() as name:
        place = Path(name)
        prepare(place, given.items)
        print(f"feed: {given.items:,} lines, {(place / FEED).stat().st_size / 1e6:,.0f} MB")
        report, took, used = measured(place, given.every, given.workers)
        kept = sum(path.stat().st_size for path in place.glob(f"{RECORD}*"))
        start = time.perf_counter()
        assert read_only(place) == report["received"]
        reference = time.perf_counter() - start
    print(
        json.dumps(
            report | {"remarks": {}, "reasons": len(report["reasons"])},
            ensure_ascii=False,
            indent=1,
        )
    )
    print(f"ingestion: {given.items / took:,.0f} items/s, {took:.0f} s in all")
    print(f"processor: {1_000 * used.processor / given.items:.2f} ms an item")
    print(f"memory at most: {used.rss:.0f} MB resident (RSS), {used.pss:.0f} MB (PSS)")
    print(f"record: {kept / 1e6:,.0f} MB; {len(os.sched_getaffinity(0))} cores")
    print(f"reference (read only): {reference:.0f} s; ratio {took / reference:.1f}")


if __name__ == "__main__":
    main()
