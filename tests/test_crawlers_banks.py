"""The notices of development banks are read in the lists that they publish."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest

from crawlers.spiders.lists import ListSpider
from ingest.feeds.tabular import read
from ingest.normalise import Draft, normalise
from ingest.price import Rates
from ingest.source import source
from replica import banks
from replica.crawled import crawled, walked
from replica.material import Piece
from replica.server import Answer, Asked, Replica, Service, serving

FIRST, TODAY = date(2026, 5, 1), date(2026, 6, 1)
pytestmark = pytest.mark.notices


@pytest.fixture
def replica(material: tuple[Piece, ...]) -> Iterator[Replica]:
    with serving(Replica(banks.services(material, TODAY))) as replica:
        yield replica


def remarks(drafts: list[Draft]) -> set[tuple[str, str]]:
    return {remark for one in drafts for remark in one.remarks}


def test_the_pages_of_the_islamic_development_bank_are_read_one_after_the_other(
    replica: Replica, material: tuple[Piece, ...], tmp_path: Path
) -> None:
    crawl = crawled("isdb", replica, tmp_path, FIRST, TODAY)
    assert (crawl.code, crawl.report["items"], crawl.report["pages"]) == (0, 40, 4)
    drafts = crawl.drafts(Rates.load())
    assert len({one.notice.key for one in drafts}) == len(material)
    # A project of several countries has none.
    assert remarks(drafts) <= {("pays absent", "isdb")}
    assert all(one.deadline and one.stage for one in drafts)
    assert all("org/project-procurement/tenders/2026/" in one.notice.url for one in drafts)


def test_the_table_of_the_ebrd_is_read_whole(
    replica: Replica, material: tuple[Piece, ...], tmp_path: Path
) -> None:
    crawl = crawled("ebrd", replica, tmp_path, FIRST, TODAY)
    assert (crawl.code, crawl.report["items"], crawl.report["pages"]) == (0, 40, 1)
    drafts = crawl.drafts(Rates.load())
    assert len({one.notice.key for one in drafts}) == len(material)
    assert remarks(drafts) <= {("pays inconnu", "Regional")}
    assert all(one.published and one.stage for one in drafts)
    assert all(bool(one.deadline) == (one.stage != "planned") for one in drafts)


def test_the_feed_of_the_asian_development_bank_is_read(
    replica: Replica, material: tuple[Piece, ...], tmp_path: Path
) -> None:
    crawl = crawled("adb", replica, tmp_path, FIRST, TODAY)
    assert (crawl.code, crawl.report["pages"]) == (0, 1)
    drafts = crawl.drafts(Rates.load())
    assert len({one.notice.key for one in drafts}) == len(material)
    assert remarks(drafts) <= {("pays inconnu", "Regional")}
    assert all(one.published and one.stage == "open" for one in drafts)


@pytest.mark.parametrize("lost", [b"<html>Maintenance</html>", b"<html></html>"])
def test_a_page_without_list_is_no_end(
    material: tuple[Piece, ...], tmp_path: Path, lost: bytes
) -> None:
    whole = banks.isdb(material, TODAY)

    def broken(asked: Asked) -> Answer:
        return Answer(lost) if asked.query["page"] == "2" else whole(asked)

    run = walked(ListSpider, "isdb", broken, tmp_path, FIRST, TODAY)
    assert (run.reason, run.journal.items) == ("unreadable", 20)


def test_a_list_that_leads_back_to_itself_is_left(
    material: tuple[Piece, ...], tmp_path: Path
) -> None:
    whole: Service = banks.isdb(material, TODAY)

    def turning(asked: Asked) -> Answer:
        body = whole(asked).body
        assert isinstance(body, bytes)
        return Answer(body.replace(b"?page=2", b"?page=0"))

    run = walked(ListSpider, "isdb", turning, tmp_path, FIRST, TODAY)
    assert (run.reason, run.journal.items) == ("loop", 10)


def told(name: str, body: str) -> Draft:
    """What is understood of the only notice of a document."""
    page = source(name)
    [found] = [one.notice for one in read(BytesIO(body.encode()), page, "page")]
    assert found is not None
    return normalise(found, page, Rates.load(), datetime(2026, 10, 1, tzinfo=UTC))


def test_a_row_as_the_ebrd_writes_it_is_a_notice() -> None:
    cells = [
        '<a href="viewNotice.html?displayNoticeId=39536445">Ukraine: Power, lines</a>',
        "Invitation     For     Tenders",
        "Power lines, lot 2",
        "11/09/2026 00:18",
        "19/10/2026 00:30",
        "Open",
        "11/09/2026",
        "202609111218",
        "202610191230",
        "[Power, Grid and Lines, 51234, Ukraine, Public, Client of Energy, Coal and Gas, Power,"
        " Invitation For Tenders]",
    ]
    row = "".join(f"<td>{cell}</td>" for cell in cells)
    table = f"<table id='noticeResultsTable'><thead><tr><th>Title</th></tr></thead><tbody><tr>{row}"
    draft = told("ebrd", f"<!DOCTYPE html><html>{table}")
    assert draft.remarks == ()
    assert (draft.notice.key, draft.country, draft.stage) == ("39536445", "UA", "open")
    # The hour 00 is that of noon, or none at all: the day is what is sure.
    assert draft.deadline == datetime(2026, 10, 19, 22, 59, 59, tzinfo=UTC)
    assert draft.published == datetime(2026, 9, 10, 23, tzinfo=UTC)


def test_a_teaser_as_the_islamic_development_bank_writes_it_is_a_notice() -> None:
    draft = told(
        "isdb",
        """<article about="/project-procurement/tenders/2026/spn/water" class="type-tender">
        <h2><a href="/project-procurement/tenders/2026/spn/water">Supply of pipes</a></h2>
        <div class="field field--name-field-tender-status">Active</div>
        <div class="field field--name-field-tender-type">Specific Procurement Notice</div>
        <div class="field field--name-field-world-country">Burkina Faso</div>
        <div class="field field--name-field-close-date"><time>2 July 2026</time></div>
        </article>""",
    )
    assert draft.remarks == ()
    assert (draft.country, draft.stage) == ("BF", "open")
    assert draft.deadline == datetime(2026, 7, 2, 23, 59, 59, tzinfo=UTC)
    assert draft.notice.url == "https://www.isdb.org/project-procurement/tenders/2026/spn/water"


def test_an_item_as_the_asian_development_bank_writes_it_is_a_notice() -> None:
    draft = told(
        "adb",
        """<rss version="2.0"><channel><item><title>59312-001: Supply of Pumps</title>
        <link>https://www.adb.org/node/1012345</link><description>Pumps</description>
        <category>Date: 2026-03-02|Project Number: 59312-001|Status: Active|Countries: India|
        Sectors: Transport</category></item></channel></rss>""",
    )
    assert draft.remarks == ()
    assert (draft.notice.key, draft.country, draft.stage) == ("1012345", "IN", "open")
    assert draft.published == datetime(2026, 3, 1, 16, tzinfo=UTC)
