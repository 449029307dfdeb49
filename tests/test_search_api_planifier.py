"""Real schedulers, in their processes, on one real record, against a service of ours."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import select

from index.store import LeadStore
from index.tables import collection, slot
from ingest.drop import READ
from ingest.schedule import MEMORY
from replica.server import Answer, Asked, Replica, serving

HOST = "achats-{}.exemple.test"
PAGE = """
name: {name}
title: Marchés d'essai
publisher: Agence d'essai
licence: essai
url: https://exemple.test
formats: [ocds]
country: PY
language: es
collect:
  spider: ocds
  address: https://{host}/avis?du={{since}}
  rhythm: {{every: hour, at: "00:00", timezone: UTC}}
"""
NAMES = ("essai-un", "essai-deux")
# What each host buys: the same demand would be one lead.
GOODS = {HOST.format("essai-un"): "Mobiliario escolar", HOST.format("essai-deux"): "Ambulancias"}
# Seconds that a real process may need on a busy machine.
LONG = 120.0


def package(host: str) -> bytes:
    """What a service announces: two calls for tenders still open."""
    day = datetime.now(UTC)
    releases = [
        {
            "ocid": f"ocds-abc123-{host}-{number}",
            "id": f"{number}",
            "date": (day - timedelta(days=number)).isoformat(),
            "tag": ["tender"],
            "initiationType": "tender",
            "buyer": {"name": "Municipalidad de Ñandutí"},
            "tender": {
                "id": str(number),
                "title": f"{GOODS.get(host, 'Bombas de agua')}, lote {number}",
                "status": "active",
                "tenderPeriod": {"endDate": (day + timedelta(days=20 + number)).isoformat()},
            },
        }
        for number in (1, 2)
    ]
    return json.dumps({"uri": "https://exemple.test/1", "releases": releases}).encode()


@dataclass
class Service:
    """Both hosts. held: answers wait for it. asked: set at the first request for notices."""

    held: Event = field(default_factory=Event)
    asked: Event = field(default_factory=Event)

    def __call__(self, asked: Asked) -> Answer:
        if asked.path.startswith("/robots.txt"):
            return Answer(status=404)
        self.asked.set()
        assert self.held.wait(LONG)
        return Answer(package(asked.host), headers={"Content-Type": "application/json"})


@dataclass
class Desk:
    """Where schedulers are started, and what they share."""

    folder: Path
    url: str
    replica: Replica
    service: Service
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def plan(self, *options: str, names: tuple[str, ...] = NAMES) -> subprocess.Popen[str]:
        """A scheduler of its own process, which asks our sources only."""
        command = [sys.executable, "-m", "search_api.cli", "planifier", *names, "--json"]
        quick = ["--intervalle", "0.5", "--replique", self.replica.address]
        environment = os.environ | {
            "DEBOUCHES_DATA": str(self.folder / "donnees"),
            "DEBOUCHES_SOURCES": str(self.folder / "pages"),
            "DATABASE_URL": self.url,
        }
        process = subprocess.Popen(
            [*command, *quick, *options], env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.started.append(process)
        return process

    def end(self, process: subprocess.Popen[str]) -> list[dict[str, Any]]:
        """The facts that a scheduler told before it left, without a complaint."""
        out, errors = process.communicate(timeout=LONG)
        assert (process.returncode, errors) == (0, "")
        return [json.loads(line) for line in out.splitlines()]

    @property
    def notices_asked(self) -> list[str]:
        return sorted(one.host for one in self.replica.asked if one.path != "/robots.txt")

    @contextmanager
    def record(self) -> Iterator[LeadStore]:
        store = LeadStore.open(self.url)
        yield store
        store.close()

    def rows(self, table: Any) -> list[Any]:
        with self.record() as store, store.reading() as connection:
            return list(connection.execute(select(table)).all())

    def leads(self) -> int:
        with self.record() as store:
            return store.tally().total

    def grow_old(self) -> None:
        """Nobody waits ten minutes in a test: signs of life are made older than that."""
        old = datetime.now(UTC) - timedelta(minutes=11)
        with self.record() as store, store.writing() as connection:
            connection.execute(slot.update().values(taken=old))
            connection.execute(collection.update().values(beat=old))


@contextmanager
def opened(folder: Path, url: str) -> Iterator[Desk]:
    pages = folder / "pages"
    pages.mkdir()
    for name in NAMES:
        page = PAGE.format(name=name, host=HOST.format(name))
        (pages / f"{name}.yml").write_text(page, "utf-8")
    service = Service()
    service.held.set()
    with serving(Replica({HOST.format(name): service for name in NAMES})) as replica:
        desk = Desk(folder, url, replica, service)
        try:
            yield desk
        finally:
            service.held.set()
            for process in desk.started:
                process.kill()
                process.communicate()


@pytest.fixture
def desk(store: LeadStore, tmp_path: Path) -> Iterator[Desk]:
    """On each of the databases, empty."""
    with opened(tmp_path, store.engine.url.render_as_string(hide_password=False)) as desk:
        yield desk


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Desk]:
    """On one of them: what is told here does not depend on it."""
    with opened(tmp_path, f"sqlite:///{tmp_path / 'record.sqlite3'}") as desk:
        yield desk


def facts(told: list[dict[str, Any]], event: str) -> list[tuple[str, Any]]:
    return sorted((one["source"], one.get("outcome")) for one in told if one["event"] == event)


def until(true: Callable[[], bool]) -> None:
    limit = monotonic() + LONG
    wait = Event()
    while not true():
        assert monotonic() < limit
        wait.wait(0.05)


def test_two_schedulers_at_once_ask_each_source_once(desk: Desk) -> None:
    both = [desk.plan("--une-fois"), desk.plan("--une-fois")]
    told = [one for process in both for one in desk.end(process)]
    assert facts(told, "collected") == [(name, "promoted") for name in sorted(NAMES)]
    assert desk.notices_asked == sorted(HOST.format(name) for name in NAMES)
    assert [bool(row.done) for row in desk.rows(slot)] == [True, True]
    assert desk.leads() == sum(one["leads"] for one in told if one["event"] == "indexed") == 4


def test_a_killed_scheduler_loses_nothing(alone: Desk) -> None:
    alone.service.held.clear()
    killed = alone.plan(names=NAMES[:1])
    assert alone.service.asked.wait(LONG)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    alone.service.held.set()
    [left] = alone.rows(slot)
    assert left.done is None
    alone.grow_old()
    told = alone.end(alone.plan("--une-fois", names=NAMES[:1]))
    assert facts(told, "collected") == [(NAMES[0], "promoted")]
    [again] = alone.rows(slot)
    assert (again.due, bool(again.done)) == (left.due, True)
    assert alone.leads() == 2


def test_a_scheduler_told_to_stop_leaves_its_work_to_the_next(alone: Desk) -> None:
    folder = alone.folder / "donnees" / "depots" / NAMES[1]
    folder.mkdir(parents=True)
    (folder / "avis.json").write_bytes(package("apporté"))
    alone.service.held.clear()
    process = alone.plan("--calme", "1", names=NAMES[:1])
    assert alone.service.asked.wait(LONG)
    until(lambda: (folder / READ / "avis.json").exists())
    process.send_signal(signal.SIGTERM)
    alone.service.held.set()
    told = alone.end(process)
    assert facts(told, "dropped") == [(NAMES[1], "promoted")]
    assert told[-1]["event"] == "ended"
    # The answer may have come in time, or not: the slot is done, or given back.
    following = alone.end(alone.plan("--une-fois", names=NAMES[:1]))
    assert (NAMES[0], "promoted") in facts([*told, *following], "collected")
    assert [bool(row.done) for row in alone.rows(slot)] == [True]
    assert alone.leads() == 4


def test_slots_that_tell_nothing_any_more_are_forgotten(alone: Desk) -> None:
    alone.end(alone.plan("--une-fois", names=NAMES[:1]))
    old = datetime.now(UTC) - MEMORY - timedelta(days=1)
    with alone.record() as store, store.writing() as connection:
        row = {"source": NAMES[0], "due": old, "taken": old, "done": old}
        connection.execute(slot.insert().values(row))
    alone.end(alone.plan("--une-fois", names=NAMES[:1]))
    assert [row.source for row in alone.rows(slot)] == [NAMES[0]]
