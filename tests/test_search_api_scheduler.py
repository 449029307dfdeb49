"""What a scheduler does with what is due: the network is a function that lands files."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import wait
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from index.coding import Coder
from index.store import LeadStore
from index.tables import slot
from ingest.collecting import Collecting
from ingest.crawl import Answer, Request, Told
from ingest.drop import Drops
from ingest.intake import Intake
from ingest.schedule import PATIENCE, Schedule
from ingest.source import sources
from search_api.scheduler import Scheduler

PAGE = """
name: {name}
title: Demandes d'une chambre
publisher: Chambre d'essai
licence: essai
url: https://exemple.test
formats: [tabular]
country: PE
language: fr
mapping: {{key: [Ref], title: [Objet]}}
collect:
  spider: essai
  address: https://{name}.exemple.test/avis.csv
  rhythm: {{at: "08:00", timezone: UTC}}
"""
NAMES = ("essai-a", "essai-b", "essai-c")
# Seconds after which a test is stuck.
LONG = 60.0

Crawl = Callable[[Request, Callable[[Told], None]], None]


class World:
    """A record with three sources due, and a scheduler of which nothing ticks by itself."""

    def __init__(self, folder: Path, now: datetime, coder: Coder) -> None:
        self.now, self.folder, self.coder = now, folder, coder
        self.store = LeadStore.open(f"sqlite:///{folder / 'record.sqlite3'}")
        pages = folder / "pages"
        pages.mkdir()
        for name in NAMES:
            (pages / f"{name}.yml").write_text(PAGE.format(name=name), "utf-8")
        known = sources(pages)
        self.pages = {name: known[name] for name in NAMES}
        self.asked: list[str] = []
        self.told: list[tuple[str, Mapping[str, Any]]] = []
        self.crawl: Crawl = lambda request, tell: None
        self.chores: dict[str, Callable[[datetime], object]] = {}
        self.scheduler = self.begin()

    def begin(self) -> Scheduler:
        """One more scheduler, as in another process."""
        clock = lambda: self.now  # noqa: E731
        landing = self.folder / "collectes"
        collecting = Collecting(
            self.store, self.pages, landing, self.ask, clock, lambda: self.coder
        )
        drops = Drops(self.folder / "depots", self.pages)
        intake = Intake(drops, collecting, clock, lambda *_: None)
        schedule = Schedule(self.store, self.pages)
        tell = lambda event, facts: self.told.append((event, facts))  # noqa: E731
        return Scheduler(schedule, collecting, intake, lambda: 0, self.chores, clock, tell)

    def ask(self, request: Request, tell: Callable[[Told], None]) -> Answer:
        self.asked.append(request.source)
        self.crawl(request, tell)
        folder = request.landing / request.source / f"{len(self.asked)}"
        folder.mkdir(parents=True)
        (folder / "1.csv").write_bytes(f"Ref,Objet\n1,Pompes {request.source}\n".encode())
        report = {"reason": "finished", "pages": 1, "items": 1, "requests": 1}
        (folder / "_run.json").write_bytes(orjson.dumps(report))
        return Answer(folder)

    def events(self, name: str) -> list[str]:
        return sorted(facts["source"] for event, facts in self.told if event == name)

    def done(self) -> list[str]:
        with self.store.reading() as connection:
            found = connection.execute(select(slot.c.source).where(slot.c.done.is_not(None)))
            return sorted(found.scalars())


@pytest.fixture
def world(tmp_path: Path, now: datetime, coder: Coder) -> Iterator[World]:
    sources.cache_clear()
    world = World(tmp_path, now, coder)
    yield world
    world.scheduler.stop.set()
    world.store.close()
    sources.cache_clear()


def test_all_that_is_due_is_asked_though_there_is_room_for_two(world: World) -> None:
    world.scheduler.once(0.1)
    assert sorted(world.asked) == world.done() == list(NAMES)
    assert world.events("collected") == list(NAMES)


def test_no_more_are_asked_at_once_than_there_is_room(world: World) -> None:
    go_on = Event()
    world.crawl = lambda request, tell: go_on.wait(LONG)  # type: ignore[assignment,return-value]
    running = world.scheduler.ask()
    assert len(running) == 2
    assert world.scheduler.ask() == []
    go_on.set()
    assert not wait(running, LONG).not_done
    wait(world.scheduler.ask(), LONG)
    assert world.done() == list(NAMES)


def test_what_goes_wrong_with_a_source_is_its_own_business(world: World) -> None:
    def crawl(request: Request, tell: object) -> None:
        if request.source == "essai-a":
            raise ValueError("inattendu")

    world.crawl = crawl
    world.scheduler.once(0.1)
    assert world.done() == ["essai-b", "essai-c"]
    assert world.events("failed") == ["essai-a"]
    world.crawl = lambda request, tell: None
    world.now += PATIENCE
    world.begin().once(0.1)
    assert world.done() == list(NAMES)


def test_a_source_that_is_being_collected_by_hand_is_asked_later(world: World) -> None:
    assert world.scheduler.collecting.collections.claim("essai-a", *[world.now.date()] * 2)
    world.scheduler.once(0.1)
    assert world.done() == ["essai-b", "essai-c"]
    world.now += PATIENCE + timedelta(minutes=1)
    world.begin().once(0.1)
    assert world.done() == list(NAMES)


def test_a_stop_gives_the_slot_back(world: World) -> None:
    def crawl(request: Request, tell: Callable[[Told], None]) -> None:
        world.scheduler.stop.set()
        tell(Told("crawl"))

    world.crawl = crawl
    world.scheduler.once(0.1)
    assert world.done() == []
    assert world.events("stopped")
    world.crawl = lambda request, tell: None
    world.begin().once(0.1)
    assert world.done() == list(NAMES)


def test_a_slot_lost_to_another_is_let_go(world: World) -> None:
    """This process was suspended for longer than another waits."""
    reached, go_on = Event(), Event()

    def crawl(request: Request, tell: Callable[[Told], None]) -> None:
        reached.set()
        assert go_on.wait(LONG)
        tell(Told("crawl"))

    world.crawl = crawl
    world.scheduler.workers = 1
    running = world.scheduler.ask()
    assert reached.wait(LONG)
    world.now += PATIENCE
    [taken] = Schedule(world.store, world.pages).take(world.now, 1)
    world.scheduler.beat()
    go_on.set()
    assert not wait(running, LONG).not_done
    assert world.events("stopped") == [taken.source] == ["essai-a"]
    assert world.done() == []


def test_a_long_collection_keeps_its_slot(world: World) -> None:
    others: list[str] = []

    def crawl(request: Request, tell: object) -> None:
        for _ in range(5):
            world.now += PATIENCE / 2
            world.scheduler.beat()
            taken = Schedule(world.store, world.pages).take(world.now, 3)
            others.extend(one.source for one in taken)

    world.crawl = crawl
    world.scheduler.workers = 1
    assert not wait(world.scheduler.ask(), LONG).not_done
    assert world.done() == ["essai-a"]
    assert set(others) == {"essai-b", "essai-c"}


def test_a_chore_that_fails_does_not_keep_the_next_from_being_done(world: World) -> None:
    def broken(now: datetime) -> None:
        raise OSError("disque")

    swept: list[datetime] = []
    world.chores |= {"broken": broken, "swept": swept.append}
    world.scheduler.sweep()
    assert swept == [world.now]
    assert ("failed", {"job": "broken", "why": "disque"}) in world.told


def test_a_ticking_scheduler_ends_when_told(world: World) -> None:
    collected = world.told

    def tell(event: str, facts: Mapping[str, Any]) -> None:
        collected.append((event, facts))
        if len(world.events("collected")) == len(NAMES):
            world.scheduler.stop.set()

    world.scheduler.tell = tell
    world.scheduler.run(0.1)
    assert world.done() == list(NAMES)
