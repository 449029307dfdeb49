"""Feeds, sites and services that any source's page may describe, crawled for real on a replica."""

import gzip
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
from scrapy import Request
from scrapy.http import Response

from crawlers.ask import Ask, PageError, Read
from crawlers.landing import Run
from crawlers.markup import day, unpacked
from crawlers.order import order
from crawlers.spiders import sitemap
from crawlers.spiders.json_pages import JsonSpider
from crawlers.spiders.rss import RssSpider
from crawlers.spiders.sitemap import SitemapSpider
from crawlers.walk import Walk
from ingest.document import Document, Limits
from ingest.documents import documents
from ingest.notice import Notice, Text
from ingest.readers import READERS
from ingest.source import Source, source
from replica.feeds import API, FEED, SITE, services
from replica.server import Answer, Asked, Replica, Service, serving

SPIDERS: dict[str, type[Walk]] = {"rss": RssSpider, "sitemap": SitemapSpider, "json": JsonSpider}
ROOT = Path(__file__).parents[1]
NOTICES = tuple(
    Notice(source="x", key=f"D-{n}", texts=(Text(f"Pompes {n} & <b>moteurs</b>"),), country="PE")
    for n in range(7)
)
CRAWLED: dict[str, dict[str, Any]] = {
    "rss": {"address": f"https://{FEED}/demandes.atom", "hosts": [SITE]},
    "sitemap": {"address": f"https://{SITE}/robots.txt", "details": r"/demandes/\d+$"},
    "json": {
        "address": f"https://{API}/offset?skip=0",
        "paging": {"items": ["resultats.avis"], "counts": "offset", "parameter": "skip",
                   "total": "resultats.total"},
    },
}  # fmt: skip
READ: dict[str, dict[str, Any]] = {
    "rss": {"formats": ["rss"]},
    "sitemap": {"formats": ["jsonld"]},
    "json": {
        "formats": ["tabular"],
        "mapping": {
            "rows": "resultats.avis", "key": ["reference"], "title": ["objet"],
            "body": ["description"], "buyer": "acheteur", "country": "pays",
            "published": "parution", "deadline": "limite", "codes": {"CPV": "codes.cpv"},
        },
    },
}  # fmt: skip


def page(spider: str, **collect: Any) -> dict[str, Any]:
    return {
        "name": "ensayo", "title": "X", "publisher": "X", "licence": "CC0",
        "url": f"https://{SITE}", "collect": {"spider": spider} | CRAWLED[spider] | collect,
    } | READ[spider]  # fmt: skip


@dataclass
class Desk:
    """A spider before three services, whose answers it is handed without a network."""

    folder: Path
    services: dict[str, Service] = field(default_factory=lambda: services(NOTICES, size=3))
    asked: list[str] = field(default_factory=list)
    run: Run | None = None

    def crawl(self, described: dict[str, Any], since: date = date(2026, 5, 1)) -> Run:
        """A crawl; it knows what the one before read. ``asked``: the addresses it asked for."""
        told = order(Source.model_validate(described), since, date(2026, 5, 31), date(2026, 6, 1))
        self.run = run = Run(
            self.folder, "ensayo", "agent", lambda: datetime.now(UTC), known=self.known
        )
        self.asked = []
        spider = SPIDERS[described["collect"]["spider"]](told, run)
        run.journal.begin(spider.first())
        requests = spider._next()
        while request := next(requests, None):
            self.asked.append(urlsplit(request.url).path)
            requests = spider.land(self._answer(request), request.cb_kwargs["ask"])
        return run

    def replan(self, old: bytes, new: bytes) -> None:
        """The second of the three sitemaps, unpacked, says something else."""
        before = self.services[SITE]

        def site(asked: Asked) -> Answer:
            answer = before(asked)
            if asked.path != "/plans/3.xml.gz":
                return answer
            assert isinstance(answer.body, bytes)
            return Answer(unpacked(answer.body, 100_000).replace(old, new))

        self.services[SITE] = site

    @property
    def known(self) -> dict[str, dict[str, str]]:
        return self.run.journal.known if self.run else {}

    def _answer(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        headers = {name.decode(): values[0].decode() for name, values in request.headers.items()}
        query = dict(parse_qsl(parts.query))
        told = self.services[parts.netloc](Asked(parts.netloc, "GET", parts.path, query, headers))
        assert isinstance(told.body, bytes)
        sent = {name: value for name, value in told.headers.items() if name != "Content-Type"}
        return Response(request.url, told.status, sent, told.body)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def read(folder: Path, described: Source) -> list[Notice]:
    """What ingestion finds in the folder of a crawl."""
    found = []
    for one in documents([folder], Limits()):
        assert isinstance(one, Document)
        with one.open() as stream:
            found += list(READERS[described.formats[0]](stream, described, one.name))
    assert [one.reason for one in found] == [""] * len(found)
    return [one.notice for one in found if one.notice]


@pytest.mark.parametrize("spider", CRAWLED)
def test_what_a_service_published_is_crawled_and_read_to_the_last_notice(
    tmp_path: Path, spider: str
) -> None:
    """The real command, in its own process, on a real server."""
    (tmp_path / "fiches").mkdir()
    (tmp_path / "fiches" / "ensayo.yml").write_bytes(orjson.dumps(page(spider)))
    command = [sys.executable, "-W", "error", "-m", "crawlers", "ensayo", "--delai", "0"]
    places = ["--vers", str(tmp_path / "depot"), "--pages", str(tmp_path / "fiches")]
    dates = ["--depuis", "2026-05-01", "--jusque", "2026-05-31"]
    with serving(Replica(services(NOTICES, size=3))) as replica:
        told = subprocess.run(
            [*command, *places, *dates, "--replique", replica.address],
            cwd=ROOT,
            env=os.environ | {"NO_PROXY": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert told.returncode == 0, told.stderr
    [folder] = (tmp_path / "depot" / "ensayo").iterdir()
    report = orjson.loads((folder / "_run.json").read_bytes())
    assert (report["reason"], report["items"]) == ("finished", 7)
    found = read(folder, source("ensayo", tmp_path / "fiches"))
    assert sorted(one.key.rpartition(":")[2] for one in found) == [f"D-{n}" for n in range(7)]
    assert {one.texts[0].title for one in found} == {one.texts[0].title for one in NOTICES}
    assert {one.unknown for one in found} == {()}
    if spider != "json":
        assert {one.url for one in found} == {f"https://{SITE}/demandes/{n}" for n in range(7)}


@pytest.mark.parametrize(
    ("address", "paging"),
    [
        ("pages?page=1", {"counts": "number", "parameter": "page"}),
        ("curseur", {"cursor": "suite", "parameter": "curseur"}),
        ("liens", {"link": "liens.suivant"}),
    ],
)
def test_pages_of_json_are_turned_as_the_source_s_page_says(
    desk: Desk, address: str, paging: dict[str, Any]
) -> None:
    said = {"items": ["resultats.avis"], "total": "resultats.total"} | paging
    described = page("json", address=f"https://{API}/{address}", paging=said)
    run = desk.crawl(described)
    assert (run.reason, run.journal.items) == ("finished", 7)
    assert len(read(run.folder, Source.model_validate(described))) == 7


# --- feeds --------------------------------------------------------------------------------------


def test_a_feed_that_did_not_change_is_asked_for_once_and_sent_once(desk: Desk) -> None:
    desk.crawl(page("rss"))
    run = desk.crawl(page("rss"))
    assert desk.asked == ["/demandes.atom"]
    assert (run.reason, run.journal.unchanged, run.journal.landed) == ("finished", 1, 0)


def test_the_pages_of_a_feed_are_turned_back_to_the_dates_asked_for(desk: Desk) -> None:
    run = desk.crawl(page("rss"), date(2026, 5, 29))
    # 31, 30 and 29 May, then 28, 27 and 26, which are all too old: the third is not asked for.
    assert desk.asked == ["/demandes.atom"] * 2
    assert run.reason == "finished"


def spider_of(
    kind: type[RssSpider] | type[SitemapSpider], name: str, folder: Path, **collect: Any
) -> RssSpider | SitemapSpider:
    described = Source.model_validate(page(name, **collect))
    told = order(described, date(2026, 5, 1), date(2026, 5, 31), date(2026, 6, 1))
    run = Run(folder, "ensayo", "agent", lambda: datetime(2026, 6, 1, tzinfo=UTC))
    spider = kind(told, run)
    run.journal.begin(spider.first())
    return spider


def heard(spider: RssSpider | SitemapSpider, ask: Ask, body: str | bytes) -> Read:
    data = body.encode() if isinstance(body, str) else body
    return spider.read(ask, Response(ask.address, body=data))


def atom(*items: str, following: str = "") -> str:
    entries = "".join(f"<entry><id>{one}</id></entry>" for one in items)
    link = f'<link rel="next" href="{following}"/>' if following else ""
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{link}{entries}</feed>'


def test_the_pages_of_a_feed_that_turn_in_circles_are_left(tmp_path: Path) -> None:
    spider = spider_of(RssSpider, "rss", tmp_path)
    [first] = spider.first()
    with pytest.raises(PageError) as itself:
        heard(spider, first, atom("a", following=first.address))
    told = heard(spider, first, atom("a", following="?page=2"))
    with pytest.raises(PageError) as same:
        heard(spider, told.follow[0], atom("a", following="?page=3"))
    assert (itself.value.reason, same.value.reason) == ("loop", "loop")


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        (atom("a", "b"), ("a", "b")),
        ("<rss><channel><item><guid>1</guid></item><item><link>/2</link></item></channel></rss>",
         ("1", "/2")),
        ("<rss><channel/></rss>", ()),
        ('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/'
         'rss/1.0/"><item rdf:about="x"/></rdf:RDF>', ("x",)),
    ],
)  # fmt: skip
def test_the_items_of_a_feed_are_counted_by_their_names(
    tmp_path: Path, body: str, keys: tuple[str, ...]
) -> None:
    spider = spider_of(RssSpider, "rss", tmp_path)
    assert heard(spider, spider.first()[0], body) == Read(len(keys), keys)


@pytest.mark.parametrize("body", ["", "<opml/>", "<rss><channel>", atom("a")[:-3], b"\xff\xfe\0"])
def test_what_is_no_whole_feed_is_unreadable(tmp_path: Path, body: str | bytes) -> None:
    spider = spider_of(RssSpider, "rss", tmp_path)
    with pytest.raises(PageError):
        heard(spider, spider.first()[0], body)


# --- sites --------------------------------------------------------------------------------------


def test_only_the_pages_that_a_source_s_page_describes_are_asked_for(desk: Desk) -> None:
    run = desk.crawl(page("sitemap"))
    plans = [f"/plans/{n}.xml.gz" for n in (0, 3, 6)]
    pages = [f"/demandes/{n}" for n in range(7)]
    assert desk.asked == ["/robots.txt", "/sitemap.xml", *plans, *pages]
    assert (run.reason, run.journal.items) == ("finished", 7)


def test_a_page_whose_date_in_the_list_is_the_same_is_not_asked_again(desk: Desk) -> None:
    """Unless the day is not over: it may change again on it."""
    desk.crawl(page("sitemap"))
    # The fifth demand changed its date, not its words.
    desk.replan(b"2026-05-27", b"2026-05-28T08:00:00Z")
    run = desk.crawl(page("sitemap"))
    assert [path for path in desk.asked if path.startswith("/demandes/")] == [
        "/demandes/0",
        "/demandes/4",
    ]
    assert (run.reason, run.journal.unchanged) == ("finished", 7)
    assert len([one for one in run.journal.known if "/demandes/" in one]) == 7


def test_one_address_that_nobody_can_ask_for_does_not_hide_the_others(desk: Desk) -> None:
    long = f"https://{SITE}/demandes/{'9' * 3_000}"
    desk.replan(b"</urlset>", f"<url><loc>{long}</loc></url></urlset>".encode())
    run = desk.crawl(page("sitemap"))
    assert (run.reason, run.journal.items) == ("finished", 7)
    assert [one["address"] for one in run.journal.missed] == [long[:500]]


def test_pages_older_than_the_dates_asked_for_are_left(desk: Desk) -> None:
    desk.crawl(page("sitemap"), date(2026, 5, 30))
    asked = [path for path in desk.asked if path.startswith("/demandes/")]
    assert asked == ["/demandes/0", "/demandes/1"]


def test_sitemaps_without_end_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "MAX_LISTS", 20)
    spider = spider_of(SitemapSpider, "sitemap", tmp_path, address=f"https://{SITE}/sitemap.xml")
    [ask], asked = spider.first(), 0
    with pytest.raises(PageError) as caught:
        while True:
            asked += 1
            index = f"<sitemapindex><sitemap><loc>/plan-{asked}.xml</loc></sitemap></sitemapindex>"
            [ask] = heard(spider, ask, index).follow
    assert (caught.value.reason, asked) == ("endless", 21)


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("robots.txt", b"User-agent: *\nDisallow:\n", "unreadable"),
        ("a.xml", b"<rss/>", "unreadable"),
        ("a.xml", b"<urlset><url>", "unreadable"),
        ("a.xml.gz", b"\x1f\x8bnon", "unreadable"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(
    tmp_path: Path, name: str, body: bytes, reason: str
) -> None:
    spider = spider_of(SitemapSpider, "sitemap", tmp_path, address=f"https://{SITE}/{name}")
    with pytest.raises(PageError) as caught:
        heard(spider, spider.first()[0], body)
    assert caught.value.reason == reason


def test_a_list_that_unpacks_to_a_mountain_is_refused() -> None:
    with pytest.raises(PageError) as caught:
        unpacked(gzip.compress(bytes(100_000)), 50_000)
    assert caught.value.reason == "oversize"
    assert unpacked(b"<urlset/>", 1) == b"<urlset/>"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-05-01", date(2026, 5, 1)),
        ("2026-05-01T23:00:00-05:00", date(2026, 5, 2)),
        ("Tue, 03 Nov 2026 09:00:00 GMT", date(2026, 11, 3)),
        ("2026-05", None),
        ("hier", None),
        ("", None),
        ("9999-12-31T23:59:59-10:00", None),
    ],
)
def test_a_date_of_a_list_is_a_day_or_nothing(written: str, expected: date | None) -> None:
    assert day(written) == expected
