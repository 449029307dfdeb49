"""Search with facets over HTTP on a large base made from real notices.

    python -m benchmarks.search ../shared/data [--leads 100000] [--rounds 10]

Real leads are multiplied: texts of one, dates and country of another of the same CPV division.
References of the same run: the bare round trip (/healthz) and the engine called in process.
"""

import argparse
import csv
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import numpy as np

from index.embedded import EmbeddedEngine
from index.embedders import open_sense
from index.lead import Lead
from index.query import Query
from index.settings import Settings
from index.store import LeadStore
from ingest.ledger import Ledger
from ingest.pipeline import AUTO, Ingestion
from ingest.price import Rates
from ingest.source import sources

FILTERS: tuple[dict[str, str], ...] = (
    {},
    {"pays": "DE"},
    {"region": "union-europeenne", "tri": "echeance"},
    {"echus": "1"},
    {"echeance": "d30", "etape": "open"},
)


def real_leads(data: Path, place: Path) -> list[Lead]:
    """The real notices, ingested."""
    store = LeadStore.open(f"sqlite:///{place}/real.sqlite3")
    run = Ingestion(Ledger(store), sources(), Rates.load(), lambda: datetime.now(UTC))
    run.run(AUTO, [data / "notices"])
    leads = [lead for batch in store.changed_since(0) for lead in batch if not lead.domestic]
    store.close()
    return leads


def multiplied(leads: list[Lead], wanted: int, now: datetime) -> Iterator[list[Lead]]:
    """Batches of 1,000: half still on offer, published over the last year."""
    chance = random.Random(1)
    families: dict[str, list[Lead]] = {}
    for lead in leads:
        families.setdefault("".join(lead.codes_of("CPV")[:1])[:2], []).append(lead)
    batch = []
    for number in range(1, wanted + 1):
        told = chance.choice(leads)
        other = chance.choice(families["".join(told.codes_of("CPV")[:1])[:2]])
        published = now - timedelta(days=chance.uniform(0, 365))
        deadline = published + timedelta(days=chance.uniform(20, 360))
        change = {
            "id": f"{number:016x}",
            "sequence": number,
            "stage": "open",
            "country": other.country,
            "region": other.region,
            "buyer": other.buyer,
            "value": other.value,
            "published": published,
            "deadline": deadline,
            "expires": deadline,
        }
        batch.append(told.model_copy(update=change))
        if len(batch) == 1_000 or number == wanted:
            yield batch
            batch = []


def requests(data: Path) -> list[str]:
    """Paths to ask for: judged French queries, each with and without filters, and none."""
    with (data / "queries_dev.tsv").open(encoding="utf-8") as file:
        texts = [row["query"] for row in csv.DictReader(file, delimiter="\t")]
    return [
        f"/api/v1/leads?{urlencode({'q': text} | filters)}"
        for text in [*texts, ""]
        for filters in FILTERS
    ]


def ask(connection: http.client.HTTPConnection, path: str) -> tuple[float, bytes]:
    """Milliseconds and body of one request on an open connection."""
    start = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    took = 1_000 * (time.perf_counter() - start)
    assert answer.status == 200, (answer.status, path, body[:200])
    return took, body


def connected(port: int) -> http.client.HTTPConnection:
    """An open connection, once the server answers."""
    for _ in range(300):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            ask(connection, "/healthz")
            return connection
        except OSError:
            connection.close()
            time.sleep(0.2)
    raise SystemExit("the server did not start")


def memory(process: int) -> dict[str, float]:
    """Resident memory of a process in MB, now and at most."""
    status = Path(f"/proc/{process}/status").read_text()
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return {name: int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM", "RssAnon")}


def told(name: str, times: list[float]) -> float:
    """Print the percentiles of some milliseconds; gives back the median."""
    p50, p95, worst = np.percentile(times, [50, 95, 100])
    print(f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, max {worst:.1f} ms ({len(times)} calls)")
    return float(p50)


def measure(data: Path, place: Path, rounds: int) -> None:
    """Serve the base from a process of its own and ask."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "search_api.cli", "servir", "--port", str(port)]
    environment = os.environ | {"DEBOUCHES_DATA": str(place)}
    environment.pop("DATABASE_URL", None)
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        connection = connected(port)
        paths = requests(data)
        for path in paths:
            ask(connection, path)
        bare = told("bare round trip", [ask(connection, "/healthz")[0] for _ in range(500)])
        times = [ask(connection, path)[0] for _ in range(rounds) for path in paths]
        full = told("search with facets", times)
        print(f"ratio to the bare round trip: {full / bare:.1f}")
        print("memory of the server, MB:", json.dumps(memory(server.pid)))
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Build the base, then measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        place = Path(name)
        now = datetime.now(UTC)
        leads = real_leads(given.data, place)
        engine = EmbeddedEngine(Settings(data=place).index_folder, open_sense(Settings()))
        start = time.perf_counter()
        engine.replace(multiplied(leads, given.leads, now))
        took = time.perf_counter() - start
        print(f"indexing: {given.leads} leads in {took:.1f} s = {given.leads / took:.0f}/s")
        query = Query("mobilier scolaire")
        engine.search(query, now)
        times = []
        for _ in range(50):
            start = time.perf_counter()
            engine.search(query, now)
            times.append(1_000 * (time.perf_counter() - start))
        told("engine in process, « mobilier scolaire »", times)
        size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
        print(f"disk: {size / 1e6:.0f} MB")
        measure(given.data, place, given.rounds)


if __name__ == "__main__":
    main()
