"""The index is a disposable projection of the record."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from conftest import LeadFactory

from index import sync
from index.embedded import EmbeddedEngine
from index.engine import SearchEngine
from index.query import Query
from index.sense import Sense
from index.store import LeadStore


def _held(engine: SearchEngine, now: datetime) -> set[str]:
    everything = Query(include_expired=True, include_domestic=True, limit=100)
    return {hit.lead.model_dump_json() for hit in engine.search(everything, now).hits}


def test_only_what_changed_is_written(
    store: LeadStore, engine: SearchEngine, lead: LeadFactory
) -> None:
    one, two = lead(), lead()
    store.save([one, two])
    assert sync.synchronise(store, engine) == 2
    assert sync.synchronise(store, engine) == 0
    store.save([two])
    assert sync.synchronise(store, engine) == 1
    assert engine.sequence() == store.last_sequence()


def test_a_rebuild_gives_the_same_documents(
    store: LeadStore, engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    store.save([lead(f"lead {n}") for n in range(10)])
    sync.synchronise(store, engine)
    store.save([lead("lead 10", id="0" * 15 + "3")])
    sync.synchronise(store, engine)
    before = _held(engine, now)
    assert sync.rebuild(store, engine) == 10
    assert _held(engine, now) == before


def test_a_generation_that_was_lost_is_made_again(
    store: LeadStore, embedded: EmbeddedEngine, lead: LeadFactory, now: datetime
) -> None:
    store.save([lead()])
    sync.synchronise(store, embedded)
    next(embedded.generations.folder.glob("*.current")).unlink()
    assert embedded.sequence() == 0
    assert sync.synchronise(store, embedded) == 1
    assert embedded.search(Query(), now).total == 1


def test_a_rebuild_in_the_middle_of_a_synchronisation_loses_nothing(
    store: LeadStore, engine: SearchEngine, lead: LeadFactory
) -> None:
    store.save([lead(f"lead {n}") for n in range(6)])
    batches = store.changed_since(0, batch=2)
    engine.put(next(batches), 0)
    engine.replace([])
    for leads in batches:
        engine.put(leads, leads[0].sequence - 1)
    assert engine.sequence() == 0
    sync.synchronise(store, engine)
    assert (engine.count(), engine.sequence()) == (6, 6)


def test_writers_at_once_leave_every_lead_with_its_own_vector(
    store: LeadStore,
    engine: SearchEngine,
    another: Callable[[], SearchEngine],
    lead: LeadFactory,
    now: datetime,
) -> None:
    leads = store.save([lead(f"mobilier {n}") for n in range(40)])
    others = [another() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        parts = [leads[n::4] for n in range(4)]
        list(pool.map(lambda other, part: other.put(part), others, parts))
    assert engine.count() == 40
    for one in leads[::7]:
        assert len(engine.similar(one.id, 5, now)) == 5


def test_killed_while_indexing_the_index_catches_up(
    tmp_path: Path, sense: Sense, lead: LeadFactory
) -> None:
    url = f"sqlite:///{tmp_path / 'record.sqlite3'}"
    store = LeadStore.open(url)
    store.save([lead(f"mobilier {n}") for n in range(3_000)])
    code = (
        "import sys; from pathlib import Path; from index.embedded import EmbeddedEngine;"
        "from index.embedders import open_sense; from index.settings import Settings;"
        "from index.store import LeadStore;"
        "from index import sync; store = LeadStore.open(sys.argv[1]);"
        "engine = EmbeddedEngine(Path(sys.argv[2]), open_sense(Settings()));"
        "batches = store.changed_since(0, batch=50);"
        "[print(engine.put(leads, leads[0].sequence - 1), flush=True) for leads in batches]"
    )
    command = [sys.executable, "-c", code, url, str(tmp_path / "index")]
    for lines in (3, 11):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        for _ in range(lines):
            process.stdout.readline()
        process.kill()
        process.communicate()
    engine = EmbeddedEngine(tmp_path / "index", sense)
    sync.synchronise(store, engine)
    assert engine.count() == 3_000
    assert engine.sequence() == store.last_sequence()
    store.close()
