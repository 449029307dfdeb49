"""The open notices of Canada come in one file, in two languages, with their amendments."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest

from index.coding import Coder
from index.store import LeadStore
from ingest.feeds.tabular import read
from ingest.ledger import Ledger
from ingest.pipeline import Ingestion
from ingest.price import Rates
from ingest.source import source
from replica import canadabuys
from replica.crawled import crawled
from replica.material import Piece
from replica.server import Replica, serving

TODAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 2, tzinfo=UTC)
pytestmark = pytest.mark.notices


@pytest.fixture
def replica(material: tuple[Piece, ...]) -> Iterator[Replica]:
    services = {canadabuys.HOST: canadabuys.service(material, TODAY)}
    with serving(Replica(services)) as replica:
        yield replica


def test_every_notice_is_read_in_both_languages_and_amendments_update(
    replica: Replica, material: tuple[Piece, ...], tmp_path: Path, coder: Coder
) -> None:
    crawl = crawled("ca-canadabuys", replica, tmp_path, date(2026, 5, 1), TODAY)
    assert (crawl.code, crawl.report["pages"]) == (0, 1)
    assert next(iter(crawl.report["known"].values()))["etag"]
    drafts = crawl.drafts(Rates.load())
    assert len(drafts) == len(material) + 3
    assert [remark for one in drafts for remark in one.remarks] == []
    assert {tuple(text.language for text in one.texts) for one in drafts} == {("en", "fr")}
    assert {one.country for one in drafts} == {"CA"}
    assert all(one.published and one.deadline and one.buyer for one in drafts)
    assert {one.place for one in drafts} == {"Ontario (except NCR)"}
    assert "Jane" not in str(drafts)

    assert crawl.folder is not None
    store = LeadStore.open(f"sqlite:///{tmp_path / 'record.sqlite3'}")
    pages = {"ca-canadabuys": source("ca-canadabuys")}
    run = Ingestion(Ledger(store), pages, Rates.load(), lambda: NOW, coder=coder)
    run.run("ca-canadabuys", [crawl.folder])
    leads = [lead for batch in store.changed_since(0) for lead in batch]
    store.close()
    assert len(leads) == len(material)
    [amended] = [lead for lead in leads if "cb-1-" in str(lead.provenances)]
    # Published on the 31st, it had until 5 July at 11.30 in Toronto; a week more since.
    assert amended.deadline == datetime(2026, 7, 12, 15, 30, tzinfo=UTC)


def test_a_row_as_the_file_writes_it_is_a_notice() -> None:
    cells = {
        "title-titre-eng": "Aerial LiDAR survey",
        "title-titre-fra": "Levé LiDAR aéroporté",
        "referenceNumber-numeroReference": "cb-26-1",
        "amendmentNumber-numeroModification": "002",
        "publicationDate-datePublication": "2026-09-10",
        "amendmentDate-dateModification": "2026-09-20",
        "tenderClosingDate-appelOffresDateCloture": "2026-10-15T14:00:00",
        "tenderStatus-appelOffresStatut-eng": "Open",
        "unspsc": "*81151600\n*70131500",
        "gsin-nibs": "*T002A",
        "regionsOfDelivery-regionsLivraison-eng": "*Canada",
        "contractingEntityName-nomEntitContractante-eng": "Natural Resources Canada",
        "noticeURL-URLavis-fra": "https://canadabuys.canada.ca/fr/avis/cb-26-1",
        "contactInfoName-informationsContactNom": "Doe, Jane",
    }
    body = b"\xef\xbb\xbf" + canadabuys.table([cells])
    [found] = [one.notice for one in read(BytesIO(body), source("ca-canadabuys"), "file")]
    assert found is not None
    assert (found.key, found.process, found.unknown) == ("cb-26-1-002", "cb-26-1", ())
    assert [(text.title, text.language) for text in found.texts] == [
        ("Aerial LiDAR survey", "en"),
        ("Levé LiDAR aéroporté", "fr"),
    ]
    assert [(code.scheme, code.value) for code in found.codes] == [
        ("UNSPSC", "81151600"),
        ("UNSPSC", "70131500"),
        ("GSIN", "T002A"),
    ]
    assert (found.published, found.deadline) == ("2026-09-20", "2026-10-15T14:00:00")
    assert (found.buyer, found.place) == ("Natural Resources Canada", "Canada")
    assert "Jane" not in str(found)


def test_the_file_has_the_columns_that_the_page_knows() -> None:
    assert len(canadabuys.COLUMNS) == len(set(canadabuys.COLUMNS)) == 67
