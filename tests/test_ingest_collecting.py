"""A source is collected, looked at, let in or held; the network is a function that lands files."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from index import sync
from index.coding import Coder
from index.embedded import EmbeddedEngine
from index.lead import Lead
from index.query import Query
from index.store import LeadStore
from index.tables import incident, quarantine, run
from ingest.collecting import Collected, Collecting
from ingest.collections import CollectionError
from ingest.crawl import Answer, Request, Told
from ingest.source import Source, SourceError, sources

PAGE = """
name: essai
title: Flux d'essai
publisher: Chambre de commerce d'essai
licence: CC BY 4.0
url: https://example.org
country: DE
formats: [tabular]
language: de
expected: [1, 200]
dates: {order: ymd}
collect:
  spider: files
  address: https://example.org/avis.csv
  first_days: 10
  overlap_days: 2
  silent_after_days: 5
mapping:
  key: [ref]
  title: [title]
  buyer: buyer
  published: published
  deadline: deadline
"""
BY_HAND = PAGE.replace("name: essai", "name: apporte").split("collect:")[0] + (
    "mapping: {key: [ref], title: [title], buyer: buyer, published: published, deadline: deadline}"
)


def feed(*refs: str, published: str = "2026-05-30", deadline: str = "2026-07-03") -> bytes:
    rows = [f"{ref},Schulmöbel für {ref},Stadt {ref},{published},{deadline}" for ref in refs]
    return "\n".join(["ref,title,buyer,published,deadline", *rows, ""]).encode()


@dataclass
class Service:
    """The network: what it answers, how the crawl ends, and what it was asked."""

    bodies: list[bytes] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    impossible: str = ""

    def __call__(self, request: Request, tell: Callable[[Told], None]) -> Answer:
        self.asked.append(request)
        if self.impossible:
            return Answer(impossible=self.impossible)
        folder = request.resume or self._begin(request)
        for n, body in enumerate(self.bodies, 1):
            (folder / f"{n:06d}.csv").write_bytes(body)
            tell(Told("crawl", str(folder), n, n, None, len(body)))
        self.meanwhile()
        tell(Told("crawl", str(folder), len(self.bodies)))
        known = {request.source: {"version": str(len(self.asked))}}
        told = {"reason": "finished", "pages": len(self.bodies), "requests": 1, "known": known}
        (folder / "_run.json").write_bytes(orjson.dumps(told | self.told))
        return Answer(folder)

    def _begin(self, request: Request) -> Path:
        folder = request.landing / request.source / f"{len(self.asked):06d}"
        folder.mkdir(parents=True)
        return folder


class World:
    """A record, a service and whoever collects; ``now`` moves by hand."""

    def __init__(self, store: LeadStore, folder: Path, now: datetime, coder: Coder) -> None:
        self.store, self.now, self.coder, self.folder = store, now, coder, folder
        self.service, self.landing = Service(), folder / "collectes"
        pages = folder / "pages"
        pages.mkdir()
        (pages / "essai.yml").write_text(PAGE, "utf-8")
        (pages / "apporte.yml").write_text(BY_HAND, "utf-8")
        self.pages: dict[str, Source] = sources(pages)
        self.collecting = self.worker()

    def worker(self) -> Collecting:
        """One more process that collects."""
        world = self.store, self.pages, self.landing
        return Collecting(*world, lambda *a: self.service(*a), lambda: self.now, lambda: self.coder)

    def collect(self, *bodies: bytes, later: float = 0, **told: Any) -> Collected:
        """A collection some days later, in which the service gives this."""
        self.now += timedelta(days=later)
        self.service.bodies, self.service.told = list(bodies), told
        return self.collecting.collect("essai")

    def bring(self, name: str, *bodies: bytes) -> tuple[Collected, list[Path]]:
        paths = [self.folder / f"{name}-{n}.csv" for n, _ in enumerate(bodies)]
        for path, body in zip(paths, bodies, strict=True):
            path.write_bytes(body)
        return self.collecting.take(name, paths), paths

    def keys(self) -> list[str]:
        leads: list[Lead] = [lead for batch in self.store.changed_since(0) for lead in batch]
        return sorted(one.key for lead in leads for one in lead.provenances)

    def states(self) -> list[str]:
        return [row.state for row in reversed(self.collecting.collections.latest())]

    def open(self) -> list[str]:
        return [one.kind for one in self.collecting.incidents.open()]

    def rows(self, table: Any) -> Sequence[Any]:
        with self.store.reading() as connection:
            return connection.execute(select(table).order_by(table.c.id)).all()


@pytest.fixture
def world(tmp_path: Path, now: datetime, coder: Coder) -> Iterator[World]:
    store = LeadStore.open(f"sqlite:///{tmp_path / 'record.sqlite3'}")
    sources.cache_clear()
    yield World(store, tmp_path, now, coder)
    sources.cache_clear()
    store.close()


@pytest.fixture
def anywhere(store: LeadStore, tmp_path: Path, now: datetime, coder: Coder) -> Iterator[World]:
    """On each of the databases, where they may differ: moments, dates, who writes first."""
    sources.cache_clear()
    yield World(store, tmp_path, now, coder)
    sources.cache_clear()


STOPPED = {"reason": "unavailable", "errors": [{"reason": "unavailable", "detail": "HTTP 500"}]}


def test_what_a_source_gives_is_in_the_record(anywhere: World) -> None:
    done = anywhere.collect(feed("A", "B"))
    assert (done.outcome, done.items, anywhere.keys()) == ("promoted", 2, ["A", "B"])
    [row] = anywhere.collecting.collections.latest()
    assert (row.state, row.decided_by, row.run) == ("promoted", "", anywhere.rows(run)[0].id)
    assert row.looked["coverage"]["deadline"] == 1
    assert "known" not in row.report
    assert not anywhere.open()


def test_the_first_collection_asks_for_the_first_days_and_the_next_for_what_is_new(
    anywhere: World,
) -> None:
    anywhere.collect(feed("A"))
    anywhere.collect(feed("B"), later=3)
    dates = [(one.since, one.until) for one in anywhere.service.asked]
    assert dates == [
        (date(2026, 5, 22), date(2026, 6, 1)),
        (date(2026, 5, 30), date(2026, 6, 4)),
    ]


def test_what_is_held_is_neither_in_the_record_nor_found(
    world: World, embedded: EmbeddedEngine
) -> None:
    done = world.collect(feed("A", deadline="1970-01-01"), feed("B", "C", "D", deadline="1970"))
    sync.synchronise(world.store, embedded)
    assert (done.outcome, list(done.why or {})) == ("held", ["default_dates"])
    assert (world.keys(), world.states(), world.open()) == ([], ["held"], ["default_dates"])
    assert embedded.search(Query("Schulmöbel"), world.now).total == 0
    assert [path.name for path in sorted(world.landing.rglob("0*.csv"))] == [
        "000001.csv",
        "000002.csv",
    ]


def test_what_is_held_is_let_in_by_a_person_who_is_named(
    anywhere: World, embedded: EmbeddedEngine
) -> None:
    held = anywhere.collect(feed("A", "B", "C", deadline="1970-01-01"))
    assert held.number is not None
    done = anywhere.collecting.promote(held.number, "Ada")
    sync.synchronise(anywhere.store, embedded)
    assert (done.outcome, anywhere.keys()) == ("promoted", ["A", "B", "C"])
    assert embedded.search(Query("Schulmöbel"), anywhere.now).total == 3
    [row] = anywhere.collecting.collections.latest()
    assert (row.state, row.decided_by) == ("promoted", "Ada")
    [told] = anywhere.rows(incident)
    assert told.closed_by == "Ada"


def test_what_is_held_is_left_out_by_a_person_who_says_why(anywhere: World) -> None:
    held = anywhere.collect(feed("A", "B", "C", deadline="1970-01-01"))
    assert held.number is not None
    anywhere.collecting.reject(held.number, "Ada", "fichier d'essai")
    [row] = anywhere.collecting.collections.latest()
    assert (row.state, row.decided_by) == ("rejected", "Ada : fichier d'essai")
    for number in (row.number, 9_999):
        with pytest.raises(CollectionError):
            anywhere.collecting.promote(number, "Ada")
        with pytest.raises(CollectionError):
            anywhere.collecting.reject(number, "Ada", "")
    assert anywhere.keys() == []


def test_a_crawl_that_dies_is_held_then_resumed_and_completed(world: World) -> None:
    first = world.collect(feed("A"), **STOPPED)
    assert (first.outcome, world.keys(), world.open()) == ("held", [], ["ended"])
    again = world.collect(feed("A"), feed("B"), later=0.5)
    assert (again.outcome, again.number) == ("promoted", first.number)
    assert (world.keys(), world.states(), world.open()) == (["A", "B"], ["promoted"], [])
    one, two = world.service.asked
    assert two.resume == world.landing / "essai" / "000001"
    assert (one.since, one.until) == (two.since, two.until)
    assert world.rows(incident)[0].closed_by == f"collecte {first.number}"


def test_a_crawl_that_died_long_ago_is_asked_again_for_the_same_days(anywhere: World) -> None:
    anywhere.collect(feed("A"), **STOPPED)
    done = anywhere.collect(feed("A", "B"), later=2)
    one, two = anywhere.service.asked
    assert (two.resume, two.since, two.until) == (None, one.since, date(2026, 6, 3))
    assert (done.outcome, anywhere.states()) == ("promoted", ["rejected", "promoted"])
    replaced = anywhere.collecting.collections.latest()[1]
    assert replaced.decided_by == f"remplacée par la collecte {done.number}"


def test_a_crawl_that_was_killed_long_ago_is_begun_again(world: World) -> None:
    """Its pages have moved since: going on with the next one would pass over some notices."""

    def die() -> None:
        raise KeyboardInterrupt

    world.service.meanwhile = die
    with pytest.raises(KeyboardInterrupt):
        world.collect(feed("A"))
    world.service.meanwhile = lambda: None
    done = world.collect(feed("A", "B"), later=2)
    one, two = world.service.asked
    assert (two.resume, two.since) == (None, one.since)
    assert (done.outcome, done.number, world.keys()) == ("promoted", 1, ["A", "B"])


@pytest.mark.parametrize("decide", ["promote", "reject"])
def test_whatever_a_person_says_of_a_first_crawl_that_died_its_days_are_asked_again(
    world: World, decide: str
) -> None:
    held = world.collect(feed("A"), **STOPPED)
    assert held.number is not None
    if decide == "promote":
        world.collecting.promote(held.number, "Ada")
    else:
        world.collecting.reject(held.number, "Ada", "incomplète")
    world.collect(feed("A", "B"), later=30)
    one, two = world.service.asked
    assert two.since == one.since


def test_days_on_which_a_source_could_not_be_asked_are_not_owed(world: World) -> None:
    world.service.impossible = "La clé manque."
    world.collect()
    world.service.impossible = ""
    world.collect(feed("A"), later=30)
    one, two = world.service.asked
    assert two.since - one.since == timedelta(days=30)


def test_what_a_person_lets_in_of_a_crawl_that_died_moves_no_date(world: World) -> None:
    held = world.collect(feed("A"), **STOPPED)
    assert held.number is not None
    world.collecting.promote(held.number, "Ada")
    world.collect(feed("A", "B"), later=2)
    one, two = world.service.asked
    assert two.since == one.since
    assert world.keys() == ["A", "B"]


def test_what_a_person_lets_in_of_a_crawl_that_died_makes_the_next_one_skip_nothing(
    world: World,
) -> None:
    held = world.collect(feed("A"), **STOPPED)
    assert held.number is not None
    world.collecting.promote(held.number, "Ada")
    world.collect(feed("A", "B"), later=2)
    assert world.service.asked[1].known == {}


def test_only_what_was_let_in_makes_the_next_crawl_skip_anything(anywhere: World) -> None:
    anywhere.collect(feed("A"))
    anywhere.collect(feed("B", "C", "D", deadline="1970-01-01"), later=2)
    anywhere.collect(feed("B", "C", "D"), later=1)
    anywhere.collect(feed("E"), later=1)
    known = [dict(one.known) for one in anywhere.service.asked]
    first, third = {"essai": {"version": "1"}}, {"essai": {"version": "3"}}
    assert known == [{}, first, first, third]


def test_an_unchanged_source_says_so_and_opens_nothing(world: World) -> None:
    world.collect(feed("A"))
    done = world.collect(later=1, unchanged=1)
    assert (done.outcome, world.states(), world.open()) == ("unchanged", ["promoted"] * 2, [])
    assert len(world.rows(run)) == 1


def test_a_partial_feed_withdraws_nothing(world: World) -> None:
    world.collect(feed("A", "B", "C"))
    held = world.collect(feed("A"), later=1, **STOPPED)
    assert held.number is not None
    world.collecting.promote(held.number, "Ada")
    world.collect(feed("B"), later=2)
    assert world.keys() == ["A", "B", "C"]
    leads = [lead for batch in world.store.changed_since(0) for lead in batch]
    assert {lead.status for lead in leads} == {"published"}


def test_an_incident_is_one_until_it_passes_and_counts_its_collections(anywhere: World) -> None:
    for _ in range(2):
        anywhere.collect(feed("A", "B", "C", deadline="1970-01-01"), later=1)
    [told] = anywhere.collecting.incidents.open()
    assert (told.times, told.collection) == (2, anywhere.collecting.collections.latest()[0].number)
    done = anywhere.collect(feed("A", "B", "C"), later=1)
    assert anywhere.open() == []
    [told] = anywhere.rows(incident)
    assert told.closed_by == f"collecte {done.number}"
    assert anywhere.states() == ["rejected", "rejected", "promoted"]


def test_a_crawl_resumed_in_vain_is_the_same_incident(anywhere: World) -> None:
    anywhere.collect(feed("A"), **STOPPED)
    anywhere.collect(feed("A"), later=0.1, **STOPPED)
    assert [one.times for one in anywhere.collecting.incidents.open()] == [1]


def test_somebody_else_at_work_is_left_alone(world: World) -> None:
    other: list[Collected] = []
    world.service.meanwhile = lambda: other.append(world.worker().collect("essai"))
    done = world.collect(feed("A"))
    assert [one.outcome for one in other] == ["busy"]
    assert (done.outcome, world.states(), world.keys()) == ("promoted", ["promoted"], ["A"])


def test_many_at_once_collect_one_after_the_other(anywhere: World) -> None:
    together, inside, most = threading.Barrier(4), 0, []
    counting = threading.Lock()

    def work() -> None:
        nonlocal inside
        with counting:
            inside += 1
            most.append(inside)
        with counting:
            inside -= 1

    def collect(worker: Collecting) -> str:
        together.wait(30)
        return worker.collect("essai").outcome

    anywhere.service.bodies, anywhere.service.meanwhile = [feed("A")], work
    workers = [anywhere.worker() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(collect, workers))
    assert "promoted" in outcomes
    assert set(outcomes) <= {"promoted", "busy"}
    assert max(most) == 1
    assert set(anywhere.states()) == {"promoted"}
    assert anywhere.keys() == ["A"]


@pytest.mark.parametrize("step", ["crawl", "look", "ingest"])
def test_who_sleeps_for_so_long_that_another_takes_over_stops(anywhere: World, step: str) -> None:
    other: list[Collected] = []

    def sleep(told: Told) -> None:
        if told.step == step and not other:
            anywhere.now += timedelta(minutes=11)
            other.append(anywhere.worker().collect("essai"))

    anywhere.service.bodies = [feed("A")]
    done = anywhere.collecting.collect("essai", sleep)
    assert (done.outcome, other[0].outcome) == ("busy", "promoted")
    assert (anywhere.states(), anywhere.keys(), anywhere.open()) == (["promoted"], ["A"], [])
    # A crawl that had finished is not asked again.
    assert len(anywhere.service.asked) == (2 if step == "crawl" else 1)


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from datetime import datetime, timezone
from pathlib import Path
import test_ingest_collecting as world
from index.store import LeadStore
from ingest.collecting import Collecting
from ingest.source import sources

folder = Path(sys.argv[1])
def tell(told):
    if told.step == "ingest":
        os.kill(os.getpid(), signal.SIGKILL)
now = lambda: datetime(2026, 6, 1, 9, tzinfo=timezone.utc)
service = world.Service([world.feed("A", "B")])
store = LeadStore.open(os.environ["RECORD"])
work = Collecting(store, sources(folder / "pages"), folder / "collectes", service, now)
work.collect("essai", tell)
"""


def test_a_kill_while_it_is_let_in_is_made_good_in_the_same_row(world: World) -> None:
    here = str(Path(__file__).parent)
    url = world.store.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", KILLED, str(world.folder), here]
    environment = {**os.environ, "RECORD": url}
    killed = subprocess.run(command, env=environment, cwd=Path(here).parent, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert world.collect(feed("A", "B")).outcome == "busy"
    again = world.collect(feed("A", "B"), later=0.01)
    assert (again.outcome, world.states(), world.keys()) == (
        "promoted",
        ["promoted"],
        ["A", "B"],
    )
    assert world.service.asked == []


def test_a_document_at_which_everybody_dies_is_held_for_a_person(world: World) -> None:
    def die(told: Told) -> None:
        if told.step == "look":
            raise KeyboardInterrupt

    world.service.bodies = [feed("A")]
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            world.collecting.collect("essai", die)
    done = world.collecting.collect("essai", die)
    assert (done.outcome, world.open(), world.states()) == ("held", ["deadly"], ["held"])
    assert done.number is not None
    world.collecting.promote(done.number, "Ada")
    assert (world.keys(), world.open()) == (["A"], [])


def test_a_decision_whose_maker_was_killed_can_be_made_again(world: World) -> None:
    world.collect(feed("D"))
    held = world.collect(feed("A", "B", "C", deadline="1970-01-01"), later=1)
    world.collect(feed("E", "F", "G", deadline="1970-01-01"), later=1)
    assert held.number is not None

    def fail(told: Told) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.collecting.promote(held.number, "Ada", fail)
    assert world.collecting.promote(held.number, "Ada").outcome == "promoted"
    assert world.keys() == ["A", "B", "C", "D"]


def test_a_crawl_that_can_no_longer_be_resumed_keeps_what_it_had(world: World) -> None:
    held = world.collect(feed("A"), **STOPPED)
    world.service.impossible = "La clé manque."
    assert world.collect(later=0.1).outcome == "impossible"
    assert (world.states(), world.keys()) == (["held"], [])
    assert held.number is not None
    world.collecting.promote(held.number, "Ada")
    assert world.keys() == ["A"]


def test_a_failure_that_is_no_kill_needs_no_waiting(anywhere: World) -> None:
    def fail() -> None:
        raise KeyboardInterrupt

    anywhere.service.meanwhile = fail
    with pytest.raises(KeyboardInterrupt):
        anywhere.collect(feed("A"))
    anywhere.service.meanwhile = lambda: None
    assert anywhere.collect(feed("A")).outcome == "promoted"
    assert anywhere.states() == ["promoted"]


def test_a_decision_that_was_killed_is_kept(world: World) -> None:
    held = world.collect(feed("A", "B", "C", deadline="1970-01-01"))
    assert held.number is not None

    def fail(told: Told) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.collecting.promote(held.number, "Ada", fail)
    asked = len(world.service.asked)
    assert world.collect().outcome == "promoted"
    assert (world.keys(), len(world.service.asked)) == (["A", "B", "C"], asked)


def test_a_detail_that_could_not_be_had_is_in_quarantine_until_it_comes(anywhere: World) -> None:
    place = "https://example.org/avis/7"
    missed = [{"address": place, "reason": "absent", "detail": "HTTP 404"}]
    anywhere.collect(feed("A"), missed=missed)
    anywhere.collect(feed("B"), later=1, missed=missed)
    [entry] = anywhere.rows(quarantine)
    assert (entry.position, entry.attempts, entry.released) == (place, 2, None)
    assert entry.reason == (f"Non reçu : un avis annoncé est introuvable ({place}, HTTP 404)")
    anywhere.collect(feed("C"), later=1, known={place: {"version": "2"}})
    [entry] = anywhere.rows(quarantine)
    assert entry.released is not None


def test_a_source_that_cannot_be_asked_is_no_incident(anywhere: World) -> None:
    anywhere.service.impossible = "La clé manque : demandez-la à https://example.org/cle."
    for _ in range(3):
        done = anywhere.collect(later=1)
    assert (done.outcome, done.sentence) == ("impossible", anywhere.service.impossible)
    assert (anywhere.open(), anywhere.states()) == ([], ["rejected"])
    assert anywhere.collecting.collections.latest()[0].impossible == anywhere.service.impossible
    anywhere.service.impossible = ""
    assert anywhere.collect(feed("A")).outcome == "promoted"
    assert anywhere.states() == ["promoted"]
    assert anywhere.collecting.collections.latest()[0].impossible == ""


def test_a_source_that_is_not_asked_or_not_known_is_said(world: World) -> None:
    assert world.collecting.collect("apporte").outcome == "impossible"
    with pytest.raises(SourceError, match="Source inconnue : « rien »"):
        world.collecting.collect("rien")
    assert world.states() == []


def test_files_that_somebody_brings_are_looked_at_and_let_in(world: World) -> None:
    done, paths = world.bring("apporte", feed("A"), feed("B"))
    for path in paths:
        path.unlink()
    assert (done.outcome, world.keys()) == ("promoted", ["A", "B"])
    [row] = world.collecting.collections.latest()
    assert (row.since, row.crawl.reason, row.crawl.pages) == (None, "brought", 2)


def test_files_that_somebody_brings_are_held_with_their_bytes(world: World) -> None:
    body = feed("A", "B", "C", deadline="1970-01-01")
    done, paths = world.bring("apporte", body)
    paths[0].unlink()
    assert (done.outcome, world.keys(), world.open()) == ("held", [], ["default_dates"])
    assert [path.read_bytes() for path in world.landing.rglob("apporte-0.csv")] == [body]
    assert done.number is not None
    world.collecting.promote(done.number, "Ada")
    assert world.keys() == ["A", "B", "C"]


def test_folders_hidden_names_and_absent_files_can_be_brought(world: World) -> None:
    folder = world.folder / "_lot"
    folder.mkdir()
    (folder / "a.csv").write_bytes(feed("A"))
    (world.folder / ".b.csv").write_bytes(feed("B"))
    assert world.collecting.take("apporte", [folder, world.folder / ".b.csv"]).outcome == "promoted"
    assert world.keys() == ["A", "B"]
    done = world.collecting.take("apporte", [world.folder / "absent.csv"])
    assert (done.outcome, world.open()) == ("impossible", [])
    assert done.sentence.startswith("Copie impossible")


def test_a_pipe_is_not_waited_for(world: World) -> None:
    os.mkfifo(world.folder / "tube.csv")
    assert world.collecting.take("apporte", [world.folder / "tube.csv"]).outcome == "impossible"


def test_a_link_that_took_the_place_of_a_file_is_not_followed(world: World, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_bytes(feed("A"))
    (tmp_path / "avis.csv").symlink_to(tmp_path / "secret.csv")
    done = world.collecting.take("apporte", [tmp_path / "avis.csv"])
    assert (done.outcome, world.keys()) == ("impossible", [])
    assert "lien non suivi" in done.sentence


def test_files_brought_to_a_reader_that_was_killed_are_read_by_the_next(anywhere: World) -> None:
    def fail(told: Told) -> None:
        raise KeyboardInterrupt

    (anywhere.folder / "a.csv").write_bytes(feed("A"))
    with pytest.raises(KeyboardInterrupt):
        anywhere.collecting.take("apporte", [anywhere.folder / "a.csv"], fail)
    anywhere.bring("apporte", feed("B"))
    assert (anywhere.keys(), anywhere.states()) == (["A", "B"], ["promoted"] * 2)


def test_a_copy_so_slow_that_another_takes_over_is_to_be_done_again(world: World) -> None:
    path = world.folder / "a.csv"
    path.write_bytes(feed("A"))

    def slowly() -> Iterator[Path]:
        yield path
        world.now += timedelta(minutes=11)
        assert world.bring("apporte", feed("B"))[0].outcome == "promoted"

    assert world.collecting.take("apporte", slowly()).outcome == "impossible"
    assert (world.keys(), world.states()) == (["B"], ["rejected", "promoted"])
    assert world.collecting.take("apporte", [path]).outcome == "promoted"
    assert world.keys() == ["A", "B"]


def test_a_folder_that_vanished_is_said_to_who_decides(world: World) -> None:
    held = world.collect(feed("A", "B", "C", deadline="1970-01-01"))
    assert held.number is not None
    shutil.rmtree(world.landing)
    with pytest.raises(CollectionError, match="a disparu"):
        world.collecting.promote(held.number, "Ada")
    assert world.states() == ["held"]
    assert world.collect(feed("A"), later=1).outcome == "promoted"


def test_files_brought_do_not_move_the_dates_of_a_source_that_is_asked(world: World) -> None:
    world.bring("essai", feed("A"))
    world.collect(feed("B"))
    assert world.service.asked[0].since == date(2026, 5, 22)
    assert world.keys() == ["A", "B"]


def test_a_source_without_news_for_days_is_an_incident_until_it_speaks(anywhere: World) -> None:
    silent = anywhere.collecting.silent
    assert silent(anywhere.now) == []  # never asked
    anywhere.collect(feed("A"))
    anywhere.collect(later=4, unchanged=1)
    assert silent(anywhere.now) == []
    anywhere.collect(feed("A"), later=2)  # nothing that was not known
    [told] = silent(anywhere.now)
    assert (told.kind, told.source, told.times) == ("silent", "essai", 1)
    assert "plus de 5 jours" in told.detail
    assert [one.times for one in silent(anywhere.now + timedelta(hours=1))] == [1]
    anywhere.collect(feed("B"))
    assert anywhere.open() == []
    assert silent(anywhere.now) == []


def test_old_folders_go_but_for_the_last_and_for_what_is_held(anywhere: World) -> None:
    anywhere.collect(feed("A"))
    anywhere.collect(feed("B"), later=1)
    anywhere.collect(feed("C", "D", "E", deadline="1970-01-01"), later=1)
    assert anywhere.collecting.prune(anywhere.now + timedelta(days=20)) == []
    first = anywhere.landing / "essai" / "000001"
    assert anywhere.collecting.prune(anywhere.now + timedelta(days=31)) == [first]
    assert anywhere.collecting.prune(anywhere.now + timedelta(days=31)) == []
    left = sorted(path.name for path in (anywhere.landing / "essai").iterdir())
    assert left == ["000002", "000003"]
    assert anywhere.keys() == ["A", "B"]


def test_a_report_that_cannot_be_read_is_a_crawl_that_was_interrupted(world: World) -> None:
    def break_report() -> None:
        world.landing.joinpath("essai", "000001", "_run.json").mkdir()

    world.service.meanwhile = break_report
    with pytest.raises(OSError):
        world.collect(feed("A"))
    world.service.meanwhile = lambda: None
    world.service.told = {"items": "many"}
    (world.landing / "essai" / "000001" / "_run.json").rmdir()
    done = world.collect(feed("A"), items="many")
    assert (done.outcome, list(done.why or {})) == ("held", ["ended"])


def test_a_crawl_that_broke_leaves_its_last_words(world: World) -> None:
    world.service = Broken()
    done = world.collect()
    assert done.outcome == "held"
    assert "ModuleNotFoundError" in done.sentence


class Broken(Service):
    """A crawler that is not well installed."""

    def __call__(self, request: Request, tell: Callable[[Told], None]) -> Answer:
        return Answer(last="ModuleNotFoundError: No module named 'scrapy'")


def test_a_crawl_that_stopped_before_it_had_anything_cannot_be_let_in(world: World) -> None:
    held = world.collect(reason="refused")
    assert (held.outcome, held.number) == ("held", 1)
    with pytest.raises(CollectionError, match="sans rien recevoir"):
        world.collecting.promote(1, "Ada")
    assert world.states() == ["held"]
