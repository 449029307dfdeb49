"""The notices of the United Nations are read in the list of their marketplace."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from crawlers.spiders.ungm import UngmSpider
from ingest.feeds.tabular import read
from ingest.normalise import normalise
from ingest.price import Rates
from ingest.source import collected, source, sources
from replica import ungm
from replica.crawled import crawled, walked
from replica.material import Piece
from replica.server import Answer, Asked, Replica, Service, serving

TODAY = date(2026, 6, 1)
pytestmark = pytest.mark.notices


@pytest.fixture
def replica(material: tuple[Piece, ...]) -> Iterator[Replica]:
    with serving(Replica({ungm.HOST: ungm.service(material, TODAY)})) as replica:
        yield replica


def test_every_notice_is_read_and_understood(
    replica: Replica, material: tuple[Piece, ...], tmp_path: Path
) -> None:
    crawl = crawled("ungm", replica, tmp_path, date(2026, 5, 1), TODAY)
    told = crawl.report
    assert (crawl.code, told["items"], told["declared"], told["pages"]) == (0, 40, 40, 3)
    drafts = crawl.drafts(Rates.load())
    assert len({one.notice.key for one in drafts}) == len(material)
    several = ("pays inconnu", "Multiple destinations (see description)")
    assert {remark for one in drafts for remark in one.remarks} <= {several}
    assert all(one.published and one.deadline and one.buyer and one.stage for one in drafts)


@pytest.fixture
def service(material: tuple[Piece, ...]) -> Service:
    return ungm.service(material, TODAY)


def test_only_the_days_asked_for_come(service: Service, tmp_path: Path) -> None:
    since = TODAY - timedelta(days=3)
    run = walked(UngmSpider, "ungm", service, tmp_path, since, TODAY)
    assert (run.reason, run.journal.items, run.journal.declared) == ("finished", 8, 8)


@pytest.mark.parametrize(("page", "reason"), [(0, "unreadable"), (1, "short"), (2, "short")])
def test_another_page_in_its_place_is_no_end_of_the_list(
    service: Service, tmp_path: Path, page: int, reason: str
) -> None:
    def lost(asked: Asked) -> Answer:
        at = json.loads(asked.body)["PageIndex"]
        return Answer(b"<html>Session expired</html>") if at == page else service(asked)

    run = walked(UngmSpider, "ungm", lost, tmp_path, date(2026, 5, 1), TODAY)
    assert (run.reason, run.journal.items) == (reason, 15 * page)


def test_a_row_as_the_portal_writes_it_is_a_notice() -> None:
    row = """
    <div role="row" tabindex="0" data-noticeid="300726" class="tableRow dataRow notice-table">
      <div role="cell" class="tableCell editable resultOptions">
        <input type="button" value="View Documents" data-notice-id="300726" /></div>
      <div role="cell" class="tableCell resultTitle">
        <span class="ungm-title ungm-title--small">Ropa de cama y toallas de ba&#241;o</span>
        <a target="_blank" href="/Public/Notice/300726">Open in a new window</a></div>
      <div role="cell" class="tableCell resultInfo1 deadline" data-description="Deadline">
        <span>26-May-2026 15:30 (GMT -5.00)</span>
        <span class="remainingDaysToDeadline" style="display:none">0.07</span></div>
      <div role="cell" class="tableCell"><span>13-May-2026</span></div>
      <div role="cell" class="tableCell resultAgency"><span>UNDP</span></div>
      <div role="cell" class="tableCell"><span><label>Invitation to bid</label></span></div>
      <div role="cell" class="tableCell resultInfo1"><span>UNDP-PER-00907,1</span></div>
      <div role="cell" class="tableCell"><span>Peru</span></div>
    </div>
    <script>var noticeTotal = "1657";</script>"""
    page = source("ungm")
    [found] = [one.notice for one in read(BytesIO(row.encode()), page, "page")]
    assert found is not None
    draft = normalise(found, page, Rates.load(), datetime.now(UTC))
    assert draft.deadline == datetime(2026, 5, 26, 20, 30, tzinfo=UTC)
    assert (found.key, draft.country, draft.buyer, draft.stage) == ("300726", "PE", "UNDP", "open")
    assert (draft.texts[0].title, draft.texts[0].language) == (
        "Ropa de cama y toallas de baño",
        "es",
    )
    assert found.url == "https://www.ungm.org/Public/Notice/300726"


def test_nobody_asks_it_without_being_told_to() -> None:
    """Its terms ask for a permission that whoever runs this must have."""
    assert source("ungm").collect is not None
    assert "ungm" not in collected(sources())
    assert "worldbank" in collected(sources())
