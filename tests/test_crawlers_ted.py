"""TED, from its search to a French query: the shape of the service, its traps, the whole path."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import Response

from crawlers.landing import Run
from crawlers.order import order
from crawlers.spiders import ted as spider
from crawlers.spiders.ted import TedSpider
from index.coding import Coder
from index.embedded import EmbeddedEngine
from index.lead import Lead
from index.query import Query
from index.store import LeadStore
from index.sync import synchronise
from ingest.collecting import Collected, Collecting
from ingest.crawl import Crawl, Request, known, report
from ingest.crawl_process import crawl_process
from ingest.source import source, sources
from replica import ted
from replica.material import Piece, pieces
from replica.server import Answer, Asked, Replica, serving

FIRST, LAST = date(2026, 5, 1), date(2026, 5, 31)
ALL = FIRST, LAST
SEARCH = "/v3/notices/search"


@pytest.fixture(scope="module")
def few(notices: Path) -> Sequence[Piece]:
    """Sixty notices, old and new: eForms stand at the end."""
    held = [one for one in pieces(notices) if one.notice.source == "ted"]
    return [*held[::70], *(one for one in held if one.format == "eforms")][:60]


def ask(service: Any, **body: object) -> Answer:
    """What the search answers to one body."""
    sent = json.dumps({"limit": 250, "fields": ["publication-number"], **body}).encode()
    answer: Answer = service(Asked(ted.API, "POST", SEARCH, {}, {}, sent))
    return answer


def told(answer: Answer) -> dict[str, Any]:
    assert isinstance(answer.body, bytes)
    read: dict[str, Any] = json.loads(answer.body)
    return read


def between(first: str, last: str, sort: str = "publication-number") -> str:
    return f"publication-date>={first} AND publication-date<={last} SORT BY {sort}"


def walk(
    answers: Callable[[Asked], Answer], folder: Path, since: date = FIRST, until: date = LAST
) -> Run:
    """The spider over a service, in this process; what the site gives matters not here."""
    run = Run(folder, "ted", "agent", lambda: datetime(2026, 6, 1, tzinfo=UTC))
    made = TedSpider(order(source("ted"), since, until, until), run)
    run.journal.begin(made.first())
    requests = made._next()
    while request := next(requests, None):
        sent = Asked(ted.API, request.method, SEARCH, {}, {}, request.body)
        asks = request.cb_kwargs["ask"]
        body = b"<notice/>" if asks.notices else answers(sent).body
        requests = made.land(Response(request.url, body=body), asks)
    return run


# --- the shape of the service -------------------------------------------------------------------


def test_the_search_answers_in_the_shape_of_the_real_one(few: Sequence[Piece]) -> None:
    service = ted.services(few)[ted.API]
    fields = ["publication-number", "publication-date", "notice-version"]
    page = told(ask(service, query=between("20260501", "20260531"), fields=fields, limit=2))
    assert {name: type(value) for name, value in page.items()} == {
        "notices": list,
        "totalNoticeCount": int,
        "iterationNextToken": str,
        "timedOut": bool,
    }
    assert (len(page["notices"]), page["totalNoticeCount"]) == (2, len(few))
    for notice in page["notices"]:
        number, day = notice["publication-number"], notice["publication-date"]
        assert number.replace("-", "").isdigit() and date.fromisoformat(day.split("+")[0])
        assert notice["links"]["xml"]["MUL"] == f"https://ted.europa.eu/en/notice/{number}/xml"


def test_the_search_refuses_what_the_real_one_refuses(few: Sequence[Piece]) -> None:
    service = ted.services(few)[ted.API]
    good = between("20260501", "20260531")
    assert ask(service, query=good, limit=251).status == 400
    assert ask(service, query="published since May").status == 400
    token = told(ask(service, query=good))["iterationNextToken"]
    assert ask(service, query=good, iterationNextToken=token).status == 200
    assert ask(service, query=good, iterationNextToken=token[:-5]).status == 500


def test_a_date_in_another_form_is_no_error_and_brings_nothing(few: Sequence[Piece]) -> None:
    page = told(ask(ted.services(few)[ted.API], query=between("2026-05-01", "2026-05-31")))
    assert (page["notices"], page["totalNoticeCount"]) == ([], 0)


def test_the_spider_writes_dates_as_the_search_reads_them(
    tmp_path: Path, few: Sequence[Piece]
) -> None:
    run = walk(ted.services(few)[ted.API], tmp_path, date(2026, 5, 4), date(2026, 5, 29))
    assert (run.reason, run.journal.items, run.journal.declared) == ("finished", 60, 60)


def test_ordered_by_date_notices_would_be_lost_between_pages(
    tmp_path: Path, few: Sequence[Piece], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = ted.services(few, size=7)[ted.API]
    assert walk(service, tmp_path / "number").journal.items == 60
    by_date = spider.QUERY.replace("SORT BY publication-number", "SORT BY publication-date")
    monkeypatch.setattr(spider, "QUERY", by_date)
    run = walk(service, tmp_path / "date")
    assert run.reason == "short" and run.journal.items < 60


# --- what the spider makes of it ----------------------------------------------------------------


def page(*numbers: str, **fields: object) -> Callable[[Asked], Answer]:
    """A service that answers the same page for ever."""
    usual = {"totalNoticeCount": len(numbers), "iterationNextToken": "t", "timedOut": False}
    notices = [{"publication-number": number} for number in numbers]
    body = json.dumps({"notices": notices, **usual, **fields}).encode()
    return lambda asked: Answer(body)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"timedOut": True}, "unavailable"),
        ({"timedOut": None}, "unavailable"),
        ({"iterationNextToken": None, "totalNoticeCount": 3}, "short"),
        ({}, "loop"),
        ({"notices": {"publication-number": "1-2026"}}, "unreadable"),
        ({"notices": [{"title-proc": {"deu": "Schulmöbel"}}]}, "unreadable"),
    ],
)
def test_a_search_that_is_not_whole_is_never_finished(
    tmp_path: Path, fields: dict[str, object], reason: str
) -> None:
    assert walk(page("1-2026", "2-2026", **fields), tmp_path).reason == reason


def test_a_search_may_end_without_a_token(tmp_path: Path) -> None:
    run = walk(page("1-2026", "2-2026", iterationNextToken=None), tmp_path)
    assert (run.reason, run.journal.items) == ("finished", 2)


# --- the real crawl -----------------------------------------------------------------------------


def crawl(replica: Replica, landing: Path, before: Path | None = None) -> tuple[Crawl, Path]:
    """One run of the command, after another one; its report and its folder."""
    ask = crawl_process(replica=replica.address, delay=0)
    request = Request("ted", landing, *ALL, known=known(before))
    answer = ask(request, lambda told: None)
    assert answer.folder is not None, answer.impossible
    return report(answer.folder), answer.folder


def test_each_notice_lands_byte_for_byte_and_comes_once(
    tmp_path: Path, few: Sequence[Piece]
) -> None:
    with serving(Replica(ted.services(few, size=25))) as replica:
        first, folder = crawl(replica, tmp_path)
        bodies = {path.read_bytes() for path in folder.glob("[0-9]*.xml")}
        asked = len(replica.paths(ted.SITE))
        again, _ = crawl(replica, tmp_path, folder)
        robots = [path for path in replica.paths(ted.SITE)[asked:] if path != "/robots.txt"]
    assert (first.reason, first.items, first.declared) == ("finished", 60, 60)
    assert bodies == {one.body for one in few}
    assert (again.reason, again.items, again.unchanged, robots) == ("finished", 60, 60, [])


class World:
    """A record in which TED is collected from a replica, on a given day."""

    def __init__(self, store: LeadStore, folder: Path, coder: Coder) -> None:
        self.store, self.folder, self.coder = store, folder, coder

    def collect(self, replica: Replica, now: datetime, lowest: int = 1) -> Collected:
        """lowest: notices expected of a collection."""
        page = source("ted").model_copy(update={"expected": (lowest, 14_000)})
        ask = crawl_process(replica=replica.address, delay=0)
        pages = {**sources(), "ted": page}
        coder = self.coder
        return Collecting(self.store, pages, self.folder, ask, lambda: now, lambda: coder).collect(
            "ted"
        )

    def leads(self) -> list[Lead]:
        return [lead for batch in self.store.changed_since(0) for lead in batch]


@pytest.fixture
def world(tmp_path: Path, coder: Coder) -> Iterator[World]:
    store = LeadStore.open(f"sqlite:///{tmp_path / 'record.sqlite3'}")
    yield World(store, tmp_path / "landing", coder)
    store.close()


def named(notices: Path, *names: str) -> list[Piece]:
    held = {one.path.name: one for one in pieces(notices)}
    return [held[name] for name in names]


def published(days: Iterable[date], held: Iterable[Piece]) -> dict[str, Any]:
    """The two services of TED, over notices published on these days."""
    made = [replace(one, day=day) for one, day in zip(ted.published(list(held)), days, strict=True)]
    search = partial(ted.search, notices=made)
    xml = {f"/en/notice/{one.number}/xml": one.xml for one in made}
    return {ted.API: search, ted.SITE: partial(ted.site, xml=xml)}


def test_a_german_notice_is_found_in_french_after_the_crawl(
    notices: Path, world: World, embedded: EmbeddedEngine
) -> None:
    racks, tools = "731596-2023.xml", "650618-2023.xml"
    friday, monday = date(2023, 12, 1), datetime(2023, 12, 4, 12, tzinfo=UTC)
    with serving(Replica(published((friday, friday), named(notices, racks, tools)))) as replica:
        assert world.collect(replica, monday).outcome == "promoted"
    synchronise(world.store, embedded)
    first = embedded.search(Query("rayonnages mobiles"), monday).hits[0].lead
    assert (first.title, first.country) == ("Verschieberegalanlage", "DE")
    assert first.url == "https://ted.europa.eu/fr/notice/-/detail/731596-2023"


def test_a_notice_of_the_next_day_updates_the_lead_and_keeps_its_history(
    notices: Path, world: World
) -> None:
    both = named(notices, "030875-2022.xml", "042268-2022.xml")
    days = (date(2022, 1, 24), date(2022, 1, 25))
    now = datetime(2022, 1, 24, 12, tzinfo=UTC)
    with serving(Replica(published(days, both))) as replica:
        world.collect(replica, now)
        assert [lead.stage for lead in world.leads()] == ["open"]
        world.collect(replica, now + timedelta(days=1))
    (lead,) = world.leads()
    assert (lead.stage, lead.expires) == ("cancelled", None)
    assert [one.key for one in lead.provenances] == ["030875-2022", "042268-2022"]
    assert [(one.key, one.stage) for one in lead.history] == [("042268-2022", "cancelled")]


def test_days_without_a_notice_are_never_taken_for_calm_ones(
    world: World, few: Sequence[Piece]
) -> None:
    lowest, _ = source("ted").expected
    with serving(Replica(ted.services(few))) as replica:
        done = world.collect(replica, datetime(2026, 6, 28, 12, tzinfo=UTC), lowest)
    assert done.outcome == "held"
    assert "0 avis reçu, contre 1000 au moins d’ordinaire" in done.sentence
