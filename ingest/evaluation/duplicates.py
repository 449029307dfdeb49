"""How often demands told twice are found, and how often two are taken for one.

Twice over: by the decision on each pair, and end to end, the feeds of a family ingested into a
fresh record and its leads looked at.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from index.store import LeadStore
from index.trade import TradeEmbedder
from ingest.dedupe.compare import judge
from ingest.dedupe.meaning import meaning_by
from ingest.dedupe.profile import Profile, profile
from ingest.evaluation.pairs import Pair, pairs
from ingest.evaluation.real import PARTS, RECEIVED, Part, part_of, real_notices
from ingest.evaluation.telling import SOURCES, Telling, feed
from ingest.feeds import tabular
from ingest.ledger import Ledger
from ingest.normalise import normalise
from ingest.pipeline import Ingestion
from ingest.price import Rates
from ingest.source import Source, sources

# What is asked of the test part.
PRECISION, RECALL = 0.98, 0.90

# Pairs of one family and part.
MOST = 150


@dataclass(slots=True)
class Count:
    """Pairs by what was said of them: right or wrong, joined or not."""

    joined_right: int = 0
    joined_wrong: int = 0
    apart_right: int = 0
    apart_wrong: int = 0

    def add(self, same: bool, said: bool) -> None:
        """Count a pair of this label, of which this was said."""
        name = ("joined_" if said else "apart_") + ("right" if said is same else "wrong")
        setattr(self, name, getattr(self, name) + 1)

    def precision(self) -> float | None:
        """Of the pairs joined, how many are one demand; None when none was."""
        joined = self.joined_right + self.joined_wrong
        return self.joined_right / joined if joined else None

    def recall(self) -> float | None:
        """Of the pairs that are one demand, how many were joined; None when none is."""
        same = self.joined_right + self.apart_wrong
        return self.joined_right / same if same else None

    def pairs(self) -> int:
        """Pairs in all."""
        return self.joined_right + self.joined_wrong + self.apart_right + self.apart_wrong


@dataclass(slots=True)
class Measure:
    """Counts of one part, whole and by family. errors: pairs judged wrongly, with the reasons."""

    total: Count = field(default_factory=Count)
    families: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    errors: list[tuple[Pair, tuple[str, ...]]] = field(default_factory=list)

    def add(self, pair: Pair, said: bool, reasons: tuple[str, ...] = ()) -> None:
        """Count a pair, of which this was said."""
        self.total.add(pair.same, said)
        self.families[pair.family].add(pair.same, said)
        if said is not pair.same:
            self.errors.append((pair, reasons))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return _told(self.total) | {
            "familles": {name: _told(count) for name, count in self.families.items()}
        }


def _told(count: Count) -> dict[str, Any]:
    precision, recall = count.precision(), count.recall()
    return {
        "paires": count.pairs(),
        "precision": None if precision is None else round(precision, 4),
        "rappel": None if recall is None else round(recall, 4),
        "reunies_a_tort": count.joined_wrong,
        "manquees": count.apart_wrong,
    }


def _pages(folder: Path) -> dict[str, Source]:
    own = sources(folder)
    return {name: own[name] for name in SOURCES}


def pages() -> dict[str, Source]:
    """The pages of the two sources that tell the pairs."""
    with as_file(files("ingest.evaluation") / "sources") as folder:
        return _pages(folder)


def profiles(tellings: Iterable[Telling], rates: Rates) -> Iterator[Profile]:
    """The rows as ingestion reads and understands them."""
    known = pages()
    for telling in tellings:
        page = known[telling.source]
        [read] = tabular.read(BytesIO(feed([telling])), page, "avis.json")
        assert read.notice is not None, read.reason
        yield profile(normalise(read.notice, page, rates, RECEIVED))


def decided(some: Iterable[Pair]) -> Measure:
    """What the decision says of each pair."""
    measure, rates = Measure(), Rates.load()
    meaning = meaning_by(TradeEmbedder.load())
    for pair in some:
        one, other = profiles([pair.one, pair.other], rates)
        verdict = judge([one], [other], meaning=meaning)
        measure.add(pair, verdict.same, verdict.reasons)
    return measure


def ingested(some: Iterable[Pair]) -> Measure:
    """What becomes of the pairs that ingestion receives, one family after the other."""
    families: dict[str, list[Pair]] = defaultdict(list)
    for pair in some:
        families[pair.family].append(pair)
    measure = Measure()
    for family in families.values():
        leads = _leads(family)
        for pair in family:
            measure.add(pair, leads[pair.one.key] == leads[pair.other.key])
    return measure


def _leads(family: Sequence[Pair]) -> dict[str, str]:
    """Key → lead, in a record that received first one notice of each pair, then the other."""
    with TemporaryDirectory() as place:
        store = LeadStore.open(f"sqlite:///{place}/record.sqlite3")
        run = Ingestion(Ledger(store), pages(), Rates.load(), lambda: RECEIVED)
        for turn, told in enumerate(
            ([pair.one for pair in family], [pair.other for pair in family])
        ):
            for source in SOURCES:
                path = Path(place) / f"{turn}-{source}.json"
                path.write_bytes(feed([one for one in told if one.source == source]))
                run.run(source, [path])
        leads = [lead for batch in store.changed_since(0) for lead in batch]
        store.close()
    return {
        origin.key: lead.id for lead in leads if not lead.merged_into for origin in lead.provenances
    }


def evaluate(
    folder: Path,
    most: int = MOST,
    parts: Sequence[Part] = PARTS,
    progress: Callable[[str], None] = lambda told: None,
) -> dict[Part, dict[str, Measure]]:
    """Both measures of each part of the notices under a folder."""
    progress("Lecture des avis")
    reals = list(real_notices(folder))
    found: dict[Part, dict[str, Measure]] = {}
    for part in parts:
        made = pairs([one for one in reals if part_of(one.file) == part], most)
        progress(f"{len(made)} paires de la partie {part}")
        found[part] = {"decision": decided(made), "bout_en_bout": ingested(made)}
    return found
