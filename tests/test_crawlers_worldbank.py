"""The World Bank's notices come newest first, until the first page that is too old."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import orjson
import pytest

from crawlers.spiders.worldbank import WorldBankSpider, published
from ingest.feeds.tabular import read
from ingest.price import Rates
from ingest.source import source
from replica import worldbank
from replica.crawled import crawled, walked
from replica.material import Piece, pieces
from replica.server import Answer, Asked, Replica, Service, serving

TODAY = date(2026, 6, 1)
pytestmark = pytest.mark.notices


@pytest.fixture
def material(notices: Path) -> tuple[Piece, ...]:
    return pieces(notices / "fbo")[:45]


@pytest.fixture
def replica(material: tuple[Piece, ...]) -> Iterator[Replica]:
    """The service, which gives ten notices at a time whatever it is asked."""
    with serving(Replica({worldbank.HOST: worldbank.service(material, TODAY, 10)})) as replica:
        yield replica


def test_every_notice_is_read_and_understood(
    replica: Replica, material: tuple[Piece, ...], tmp_path: Path
) -> None:
    crawl = crawled("worldbank", replica, tmp_path, date(2026, 5, 1), TODAY)
    assert (crawl.code, crawl.report["items"], crawl.report["pages"]) == (0, 45, 6)
    drafts = crawl.drafts(Rates.load())
    assert len({one.notice.key for one in drafts}) == len(material)
    # A project of several countries has none.
    assert {remark for one in drafts for remark in one.remarks} == {("pays inconnu", "World")}
    assert {one.stage for one in drafts} == {"open", "planned", "awarded"}
    assert crawl.folder is not None
    assert b"contact_name" not in (crawl.folder / "000001.json").read_bytes()
    titles = {piece.notice.texts[0].title for piece in material}
    assert {one.notice.texts[0].title for one in drafts if one.notice.process} <= titles
    assert all(one.published and one.buyer and one.notice.url for one in drafts)


def test_a_deadline_has_the_hour_of_the_place_of_the_buyer() -> None:
    row = {
        "id": "OP00400001",
        "notice_type": "Invitation for Bids",
        "noticedate": "03-Sep-2026",
        "notice_lang_name": "French",
        "submission_date": "2026-09-03T00:00:00Z",
        "submission_deadline_date": "2026-10-23T00:00:00Z",
        "submission_deadline_time": "10:30",
        "project_ctry_name": "Congo, Democratic Republic of",
        "project_id": "P171762",
        "project_name": "Projet d'accès à l'eau",
        "bid_reference_no": "CD-REGIDESO-1-GO-RFB",
        "bid_description": "Fourniture de pompes",
        "procurement_group": "GO",
        "contact_organization": "REGIDESO",
        "contact_name": "Jane Doe",
        "notice_text": "<p>Pompes&nbsp;immergées</p>",
    }
    page = source("worldbank")
    rows = [row, row | {"submission_deadline_time": "00:00"}]
    body = orjson.dumps({"rows": 2, "os": 0, "page": 1, "total": "414749", "procnotices": rows})
    found = [one.notice for one in read(BytesIO(body), page, "page") if one.notice]
    assert [one.deadline for one in found] == ["2026-10-23 10:30", "2026-10-23"]
    assert found[0].unknown == ()
    assert "Jane" not in str(found[0])
    assert found[0].texts[0].body == "Projet d'accès à l'eau\n<p>Pompes&nbsp;immergées</p>"


@pytest.fixture
def service(material: tuple[Piece, ...]) -> Service:
    return worldbank.service(material, TODAY, 10)


def test_reading_ends_with_the_first_page_that_is_too_old(service: Service, tmp_path: Path) -> None:
    since = TODAY - timedelta(days=3)
    run = walked(WorldBankSpider, "worldbank", service, tmp_path, since, TODAY)
    assert (run.reason, run.journal.items) == ("finished", 30)
    pages = [orjson.loads(path.read_bytes()) for path in sorted(run.folder.glob("0*.json"))]
    days = [[published(notice) for notice in page["procnotices"]] for page in pages]
    assert [max(page) >= since for page in days] == [True, True, False]


def test_a_service_that_gives_the_oldest_first_is_not_believed(
    service: Service, tmp_path: Path
) -> None:
    def oldest_first(asked: Asked) -> Answer:
        return service(replace(asked, query={**asked.query, "order": "asc"}))

    run = walked(WorldBankSpider, "worldbank", oldest_first, tmp_path, TODAY, TODAY)
    assert run.reason == "unreadable"


def test_notices_that_come_twice_are_counted_once(service: Service, tmp_path: Path) -> None:
    def late(asked: Asked) -> Answer:
        """New notices came meanwhile: the pages have moved on."""
        start = max(int(asked.query["os"]) - 4, 0)
        return service(replace(asked, query={**asked.query, "os": str(start)}))

    since = TODAY - timedelta(days=30)
    run = walked(WorldBankSpider, "worldbank", late, tmp_path, since, TODAY)
    assert (run.reason, run.journal.items) == ("finished", 45)
