"""Lists and details: what a crawl can do without, what it cannot, and what it knows already."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.ask import Ask, Read
from crawlers.journal import Journal, Step
from crawlers.landing import Run
from crawlers.order import order
from crawlers.walk import MAX_MISSED, Walk
from ingest.collect import Collect
from ingest.source import Source

HERE = "https://avis.exemple.test"
PAGE = Source(
    name="avis",
    title="Avis",
    publisher="Agence",
    licence="CC-BY-4.0",
    url=HERE,
    formats=("ted",),
    collect=Collect(spider="avis", address=f"{HERE}/liste"),
)


class ListSpider(Walk):
    """A list of one address a line, « version address », and a document at each."""

    name = "avis"

    def first(self) -> tuple[Ask, ...]:
        return (Ask(f"{HERE}/liste", notices=False, suffix="txt"),)

    def read(self, ask: Ask, answer: Response) -> Read:
        if ask.notices:
            return Read()
        rows = [line.split() for line in answer.body.decode().splitlines()]
        details = (
            Ask(f"{HERE}/{name}.xml", alone=True, suffix="xml", version=version)
            for version, name in rows
        )
        keys = tuple(name for _, name in rows)
        return Read(len(rows), keys, declared=len(set(keys)), follow=tuple(details))


class FaultySpider(ListSpider):
    """One of ours that does not expect all that it meets."""

    def read(self, ask: Ask, answer: Response) -> Read:
        if b"inattendu" in answer.body:
            raise KeyError("attendu")
        return super().read(ask, answer)


class LostSpider(Walk):
    """One of ours that does not even begin."""

    name = "perdu"

    def first(self) -> tuple[Ask, ...]:
        raise LookupError("nothing to ask")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path, "avis", "agent", clock=lambda: datetime(2026, 6, 1, tzinfo=UTC))


TOLD = order(PAGE, None, None, date(2026, 6, 1))


def crawl(run: Run, answers: dict[str, bytes], kind: type[Walk] = ListSpider) -> list[str]:
    """Drives the spider without a network: address → body; gives the paths asked for."""
    spider = kind(TOLD, run)
    run.journal.begin(spider.first())
    asked: list[str] = []
    requests: Iterator[Request] = spider._next()
    while request := next(requests, None):
        path = request.url.removeprefix(HERE)
        asked.append(path)
        answer = Response(request.url, body=answers.get(path, b""))
        requests = spider.land(answer, request.cb_kwargs["ask"])
    return asked


def names(run: Run) -> list[str]:
    return sorted(path.name for path in run.folder.iterdir())


def test_a_list_is_kept_under_a_name_that_ingestion_passes_over(run: Run) -> None:
    answers = {"/liste": b"1 a\n1 b", "/a.xml": b"<a/>", "/b.xml": b"<b/>"}
    assert crawl(run, answers) == ["/liste", "/a.xml", "/b.xml"]
    assert names(run) == ["000002.xml", "000003.xml", "_000001.txt", "_journal.jsonl"]
    assert (run.reason, run.journal.items) == ("finished", 2)


def test_one_detail_that_is_lost_is_told_and_the_others_come(run: Run) -> None:
    html = b"<!DOCTYPE html><p>captcha</p>"
    answers = {"/liste": b"1 a\n1 b\n1 c", "/a.xml": html, "/c.xml": b"<c/>"}
    assert crawl(run, answers) == ["/liste", "/a.xml", "/b.xml", "/c.xml"]
    assert run.reason == "finished"
    missed = [(one["address"], one["reason"]) for one in run.journal.missed]
    assert missed == [(f"{HERE}/a.xml", "html"), (f"{HERE}/b.xml", "unreadable")]
    assert f"{HERE}/a.xml" not in run.journal.known


def test_a_fault_of_ours_in_one_detail_is_told_and_the_others_come(run: Run) -> None:
    answers = {"/liste": b"1 a\n1 b", "/a.xml": b"<inattendu/>", "/b.xml": b"<b/>"}
    assert crawl(run, answers, FaultySpider) == ["/liste", "/a.xml", "/b.xml"]
    (missed,) = run.journal.missed
    assert (run.reason, missed["reason"], missed["detail"]) == (
        "finished",
        "unreadable",
        "KeyError: 'attendu'",
    )


def test_a_spider_that_does_not_begin_is_no_complete_collection(run: Run) -> None:
    spider = LostSpider(TOLD, run)

    async def begin() -> list[Request]:
        return [request async for request in spider.start()]

    assert asyncio.run(begin()) == []
    assert list(spider._next()) == []
    assert (run.reason, run.errors[0]["detail"]) == ("unreadable", "LookupError: nothing to ask")


def test_a_request_of_which_nothing_is_heard_is_not_made_for_ever(run: Run) -> None:
    spider = ListSpider(TOLD, run)
    run.journal.begin(spider.first())
    assert [request.url for request in spider._next()] == [f"{HERE}/liste"]
    assert list(spider._next()) == []
    assert run.reason == "unreadable"


def test_a_detail_that_is_too_large_is_told_and_the_others_come(run: Run) -> None:
    spider = ListSpider(TOLD, run)
    run.journal.begin(spider.first())
    (request,) = spider._next()
    answer = Response(request.url, body=b"1 a\n1 b")
    (detail,) = spider.land(answer, request.cb_kwargs["ask"])
    failure = Failure(DownloadCancelledError("10000000000 bytes"))
    failure.request = detail  # type: ignore[attr-defined]
    assert [one.url for one in spider.stumble(failure)] == [f"{HERE}/b.xml"]
    assert [one["reason"] for one in run.journal.missed] == ["oversize"]


def test_details_that_all_fail_are_the_fault_of_the_service(run: Run) -> None:
    listed = "\n".join(f"1 n{number}" for number in range(MAX_MISSED + 3)).encode()
    assert len(crawl(run, {"/liste": listed})) == 1 + MAX_MISSED
    assert run.reason == "unreadable"


def test_a_detail_whose_version_is_known_is_not_asked_again(tmp_path: Path, run: Run) -> None:
    crawl(run, {"/liste": b"1 a\n1 b", "/a.xml": b"<a/>", "/b.xml": b"<b/>"})
    clock = lambda: datetime(2026, 6, 2, tzinfo=UTC)  # noqa: E731
    again = Run(tmp_path, "avis", "agent", clock, known=run.journal.known)
    assert crawl(again, {"/liste": b"1 a\n2 b", "/b.xml": b"<b2/>"}) == ["/liste", "/b.xml"]
    assert (again.reason, again.journal.unchanged) == ("finished", 1)
    versions = {name: state["version"] for name, state in again.journal.known.items()}
    assert versions == {f"{HERE}/a.xml": "1", f"{HERE}/b.xml": "2"}


def test_a_notice_listed_twice_counts_once(run: Run) -> None:
    crawl(run, {"/liste": b"1 a\n1 a", "/a.xml": b"<a/>"})
    assert (run.journal.items, run.reason) == (1, "finished")


@pytest.mark.parametrize("kept", range(5))
def test_a_journal_cut_anywhere_gives_back_its_whole_lines(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "_journal.jsonl"
    journal = Journal(path)
    for number in range(3):
        journal.add(Step(Ask(f"{HERE}/{number}"), Read(items=1), landed=10))
    whole = path.read_bytes()
    cut = len(whole) * kept // 4
    path.write_bytes(whole[:cut])
    lines = whole[:cut].count(b"\n")
    again = Journal(path)
    assert (again.landed, again.items) == (lines, lines)
    again.add(Step(Ask(f"{HERE}/more"), Read(items=1), landed=10))
    assert Journal(path).items == lines + 1
