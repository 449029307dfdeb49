"""Ingestion of real notices into a fresh record, without embedding.

    python -m benchmarks.ingestion ../shared/data/notices

Reference of the same run: the same files read and parsed by lxml or json, nothing else done.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from lxml import etree

from index.store import LeadStore
from ingest.ledger import Ledger
from ingest.pipeline import AUTO, Ingestion
from ingest.price import Rates
from ingest.report import Report
from ingest.source import sources

T = TypeVar("T")


def parse_only(folder: Path) -> int:
    """Parse every file; gives back how many could be."""
    parsed = 0
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".xml", ".json"):
            continue
        data = path.read_bytes()
        try:
            etree.fromstring(data) if path.suffix == ".xml" else json.loads(data)
        except (etree.XMLSyntaxError, ValueError):
            continue
        parsed += 1
    return parsed


def ingest(folder: Path) -> Report:
    """The real job, on a record of its own."""
    with TemporaryDirectory() as place:
        store = LeadStore.open(f"sqlite:///{place}/record.sqlite3")
        run = Ingestion(Ledger(store), sources(), Rates.load(), lambda: datetime.now(UTC))
        report = run.run(AUTO, [folder])
        store.close()
    return report


def timed(work: Callable[[Path], T], folder: Path) -> tuple[T, float]:
    """Result and seconds."""
    start = time.perf_counter()
    result = work(folder)
    return result, time.perf_counter() - start


def main(folder: Path) -> None:
    """Print what was received, the rate, and the ratio to parsing alone."""
    parse_only(folder)  # warm the disk cache for both
    parsed, reference = timed(parse_only, folder)
    report, took = timed(ingest, folder)
    print(json.dumps(report.to_json() | {"remarks": {}}, ensure_ascii=False, indent=1))
    print(f"reference (parse only): {parsed} documents in {reference:.2f} s")
    print(f"ingestion: {report.received} items in {took:.2f} s = {report.received / took:.0f}/s")
    print(f"ratio to parsing alone: {took / reference:.1f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
