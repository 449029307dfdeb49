"""A source collected for real: the crawler in its own process, a server, a record."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from index.coding import Coder
from index.store import LeadStore
from ingest.collecting import Collecting
from ingest.crawl import Told
from ingest.crawl_process import crawl_process
from ingest.source import sources
from replica.server import Answer, Asked, Replica, serving

HOST = "achats.exemple.test"
FEED = b"ref,title,published\nA,Mobiliario escolar,2026-05-30\nB,Bombas de agua,2026-05-31\n"


def page(name: str, **more: Any) -> dict[str, Any]:
    usual = {
        "name": name,
        "title": "Service d'essai",
        "publisher": "Agencia de Compras",
        "licence": "CC BY 4.0",
        "url": f"https://{HOST}",
        "country": "PY",
    }
    return usual | more


PAGED = page(
    "paquets",
    formats=["ocds"],
    collect={"spider": "ocds", "address": f"https://{HOST}/1?desde={{since}}"},
)
TABLE = page(
    "tabla",
    formats=["tabular"],
    mapping={"key": ["ref"], "title": ["title"], "published": "published"},
    collect={"spider": "files", "address": f"https://{HOST}/avisos.csv"},
)
LOCKED = page(
    "cerrado",
    formats=["ocds"],
    collect={
        "spider": "ocds",
        "address": f"https://{HOST}/1",
        "key": {
            "variable": "DEBOUCHES_CLE_ABSENTE",
            "header": "X-Api-Key",
            "how": "Demandez-la sur https://achats.exemple.test/cle.",
        },
    },
)


def package(asked: Asked) -> Answer:
    """Three pages of releases; a table that has an ETag."""
    if asked.path == "/avisos.csv":
        if asked.headers.get("If-None-Match") == '"1"':
            return Answer(status=304)
        return Answer(FEED, headers={"ETag": '"1"', "Content-Type": "text/csv"})
    if not asked.path[1:].isdigit():
        return Answer(status=404)
    number = int(asked.path[1:])
    tender = {"id": "t", "title": f"Mobiliario escolar número {number}"}
    release = {"ocid": f"ocds-abc123-{number}", "id": f"{number}-1", "tag": ["tender"]}
    release |= {"date": "2026-05-30T10:00:00Z", "tender": tender}
    following = f"https://{HOST}/{number + 1}" if number < 3 else None
    return Answer(orjson.dumps({"releases": [release], "links": {"next": following}}))


@pytest.fixture
def replica() -> Iterator[Replica]:
    with serving(Replica({HOST: package})) as replica:
        yield replica


@pytest.fixture
def collecting(replica: Replica, tmp_path: Path, coder: Coder) -> Iterator[Collecting]:
    folder = tmp_path / "pages"
    folder.mkdir()
    for one in (PAGED, TABLE, LOCKED):
        # JSON is YAML.
        (folder / f"{one['name']}.yml").write_bytes(orjson.dumps(one))
    store = LeadStore.open(f"sqlite:///{tmp_path / 'record.sqlite3'}")
    ask = crawl_process(folder, replica.address, delay=0)
    landing = tmp_path / "collectes"
    pages = sources(folder)
    yield Collecting(store, pages, landing, ask, lambda: datetime.now(UTC), lambda: coder)
    store.close()


def keys(collecting: Collecting) -> list[str]:
    leads = [lead for batch in collecting.store.changed_since(0) for lead in batch]
    return sorted(one.key for lead in leads for one in lead.provenances)


def test_a_table_is_collected_then_unchanged(collecting: Collecting, replica: Replica) -> None:
    told: list[Told] = []
    assert collecting.collect("tabla", told.append).outcome == "promoted"
    assert keys(collecting) == ["A", "B"]
    assert {one.step for one in told} == {"crawl", "look", "ingest"}
    assert collecting.collect("tabla").outcome == "unchanged"
    assert replica.paths(HOST).count("/avisos.csv") == 2


def test_a_service_that_dies_on_a_page_is_held_then_resumed_from_there(
    collecting: Collecting, replica: Replica
) -> None:
    replica.traps = [lambda asked: Answer(status=403) if asked.path == "/3" else None]
    held = collecting.collect("paquets")
    assert (held.outcome, keys(collecting)) == ("held", [])
    assert "le service refuse de répondre" in held.sentence
    replica.traps = []
    done = collecting.collect("paquets")
    assert (done.outcome, done.number, len(keys(collecting))) == ("promoted", held.number, 3)
    pages = [path for path in replica.paths(HOST) if path[1:].isdigit()]
    assert pages == ["/1", "/2", "/3", "/3"]
    assert collecting.incidents.open() == []


def test_a_key_that_is_missing_is_said_with_how_to_get_one(collecting: Collecting) -> None:
    done = collecting.collect("cerrado")
    assert done.outcome == "impossible"
    assert "DEBOUCHES_CLE_ABSENTE" in done.sentence
    assert "Demandez-la" in done.sentence
    assert collecting.incidents.open() == []


def test_no_crawl_outlives_who_asked_for_it(collecting: Collecting, replica: Replica) -> None:
    def stop(told: Told) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collecting.collect("paquets", stop)
    asked = len(replica.asked)
    done = collecting.collect("paquets")
    assert (done.outcome, len(keys(collecting))) == ("promoted", 3)
    pages = [one.path for one in replica.asked[asked:] if one.path[1:].isdigit()]
    assert "/1" not in pages  # it was read, and the crawl was resumed


def test_ctrl_c_on_a_terminal_does_not_reach_a_crawl(collecting: Collecting) -> None:
    """It is sent to a whole group: a crawl that ended by itself would look like a broken one."""
    groups: set[int] = set()

    def look(told: Told) -> None:
        if told.step == "crawl":
            groups.update(os.getpgid(child) for child in crawls())

    assert collecting.collect("paquets", look).outcome == "promoted"
    assert groups and os.getpgid(0) not in groups


def crawls() -> list[int]:
    """The crawls that this process started."""
    children = Path("/proc/self/task").glob("*/children")
    pids = [int(pid) for file in children for pid in file.read_text().split()]
    return [pid for pid in pids if b"crawlers" in Path(f"/proc/{pid}/cmdline").read_bytes()]
