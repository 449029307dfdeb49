"""Publishers of OCDS: windows, links, lists and catalogues, each in the shape of its service."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import pytest
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from crawlers.landing import Run
from crawlers.order import Order, order
from crawlers.paged import parsed
from crawlers.settings import settings
from crawlers.walk import Walk
from index.coding import Coder
from index.lead import Lead
from index.store import LeadStore
from ingest.collect import Collect, Paging
from ingest.collecting import Collecting
from ingest.crawl_process import crawl_process
from ingest.document import Document, Limits
from ingest.documents import documents
from ingest.readers import READERS
from ingest.source import Source, source, sources
from replica import ocds
from replica.days import LAST
from replica.material import Piece, pieces
from replica.server import Answer, Asked, Replica, Service, serving

MAY = date(2026, 5, 1), date(2026, 5, 31)
HOSTS = {page: host for host, (page, _) in ocds.MAKERS.items()}
each = pytest.mark.parametrize("name", sorted(HOSTS))


@pytest.fixture(scope="module")
def held(notices: Path) -> Sequence[Piece]:
    return [one for one in pieces(notices) if one.format == "ocds"]


@pytest.fixture(scope="module")
def all_services(held: Sequence[Piece]) -> dict[str, Service]:
    return ocds.services(held)


def get(service: Service, address: str) -> dict[str, Any]:
    """What a service answers to an address, read."""
    answer = service(asked(address))
    assert answer.status == 200 and isinstance(answer.body, bytes), address
    read: dict[str, Any] = json.loads(answer.body)
    return read


def asked(address: str, **headers: str) -> Asked:
    parts = urlsplit(address)
    return Asked(parts.netloc, "GET", parts.path, dict(parse_qsl(parts.query)), headers)


def told(page: Source, days: tuple[date, date] = MAY) -> Order:
    return order(page, *days, days[1])


def with_collect(page: Source, **fields: Any) -> Source:
    assert page.collect is not None
    collect = page.collect.model_copy(update=fields)
    return page.model_copy(update={"collect": collect})


def walk(
    page: Source,
    service: Service,
    folder: Path,
    known: dict[str, dict[str, str]] | None = None,
    days: tuple[date, date] = MAY,
) -> Run:
    """The spider of a page over its service, in this process."""
    made = told(page, days)
    run = Run(folder, page.name, "agent", lambda: datetime.now(UTC), known=known)
    loader = SpiderLoader.from_settings(Settings(settings()))
    spider = cast(type[Walk], loader.load(made.collect.spider))(made, run)
    run.journal.begin(spider.first())
    requests = spider._next()
    while request := next(requests, None):
        tag = (request.headers.get("If-None-Match") or b"").decode()
        answer = service(asked(request.url, **({"If-None-Match": tag} if tag else {})))
        assert answer.status in (200, 304) and isinstance(answer.body, bytes), request.url
        headers = dict(answer.headers)
        response = Response(request.url, answer.status, headers, answer.body)
        requests = spider.land(response, request.cb_kwargs["ask"])
    return run


def keys(folder: Path, page: Source) -> list[str]:
    """The keys of the notices in what landed, in order."""
    found = []
    for document in documents([folder], Limits()):
        assert isinstance(document, Document), document
        with document.open() as stream:
            for one in READERS["ocds"](stream, page, document.name):
                assert one.notice is not None, one.reason
                found.append(one.notice.key)
    return found


# --- pages --------------------------------------------------------------------------------------


@each
def test_the_page_of_a_source_asks_the_service_that_the_replica_stands_for(name: str) -> None:
    address = told(source(name)).address
    assert urlsplit(address).hostname == HOSTS[name]


@each
def test_all_that_a_service_holds_is_collected_once(
    name: str, tmp_path: Path, held: Sequence[Piece], all_services: dict[str, Service]
) -> None:
    run = walk(source(name), all_services[HOSTS[name]], tmp_path)
    assert (run.reason, run.journal.missed) == ("finished", [])
    given = [one.notice.key for one in held if one.notice.source in ocds.HELD[name]]
    assert sorted(keys(run.folder, source(name))) == sorted(given)


def test_each_window_is_asked_for_apart_to_its_last_second() -> None:
    page = source("gb-find-tender")
    addresses = [one.partition("&")[2] for one in told(page, (LAST, LAST)).addresses()]
    assert addresses == [
        f"updatedFrom=2026-05-29T{start:02}:00:00&updatedTo=2026-05-29T{start + 5:02}:59:59"
        for start in (0, 6, 12, 18)
    ]
    whole = with_collect(page, window_hours=0)
    assert list(told(whole, (LAST, LAST)).addresses()) == [
        "https://www.find-tender.service.gov.uk/api/1.0/ocdsReleasePackages?limit=100"
        "&updatedFrom=2026-05-29T00:00:00&updatedTo=2026-05-29T23:59:59"
    ]


@pytest.mark.parametrize(
    "name", [name for name in sorted(HOSTS) if told(source(name)).collect.window_hours]
)
def test_without_windows_a_service_leaves_out_notices_in_silence(
    name: str, tmp_path: Path, all_services: dict[str, Service]
) -> None:
    windows = walk(source(name), all_services[HOSTS[name]], tmp_path / "windows")
    page = with_collect(source(name), window_hours=0)
    whole = walk(page, all_services[HOSTS[name]], tmp_path / "whole")
    assert whole.reason == "finished"
    assert whole.journal.items < windows.journal.items


def test_windows_and_a_count_of_the_whole_do_not_go_together() -> None:
    paging = Paging(items=("releases",), total="count")
    with pytest.raises(ValueError, match="ne vont pas ensemble"):
        Collect(spider="ocds", address="https://x.test/", paging=paging, window_hours=24)


# --- shapes -------------------------------------------------------------------------------------

PACKAGE = {
    "uri", "version", "extensions", "publishedDate", "publisher", "license", "publicationPolicy",
    "releases",
}  # fmt: skip


@pytest.mark.parametrize(
    "name", ["gb-find-tender", "gb-contracts-finder", "au-austender", "za-etenders", "rw-umucyo"]
)
def test_a_page_is_a_release_package_linked_to_the_next(
    name: str, all_services: dict[str, Service]
) -> None:
    week = date(2026, 5, 4), date(2026, 5, 10)
    address, links = next(told(source(name), week).addresses()), 0
    if name == "gb-find-tender":
        *_, address = list(told(source(name), (week[0], week[0])).addresses())[:3]
    while address:
        page = get(all_services[HOSTS[name]], address)
        assert set(page) - {"links"} == PACKAGE
        assert all({"ocid", "id", "date"} <= set(one) for one in page["releases"])
        address = page.get("links", {}).get("next", "")
        links += bool(address)
    assert links or name in ("rw-umucyo", "za-etenders")


def test_mtender_lists_processes_until_an_object_without_fields(
    all_services: dict[str, Service],
) -> None:
    service, home = all_services[HOSTS["md-mtender"]], "https://public.mtender.gov.md/tenders/"
    page = get(service, f"{home}?offset=2026-05-01T00:00:00")
    assert set(page) == {"data", "offset"}
    assert {tuple(sorted(row)) for row in page["data"]} == {("date", "ocid")}
    record = get(service, home + page["data"][0]["ocid"])
    assert {"uri", "records", "packages"} <= set(record)
    assert {"ocid", "releases", "compiledRelease"} == set(record["records"][0])
    assert get(service, f"{home}?offset=2026-06-30T00:00:00") == {}


def test_prozorro_always_has_a_next_page(all_services: dict[str, Service]) -> None:
    service = all_services[HOSTS["ua-prozorro"]]
    address = told(source("ua-prozorro")).address
    page = get(service, address)
    assert {name: type(value) for name, value in page.items()} == {"data": list, "next_page": dict}
    assert set(page["next_page"]) == {"offset", "path", "uri"}
    assert {tuple(sorted(row)) for row in page["data"]} == {("dateModified", "id")}
    while page["data"]:
        page = get(service, page["next_page"]["uri"])
    assert page["next_page"]["uri"]


def test_paraguay_counts_its_processes(all_services: dict[str, Service]) -> None:
    page = get(all_services[HOSTS["py-dncp"]], told(source("py-dncp")).address)
    assert set(page) == {"records", "pagination"}
    pagination = page["pagination"]
    assert (pagination["total_items"], pagination["total_pages"]) == (19, 3)
    assert {"ocid", "compiledRelease"} == set(page["records"][0])


def test_the_catalogue_of_quebec_lists_files_in_several_forms(
    all_services: dict[str, Service],
) -> None:
    page = get(all_services[HOSTS["ca-seao"]], told(source("ca-seao")).address)
    assert page["success"] is True
    assert {one["format"] for one in page["result"]["resources"]} == {"JSON", "CSV"}


# --- lists and catalogues -----------------------------------------------------------------------


def listing(*rows: object) -> Service:
    """A list, and a record at each of its identifiers."""

    def service(sent: Asked) -> Answer:
        if sent.path == "/tenders/":
            body: object = {"data": rows, "offset": "z"} if sent.query["offset"] != "z" else {}
            return Answer(json.dumps(body).encode())
        return Answer(b'{"ocid": "x", "id": "1"}')

    return service


def test_an_item_without_identifier_is_told_and_the_others_come(tmp_path: Path) -> None:
    rows = {"ocid": "a b/c", "date": "1"}, {"date": "2"}, "nothing"
    run = walk(source("md-mtender"), listing(*rows), tmp_path)
    assert (run.reason, run.journal.items) == ("finished", 3)
    assert [one["reason"] for one in run.journal.missed] == ["unreadable", "unreadable"]
    assert list(run.journal.known) == ["https://public.mtender.gov.md/tenders/a%20b%2Fc"]


def test_only_a_feed_may_end_with_an_object_without_fields(tmp_path: Path) -> None:
    page = source("md-mtender")
    assert page.collect and page.collect.paging
    paging = page.collect.paging.model_copy(update={"feed": False})
    run = walk(with_collect(page, paging=paging), listing({"ocid": "a", "date": "1"}), tmp_path)
    assert run.reason == "unreadable"


def test_a_record_that_did_not_change_is_not_asked_again(tmp_path: Path) -> None:
    rows = {"ocid": "a", "date": "1"}, {"ocid": "b", "date": "1"}
    first = walk(source("md-mtender"), listing(*rows), tmp_path)
    newer = rows[0], {"ocid": "b", "date": "2"}
    again = walk(source("md-mtender"), listing(*newer), tmp_path, first.journal.known)
    assert (first.journal.unchanged, again.journal.unchanged) == (0, 1)
    assert len(list(again.folder.glob("[0-9]*.json"))) == 1


def test_files_of_before_or_unchanged_are_left(
    tmp_path: Path, all_services: dict[str, Service]
) -> None:
    service, page = all_services[HOSTS["ca-seao"]], source("ca-seao")
    first = walk(page, service, tmp_path, days=(date(2026, 5, 18), LAST))
    files = [address.rpartition("/")[2] for address in first.journal.known]
    assert files == ["hebdo_20260518_20260524.json", "hebdo_20260525_20260531.json"]
    again = walk(page, service, tmp_path, first.journal.known, (date(2026, 5, 18), LAST))
    assert (again.reason, again.journal.unchanged) == ("finished", 2)


def test_a_text_badly_encoded_does_not_hide_the_next_page() -> None:
    page = '{"releases": [{"title": "Caf\xe9"}], "links": {"next": "/2"}}'.encode("latin-1")
    assert parsed(page)["links"] == {"next": "/2"}


# --- the whole path -----------------------------------------------------------------------------


class World:
    """A record in which sources are collected from a replica."""

    def __init__(self, store: LeadStore, folder: Path, coder: Coder) -> None:
        self.store, self.folder, self.coder = store, folder, coder

    def collect(self, name: str, service: Service, now: datetime) -> None:
        """Must be let in."""
        page = source(name).model_copy(update={"expected": (0, 0)})
        with serving(Replica({HOSTS[name]: service})) as replica:
            ask = crawl_process(replica=replica.address, delay=0)
            pages, coder = {**sources(), name: page}, self.coder
            collecting = Collecting(self.store, pages, self.folder, ask, lambda: now, lambda: coder)
            done = collecting.collect(name)
        assert done.outcome == "promoted", done

    def lead(self) -> Lead:
        """The only one that is not part of another."""
        (found,) = [
            lead for batch in self.store.changed_since(0) for lead in batch if not lead.merged_into
        ]
        return found


@pytest.fixture
def world(tmp_path: Path, coder: Coder) -> Iterator[World]:
    store = LeadStore.open(f"sqlite:///{tmp_path / 'record.sqlite3'}")
    yield World(store, tmp_path / "landing", coder)
    store.close()


def dated(piece: Piece, moment: datetime, deadline: datetime, number: str = "") -> ocds.Dated:
    """A real release, published at another moment; number: the one of an amendment."""
    release = json.loads(piece.body)
    release["date"] = moment.isoformat()
    release["tender"] |= {"status": "active", "tenderPeriod": {"endDate": deadline.isoformat()}}
    release["tag"] = ["tenderUpdate" if number else "tender"]
    return ocds.Dated(moment, release | ({"id": number} if number else {}))


@pytest.mark.parametrize(
    ("name", "number"), [("gb-find-tender", "012345-2026"), ("md-mtender", "")]
)
def test_an_amendment_of_the_next_day_updates_the_lead_and_keeps_its_history(
    name: str, number: str, world: World, held: Sequence[Piece]
) -> None:
    piece = next(one for one in held if one.notice.source in ocds.HELD[name])
    make: Callable[[ocds.Releases], Service] = ocds.MAKERS[HOSTS[name]][1]
    monday, deadline = datetime(2026, 5, 25, 9, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    first = dated(piece, monday, deadline)
    world.collect(name, make([first]), monday + timedelta(hours=9))
    before = world.lead()
    later = monday + timedelta(days=1)
    update = dated(piece, later, deadline + timedelta(days=9), number)
    both = [first, update] if number else [update]
    world.collect(name, make(both), later + timedelta(hours=9))
    after = world.lead()
    assert (before.id, before.stage, before.history) == (after.id, "open", ())
    assert after.deadline == deadline + timedelta(days=9)
    assert [list(one.fields) for one in after.history] == [["deadline"]]
