"""The federal opportunities of the United States come in numbered pages, with a key."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ingest.price import Rates
from replica import sam
from replica.crawled import crawled
from replica.material import Piece
from replica.server import Asked, Replica, serving

FIRST, TODAY = date(2026, 5, 1), date(2026, 6, 1)
SMALL = (
    "https://api.sam.gov/opportunities/v2/search?postedFrom={since:%m/%d/%Y}"
    "&postedTo={until:%m/%d/%Y}&ptype=o&ptype=k&limit=15&offset=0"
)
pytestmark = pytest.mark.notices


@pytest.fixture
def replica(material: tuple[Piece, ...]) -> Iterator[Replica]:
    with serving(Replica({sam.HOST: sam.service(material, TODAY)})) as replica:
        yield replica


def test_every_notice_is_read_and_understood(
    replica: Replica, material: tuple[Piece, ...], tmp_path: Path
) -> None:
    crawl = crawled("us-sam", replica, tmp_path, FIRST, TODAY, address=SMALL, SAM_API_KEY=sam.KEY)
    told = crawl.report
    assert (crawl.code, told["items"], told["declared"], told["pages"]) == (0, 40, 40, 3)
    drafts = crawl.drafts(Rates.load())
    assert len({one.notice.key for one in drafts}) == len(material)
    assert [remark for one in drafts for remark in one.remarks] == []
    assert {one.country for one in drafts} == {"US"}
    assert all(one.published and one.buyer and one.stage and one.notice.url for one in drafts)
    assert all({code.scheme for code in one.notice.codes} == {"NAICS", "PSC"} for one in drafts)
    assert {one.value.amount for one in drafts if one.value} == {800620.5}
    [first] = [one for one in drafts if one.notice.process == "SOL-1"]
    assert first.deadline == datetime(2026, 7, 5, 16, 30, tzinfo=UTC)
    assert "Jane" not in str(drafts)
    assert sam.KEY not in str(told)


def test_without_a_key_one_is_told_how_to_get_it(replica: Replica, tmp_path: Path) -> None:
    refused = crawled("us-sam", replica, tmp_path, FIRST, TODAY, SAM_API_KEY="")
    assert refused.code == 2
    assert "variable d'environnement SAM_API_KEY. Elle est gratuite : créez un compte" in (
        " ".join(refused.said.split())
    )
    assert replica.asked == []


def answered(query: dict[str, str], quota: int = 1) -> tuple[int, str]:
    """Status and body of the replica's answer to a request with a key."""
    dates = {"postedFrom": "05/01/2026", "postedTo": "06/01/2026", "limit": "10"}
    asked = Asked(
        sam.HOST, "GET", "/opportunities/v2/search", {"api_key": sam.KEY, **dates, **query}, {}
    )
    answer = sam.service((), TODAY, quota=quota)(asked)
    assert isinstance(answer.body, bytes)
    return answer.status, answer.body.decode()


def test_the_replica_refuses_what_the_service_refuses() -> None:
    assert answered({"api_key": ""})[0] == 403
    assert answered({"postedFrom": "2026-05-01"})[0] == 400
    assert "1 year" in answered({"postedFrom": "05/01/2024"})[1]
    assert answered({"limit": "1001"})[0] == 400
    assert answered({})[0] == 200
    assert answered({}, quota=0)[0] == 429
