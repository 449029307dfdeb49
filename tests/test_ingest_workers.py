"""Processes side by side: order, faults, and the same record as one process alone."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from index.lead import Lead
from index.store import LeadStore
from index.tables import document
from ingest.ledger import Ledger
from ingest.pipeline import Ingestion
from ingest.price import Rates
from ingest.report import Report
from ingest.source import sources
from ingest.workers import WorkerLostError, Workers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forking is not safe here")

PAGE = """\
name: essai
title: Essai
publisher: Essai
licence: Essai
url: https://essai.exemple.test
formats: [tabular]
mapping:
  key: [ref]
  title: [title]
  body: [text]
  language: lang
  buyer: buyer
  country: country
  published: published
  constants: {stage: open}
"""
GOODS = ("Schulmöbel", "Feuerwehrfahrzeuge", "Medizinische Handschuhe", "Wasserpumpen", "Bücher")


def work(task: int) -> int:
    if task < 0:
        raise ValueError(f"{task} is negative")
    if task == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    return task * task


@pytest.fixture
def workers() -> Iterator[Workers[int, int]]:
    some = Workers(work, 2)
    yield some
    some.close()


def test_results_come_back_in_the_order_of_tasks(workers: Workers[int, int]) -> None:
    for _ in range(2):
        assert list(workers.map(range(10))) == [(n, n * n) for n in range(10)]
    assert list(workers.map([])) == []


def test_what_the_work_raises_is_raised_where_the_task_came_from(
    workers: Workers[int, int],
) -> None:
    with pytest.raises(ValueError, match="-1 is negative"):
        list(workers.map([-1]))


def test_a_process_that_dies_is_said(workers: Workers[int, int]) -> None:
    with pytest.raises(WorkerLostError):
        list(workers.map([1, 13, 2, 3, 4]))


def test_processes_end_with_the_one_that_started_them_even_killed() -> None:
    alone = "import sys; from ingest.workers import Workers; Workers(abs, 2); print(); input()"
    command, pipe = [sys.executable, "-u", "-c", alone], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
        # The end of what they all write to comes when the last of them has ended.
        assert process.stdout.read() == b""


class World:
    """A feed of 2,600 demands, some of them told twice, some of them faulty."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.now, self.folder = now, folder
        (folder / "pages").mkdir()
        (folder / "pages" / "essai.yml").write_text(PAGE, "utf-8")
        self.pages = sources(folder / "pages")
        lines = ["ref,title,text,lang,buyer,country,published"]
        for n in range(2_600):
            ref = f"A{n}" if n % 97 else ""
            title = f"Lieferung: {GOODS[n % 5]} – Los {n // 3 if n % 3 else n}"
            lines.append(f"{ref},{title},Bedarf {n // 3},de,Stadt Ulm {n % 40},DE,2026-05-12")
        self.feed = folder / "essai.csv"
        self.feed.write_text("\n".join(lines) + "\n", "utf-8")

    def read(self, record: str, workers: int, broken: bool = False) -> tuple[Report, list[Lead]]:
        """broken: the process beside is killed at its first lot."""
        store = LeadStore.open(f"sqlite:///{self.folder / record}")
        rates = Rates.load()
        run = Ingestion(Ledger(store), self.pages, rates, lambda: self.now, workers=workers)
        if broken:
            run.understanding.answer = lambda lot: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment, method-assign, return-value]
        try:
            report = run.run("essai", [self.feed])
            return report, [lead for batch in store.changed_since(0) for lead in batch]
        finally:
            store.close()


@pytest.fixture
def world(tmp_path: Path, now: datetime) -> World:
    return World(tmp_path, now)


def test_several_processes_make_the_same_record_as_one(world: World) -> None:
    alone, beside = (world.read(f"{n}.sqlite3", n) for n in (0, 2))
    assert alone[0].balanced()
    assert alone[0].quarantined == 27
    assert alone[0].to_json() == beside[0].to_json()
    assert [lead.model_dump_json() for lead in alone[1]] == [
        lead.model_dump_json() for lead in beside[1]
    ]


def test_a_document_whose_reading_kills_a_process_is_held_to_account(world: World) -> None:
    with pytest.raises(WorkerLostError):
        world.read("broken.sqlite3", 1, broken=True)
    store = LeadStore.open(f"sqlite:///{world.folder / 'broken.sqlite3'}")
    with store.reading() as connection:
        assert connection.execute(select(document.c.attempts)).scalars().all() == [1]
    store.close()
    assert world.read("broken.sqlite3", 1)[0].balanced()
