"""Reading one page of a service: its items, the page after it, and what it may not do."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from crawlers.ask import Ask
from crawlers.backoff import CEILING, asked_wait, next_delay
from crawlers.landing import Run
from crawlers.order import Order, order
from crawlers.paged import PagedSpider, next_address
from crawlers.spiders.ocds import OcdsSpider
from ingest.collect import Collect, Paging
from ingest.source import Source, SourceError

HERE = "https://compras.exemple.test/api/releases?size=2"
LINKS = OcdsSpider.paging
CURSOR = Paging(items=("results",), cursor="meta.token", parameter="after", total="meta.total")


class CountedSpider(PagedSpider):
    """A service with a cursor, which counts its items."""

    name = "counted"
    paging = CURSOR


TODAY = date(2026, 6, 1)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path, "compras", "agent", clock=lambda: datetime(2026, 6, 1, tzinfo=UTC))


def page(address: str = HERE, **collect: Any) -> Source:
    return Source(
        name="compras",
        title="Compras",
        publisher="Agencia",
        licence="CC-BY-4.0",
        url="https://compras.exemple.test",
        formats=("ocds",),
        collect=Collect(spider="ocds", address=address, **collect),
    )


def told(address: str = HERE, **collect: Any) -> Order:
    return order(page(address, **collect), None, None, TODAY)


def asked(spider: PagedSpider, *bodies: bytes) -> Iterator[str]:
    """The addresses a spider asks for, when the service answers these bodies in order."""
    (ask,) = spider.first()
    spider.run.journal.begin((ask,))
    for body in bodies:
        following = list(spider.land(Response(ask.address, body=body), ask))
        yield from (request.url for request in following)
        ask = following[-1].cb_kwargs["ask"] if following else ask


@pytest.mark.parametrize(
    ("link", "following"),
    [
        ("/api/releases?page=2", "https://compras.exemple.test/api/releases?page=2"),
        ("?size=2&page=2", "https://compras.exemple.test/api/releases?size=2&page=2"),
        (" https://compras.exemple.test/p2 ", "https://compras.exemple.test/p2"),
        ("", None),
        (None, None),
    ],
)
def test_the_next_page_is_where_the_link_says(link: object, following: str | None) -> None:
    assert next_address({"links": {"next": link}}, LINKS, HERE) == following


@pytest.mark.parametrize("page", [{}, {"links": None}, {"links": []}, {"links": "next"}])
def test_a_page_without_link_is_the_last(page: object) -> None:
    assert next_address(page, LINKS, HERE) is None


@pytest.mark.parametrize("link", [3, True, ["/2"], {"href": "/2"}, "http://[::1"])
def test_a_link_that_is_no_address_is_refused(link: object) -> None:
    with pytest.raises(ValueError):
        next_address({"links": {"next": link}}, LINKS, HERE)


def test_a_cursor_takes_the_place_of_the_one_before() -> None:
    first = next_address({"meta": {"token": "a b&c"}}, CURSOR, HERE)
    assert first == f"{HERE}&after=a+b%26c"
    assert next_address({"meta": {"token": 7}}, CURSOR, first) == f"{HERE}&after=7"
    assert next_address({"meta": {"token": None}}, CURSOR, HERE) is None
    with pytest.raises(ValueError):
        next_address({"meta": {"token": ["a"]}}, CURSOR, HERE)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sitio en mantenimiento</html>",
        b'{"message": "maintenance"}',
        b'{"releases": 3}',
        b'{"releases": [',
        b"[" * 200_000,
        b'{"releases": [' + b"1" * 10_000 + b"]}",
        b'{"releases": [], "links": {"next": "/\\ud800"}}',
        b"\xff\xfe\x00",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_page_nobody_can_read_is_kept_and_ends_the_run(run: Run, body: bytes) -> None:
    assert list(asked(OcdsSpider(told(), run), body)) == []
    assert (run.folder / "000001.json").read_bytes() == body
    assert [error["reason"] for error in run.errors] == [run.reason]
    assert run.reason == ("html" if body.startswith(b"<html") else "unreadable")


@pytest.mark.parametrize(
    "body", [b'{"records": [{"value": NaN}]}', b'{"releases": [1e999, "\x7f"]}']
)
def test_one_odd_number_does_not_stop_the_run(run: Run, body: bytes) -> None:
    assert list(asked(OcdsSpider(told(), run), body)) == []
    assert run.reason == "finished"


def counted(items: int, total: object, token: str | None) -> bytes:
    return orjson.dumps({"results": [{}] * items, "meta": {"total": total, "token": token}})


def test_a_run_that_brings_what_was_announced_is_finished(run: Run) -> None:
    spider = CountedSpider(told(), run)
    pages = [counted(2, 3, "b"), counted(1, 3, None)]
    assert list(asked(spider, *pages)) == [f"{HERE}&after=b"]
    journal = run.journal
    assert (run.reason, journal.items, journal.declared, journal.landed) == ("finished", 3, 3, 2)


def test_a_run_that_brings_less_than_was_announced_is_short(run: Run) -> None:
    spider = CountedSpider(told(), run)
    assert len(list(asked(spider, counted(2, 10, "b"), counted(1, 10, None)))) == 1
    assert (run.reason, run.errors[0]["detail"]) == ("short", "3 of 10")


def test_a_count_may_be_written_as_a_word(run: Run) -> None:
    assert list(asked(CountedSpider(told(), run), counted(2, "10", None))) == []
    assert (run.reason, run.journal.declared) == ("short", 10)


@pytest.mark.parametrize("total", [None, "dix", "-1", "9" * 5_000, True, 3.5, {}])
def test_a_count_that_is_no_whole_number_counts_as_none(run: Run, total: object) -> None:
    assert list(asked(CountedSpider(told(), run), counted(2, total, None))) == []
    assert (run.reason, run.journal.declared) == ("finished", None)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "file://compras.exemple.test/etc/passwd",
        "data:application/json,{}",
        "https://compras.exemple.test.pirate.test/",
        "https://compras.exemple.test@pirate.test/",
        "https://pirate.test@compras.exemple.test/",
        "https://compras.exemple.test:22/",
        "https:///etc/passwd",
    ],
)
def test_a_spider_stays_on_its_site(run: Run, address: str) -> None:
    with pytest.raises(IgnoreRequest):
        OcdsSpider(told(), run).stay(Request(address, cb_kwargs={"ask": Ask(HERE)}))
    assert run.reason == "offsite"


@pytest.mark.parametrize("host", ["169.254.169.254", "0x7f.1", "[::ffff:127.0.0.1]", "2130706433"])
def test_a_spider_stays_out_of_private_networks(run: Run, host: str) -> None:
    spider = OcdsSpider(told(hosts=[host.strip("[]")]), run)
    with pytest.raises(IgnoreRequest):
        spider.stay(Request(f"http://{host}/latest", cb_kwargs={"ask": Ask(HERE)}))
    assert run.reason == "private"


def test_a_full_disk_does_not_let_a_forbidden_request_through(run: Run) -> None:
    """Scrapy makes the request whatever this raises, but for IgnoreRequest."""
    run.folder.joinpath("_journal.jsonl").mkdir()
    detail = Ask(f"{HERE}&detail", alone=True)
    with pytest.raises(IgnoreRequest):
        OcdsSpider(told(), run).stay(Request("file:///etc/passwd", cb_kwargs={"ask": detail}))
    assert run.reason == "disk"


@pytest.mark.parametrize(
    "address", [HERE, "http://compras.exemple.test", "https://www.compras.exemple.test"]
)
def test_a_site_includes_its_subdomains_and_both_schemes(run: Run, address: str) -> None:
    OcdsSpider(told(), run).stay(Request(address))
    assert run.errors == []


def test_the_dates_take_their_place_in_the_address() -> None:
    source = page("https://compras.exemple.test/api?from={since:%d/%m/%Y}&to={until}T00:00:00")
    since = date(2026, 1, 31)
    asked = order(source, since, TODAY, TODAY)
    assert asked.address == (
        "https://compras.exemple.test/api?from=31/01/2026&to=2026-06-01T00:00:00"
    )
    assert order(source, None, None, TODAY).since == date(2026, 5, 2)


def test_a_source_that_cannot_be_asked_says_why() -> None:
    with pytest.raises(SourceError, match="ne dit pas comment la collecter"):
        order(page().model_copy(update={"collect": None}), None, None, TODAY)
    with pytest.raises(SourceError, match="est après celle de fin"):
        order(page(), date(2026, 6, 2), TODAY, TODAY)
    for host in ("127.1", "0x7f000001", "169.254.169.254", "[64:ff9b::7f00:1]"):
        with pytest.raises(SourceError, match="mène à un réseau privé"):
            order(page(f"http://{host}/api"), None, None, TODAY)
    for host in ("moi:secret@compras.exemple.test", "compras.exemple.test:99999"):
        with pytest.raises(SourceError, match="est incorrecte"):
            order(page(f"https://{host}/api"), None, None, TODAY)
    for address in ("file:///etc/passwd", "https://[::1/api"):
        with pytest.raises(ValueError, match="adresse de service incorrecte"):
            page(address)


@pytest.mark.parametrize(
    ("delay", "retry_after", "following"),
    [
        (1.0, None, 2.0),
        (8.0, b"5", 16.0),
        (1.0, b" 120 ", 120.0),
        (1.0, b"Mon, 01 Jun 2026 09:02:00 GMT", 120.0),
        (1.0, b"Mon, 01 Jun 2026 10:02:00 +0100", 120.0),
        (1.0, b"Mon, 01 Jun 2026 08:00:00 GMT", 2.0),
        (1.0, b"Mon, 99 Jun 99999 08:00:00 GMT", 2.0),
        (1.0, b"demain", 2.0),
        (1.0, b"-5", 2.0),
        (1.0, b"9" * 5_000, CEILING),
        (1.0, b"999999", CEILING),
        (200.0, None, CEILING),
    ],
)
def test_each_failure_doubles_the_wait_unless_the_service_asks_for_more(
    delay: float, retry_after: bytes | None, following: float
) -> None:
    now = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
    assert next_delay(delay, asked_wait(retry_after, now)) == following


OFFSETS = Paging(items=("results",), counts="offset", parameter="start", total="meta.total")
NUMBERS = Paging(items=("results",), counts="number", parameter="page")


def test_pages_are_counted_by_what_they_held_when_nothing_links_them(run: Run) -> None:
    """A service that gives 2 items where 50 were asked for is not skipped over."""
    spider = OcdsSpider(told(f"{HERE}&start=0&rows=50", paging=OFFSETS), run)
    bodies = [counted(2, 3, None), counted(1, 3, None)]
    assert list(asked(spider, *bodies)) == [f"{HERE}&rows=50&start=2"]
    assert (run.reason, run.journal.items) == ("finished", 3)


def test_numbered_pages_end_with_one_that_is_empty(run: Run) -> None:
    spider = OcdsSpider(told(f"{HERE}&page=1", paging=NUMBERS), run)
    bodies = [counted(2, None, None), counted(1, None, None), counted(0, None, None)]
    assert list(asked(spider, *bodies)) == [f"{HERE}&page=2", f"{HERE}&page=3"]
    assert (run.reason, run.journal.items) == ("finished", 3)


def test_items_that_come_twice_do_not_hide_those_that_are_missing(run: Run) -> None:
    paging = NUMBERS.model_copy(update={"total": "total", "key": "id"})
    spider = OcdsSpider(told(f"{HERE}&page=1", paging=paging), run)
    bodies = [
        orjson.dumps({"results": [{"id": n} for n in ids], "total": 6})
        for ids in ((1, 2, 3), (3, 4, 5))
    ]
    assert list(asked(spider, *bodies)) == [f"{HERE}&page=2"]
    assert (run.reason, run.journal.items) == ("short", 5)


def test_a_service_that_gives_the_same_page_for_ever_is_left(run: Run) -> None:
    spider = OcdsSpider(told(f"{HERE}&page=1", paging=NUMBERS), run)
    assert list(asked(spider, counted(2, None, None), counted(2, None, None))) == [f"{HERE}&page=2"]
    assert run.reason == "loop"


@pytest.mark.parametrize(
    "link", ["/" + "2" * 3000, "https://[::1", "//compras.exemple.test:99999/"]
)
def test_an_address_that_scrapy_would_not_take_is_refused(run: Run, link: str) -> None:
    spider = OcdsSpider(told(), run)
    body = orjson.dumps({"releases": [{}], "links": {"next": link}})
    assert list(asked(spider, body)) == []
    assert run.reason == "unreadable"


def test_a_page_as_deep_as_a_well_is_unreadable(run: Run) -> None:
    assert list(asked(OcdsSpider(told(), run), b"[" * 1_000_000)) == []
    assert run.reason == "unreadable"
