"""All the real notices go through, from the files to the answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index import sync
from index.embedded import EmbeddedEngine
from index.query import Query
from index.sense import Sense
from index.store import LeadStore
from ingest.ledger import Ledger
from ingest.pipeline import AUTO, Ingestion
from ingest.price import Rates
from ingest.report import Report
from ingest.source import sources

pytestmark = pytest.mark.notices


@dataclass(frozen=True, slots=True)
class World:
    """The real notices, ingested once, indexed once."""

    folder: Path
    report: Report
    store: LeadStore
    engine: EmbeddedEngine

    def ingest(self) -> Report:
        clock = datetime(2026, 6, 1, tzinfo=UTC)
        run = Ingestion(Ledger(self.store), sources(), Rates.load(), lambda: clock)
        return run.run(AUTO, [self.folder])


@pytest.fixture(scope="module")
def world(notices: Path, sense: Sense, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    place = tmp_path_factory.mktemp("notices")
    store = LeadStore.open(f"sqlite:///{place / 'record.sqlite3'}")
    engine = EmbeddedEngine(place / "index", sense)
    empty = World(notices, Report(), store, engine)
    report = empty.ingest()
    sync.synchronise(store, engine)
    yield World(notices, report, store, engine)
    store.close()


def test_every_item_is_accounted_for(world: World) -> None:
    files = sum(1 for path in world.folder.rglob("*") if path.is_file())
    assert world.report.documents == files
    assert world.report.balanced()
    assert world.report.new + world.report.updated >= 4_560
    assert world.report.quarantined <= 20


def test_the_record_holds_a_lead_for_each_new_notice(world: World) -> None:
    tally = world.store.tally()
    # Two new ones that a third shows to be one make a lead, before either was seen.
    assert world.report.new - world.report.merged <= tally.total <= world.report.new
    assert tally.domestic > 600


def test_the_index_holds_the_record(world: World) -> None:
    assert world.engine.count() == world.store.tally().total
    assert world.engine.sequence() == world.store.last_sequence()


def test_nearly_every_lead_has_a_country_a_language_and_a_date(world: World) -> None:
    leads = [lead for batch in world.store.changed_since(0) for lead in batch]
    for has in ("country", "language", "published"):
        missing = sum(not getattr(lead, has) for lead in leads)
        assert missing <= len(leads) // 100, has


def test_french_words_find_german_and_polish_tenders(world: World, now: datetime) -> None:
    found = world.engine.search(Query("mobilier scolaire", include_expired=True), now)
    assert {"DE", "PL"} <= {one.value for one in found.facets["country"]}
    # A notice may buy computers with its desks: each of the first buys furniture.
    for hit in found.hits[:3]:
        assert any(code.startswith("39") for code in hit.lead.codes_of("CPV")), hit.lead.title
    assert "39160000" in found.hits[0].lead.codes_of("CPV")
    assert all(hit.reasons.codes or hit.reasons.similarity for hit in found.hits)


def test_a_wrong_encoding_is_read_and_said(world: World) -> None:
    assert world.report.remarks["encodage", "déclaré utf-16, lu en utf-8"] == 1


def test_the_same_notices_again_change_nothing(world: World) -> None:
    before = world.store.last_sequence()
    again = world.ingest()
    assert (again.new, again.updated) == (0, 0)
    assert again.duplicates == world.report.received - world.report.quarantined
    assert again.quarantined == world.report.quarantined
    assert world.store.last_sequence() == before
