"""Collecting everything that the replica serves, while the crawls are killed.

    python -m benchmarks.collecting ../shared/data [SOURCE…]

Every source whose service the replica stands for is crawled in one go, then again with KILLS kill
-9 at points drawn from SEED, one a source at least, each time resumed from its journal. What the
folders hold is compared, notice by notice, with what the services were made of (with the crawl in
one go where the replica does not say it). Ends with 1 when a notice is lost or comes twice.
"""

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import reduce
from operator import or_
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from crawlers.order import order
from ingest.crawl import Crawl, report
from ingest.document import Document, Limits
from ingest.documents import documents
from ingest.notice import Notice
from ingest.readers import READERS
from ingest.recognise import format_of
from ingest.source import Source, sources
from replica import ocds, sam
from replica.days import LAST
from replica.material import Piece, pieces
from replica.server import Answer, Asked, Replica, serving
from replica.services import services

KILLS, SEED = 20, 1
SINCE, UNTIL = LAST - timedelta(days=30), LAST + timedelta(days=2)

Held = Counter[tuple[object, ...]]


def identity(notice: Notice) -> tuple[object, ...]:
    """What tells a notice from another, whatever the page of the source under which it is read."""
    return notice.key, notice.texts


def held(name: str, material: Sequence[Piece]) -> Held | None:
    """What the service of a source was made of; None when its module does not say."""
    of = ("ted",) if name == "ted" else ocds.HELD.get(name)
    if of is None:
        return None
    forms = ("ted", "eforms") if name == "ted" else ("ocds",)
    found = (one.notice for one in material if one.notice.source in of and one.format in forms)
    return Counter(map(identity, found))


def read(folder: Path, page: Source) -> Held:
    """The notices in what landed."""
    found: Held = Counter()
    for document in documents([folder], Limits()):
        assert isinstance(document, Document), document
        form = format_of(document, page)
        assert form is not None, document.name
        with document.open() as stream:
            for one in READERS[form](stream, page, document.name):
                assert one.notice is not None, f"{document.name} : {one.reason}"
                found[identity(one.notice)] += 1
    return found


@dataclass
class Killer:
    """A trap of the replica: kills the crawl at its n-th request, some milliseconds later, when the
    answer is being read, stored or written in the journal. points: requests, the first first."""

    draw: random.Random
    points: list[int] = field(default_factory=list)
    requests: int = 0
    kills: int = 0
    crawl: subprocess.Popen[bytes] | None = None

    def __call__(self, asked: Asked) -> Answer | None:
        self.requests += 1
        if self.points and self.requests >= self.points[0]:
            del self.points[0]
            threading.Timer(self.draw.uniform(0, 0.02), self._kill, [self.crawl]).start()
        return None

    def _kill(self, crawl: subprocess.Popen[bytes] | None) -> None:
        if crawl is not None and crawl.poll() is None:
            crawl.kill()
            self.kills += 1


def crawl(name: str, replica: Replica, landing: Path, killer: Killer) -> tuple[Crawl, Path]:
    """One collection, resumed as long as it is killed; its report and its folder."""
    dates = ("--depuis", str(SINCE), "--jusque", str(UNTIL), "--vers", str(landing))
    command = [sys.executable, "-m", "crawlers", name, *dates, "--replique", replica.address]
    resume: list[str] = []
    while True:
        silent = subprocess.DEVNULL
        killer.crawl = subprocess.Popen([*command, "--delai", "0", *resume], stdout=silent)
        killer.crawl.wait()
        runs = sorted((landing / name).glob("*"))
        if killer.crawl.returncode != -9:
            return report(runs[-1]), runs[-1]
        # Killed before it had a folder, it begins anew.
        resume = ["--reprise", str(runs[-1])] if runs else []


def served(replica: Replica) -> list[Source]:
    """Every source with a page that says how to ask it, whose service the replica stands for."""
    found = []
    for page in sources().values():
        if page.collect is None:
            continue
        if page.collect.key:
            os.environ.setdefault(page.collect.key.variable, sam.KEY)
        asked = order(page, SINCE, UNTIL, UNTIL, "essai")
        if urlsplit(asked.address).hostname in replica.services:
            found.append(page)
    return found


def shares(weights: Sequence[int], draw: random.Random) -> list[list[int]]:
    """The requests at which to kill, by source: one each, the others by their number of requests.
    The first request is for robots.txt, the last one leaves no time to be killed."""
    each = range(len(weights))
    owners = [*draw.sample(each, min(KILLS, len(each)))]
    owners += draw.choices(each, weights, k=KILLS - len(owners))
    return [
        sorted(draw.choices(range(2, max(3, weight)), k=owners.count(place)))
        for place, weight in enumerate(weights)
    ]


NAMES = ("held", "requests", "killed", "collected", "lost", "twice")


def compare(page: Source, given: Held, replica: Replica, killer: Killer) -> dict[str, int]:
    """One collection with its kills, told in a line; by NAMES."""
    killer.requests = killer.kills = 0
    with TemporaryDirectory() as place:
        told, folder = crawl(page.name, replica, Path(place), killer)
        found = read(folder, page)
    told_of = (given, found, given - found, found - given)
    all_of, collected, lost, twice = (one.total() for one in told_of)
    row = (all_of, killer.requests, killer.kills, collected, lost, twice)
    print(f"| {page.name} | {' | '.join(map(str, row))} | {told.reason} |", flush=True)
    return dict(zip(NAMES, row, strict=True))


def main(data: Path, names: Sequence[str] = ()) -> int:
    """Print one line a source, then the sum. names: of sources, all of them when empty."""
    material, draw = pieces(data / "notices"), random.Random(SEED)
    killer, totals, whole, weights = Killer(draw), Counter[str](), [], []
    with serving(Replica(services(data / "notices"), traps=[killer])) as replica:
        pages = [page for page in served(replica) if not names or page.name in names]
        for page in pages:
            killer.requests = 0
            with TemporaryDirectory() as place:
                told, folder = crawl(page.name, replica, Path(place), killer)
                whole.append(held(page.name, material) or read(folder, page))
            assert told.finished, (page.name, told)
            weights.append(killer.requests)
        print("| source |", " | ".join(NAMES), "| end |")
        print("|---" * (len(NAMES) + 2) + "|")
        for page, given, points in zip(pages, whole, shares(weights, draw), strict=True):
            killer.points = points
            totals.update(compare(page, given, replica, killer))
    # Counters: the most that one of the services holds of each.
    print(f"| all | {' | '.join(str(totals[name]) for name in NAMES)} | |")
    print(f"different notices: {reduce(or_, whole).total()}")
    return 1 if totals["lost"] or totals["twice"] else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
