"""What partners drop in a folder is read once it is whole, and never lost on the way."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy.exc import OperationalError

from index.coding import Coder
from index.store import LeadStore
from ingest.collecting import Collected, Collecting
from ingest.crawl import Answer, Told
from ingest.drop import HELD, QUIET, READ, Dropped, Drops, numbered, wrong_name
from ingest.intake import Intake, Stopped
from ingest.source import sources

PAGE = """
name: chambre
title: Demandes d'une chambre
publisher: Chambre d'essai
licence: essai
url: https://chambre.exemple.test
formats: [tabular]
country: PE
language: fr
expected: [1, 3]
mapping: {key: [Ref], title: [Objet]}
"""
SECOND = timedelta(seconds=1)


def feed(*refs: str) -> bytes:
    return "".join(["Ref,Objet\n", *(f"{ref},Pompes à eau {ref}\n" for ref in refs)]).encode()


class World:
    """A record, drop folders, and a clock moved by hand."""

    def __init__(self, store: LeadStore, folder: Path, now: datetime, coder: Coder) -> None:
        self.store, self.now, self.root = store, now, folder / "depots"
        pages = folder / "pages"
        pages.mkdir()
        (pages / "chambre.yml").write_text(PAGE, "utf-8")
        self.pages = sources(pages)
        self.folder = self.root / "chambre"
        self.folder.mkdir(parents=True)
        self.collecting = Collecting(
            store, self.pages, folder / "collectes", lambda *_: Answer(), lambda: self.now,
            lambda: coder,
        )  # fmt: skip
        self.taken: list[tuple[str, str]] = []
        self.intake = self.begin()

    def begin(self) -> Intake:
        """Another process, which remembers nothing."""
        drops = Drops(self.root, self.pages)
        return Intake(drops, self.collecting, lambda: self.now, self.tell)

    def tell(self, one: Dropped, done: Collected) -> None:
        self.taken.append((one.path.name, done.outcome))

    def drop(self, name: str, body: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(body)
        os.utime(path, (self.now.timestamp(), self.now.timestamp()))
        return path

    def tick(self, times: int = 1, after: timedelta = QUIET) -> None:
        for _ in range(times):
            self.now += after
            self.intake.round(lambda told: None)

    def left(self) -> list[str]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.folder)) for path in files)

    def keys(self) -> list[str]:
        leads = [lead for batch in self.store.changed_since(0) for lead in batch]
        return sorted(one.key for lead in leads for one in lead.provenances)

    def incidents(self) -> dict[str, str]:
        return {one.source: one.detail for one in self.collecting.incidents.open()}


@pytest.fixture
def recorded(store: LeadStore, tmp_path: Path, now: datetime, coder: Coder) -> Iterator[World]:
    """On each of the databases."""
    sources.cache_clear()
    yield World(store, tmp_path, now, coder)
    sources.cache_clear()


@pytest.fixture
def world(tmp_path: Path, now: datetime, coder: Coder) -> Iterator[World]:
    """On one of them, for what happens in folders."""
    sources.cache_clear()
    store = LeadStore.open(f"sqlite:///{tmp_path / 'record.sqlite3'}")
    yield World(store, tmp_path, now, coder)
    store.close()
    sources.cache_clear()


def test_a_file_dropped_is_read_then_put_beside(recorded: World) -> None:
    recorded.drop("avis.csv", feed("a", "b"))
    recorded.tick(2)
    assert recorded.keys() == ["a", "b"]
    assert recorded.taken == [("avis.csv", "promoted")]
    assert recorded.left() == [f"{READ}/avis.csv"]


def test_a_file_that_a_monitor_holds_is_put_where_somebody_looks(recorded: World) -> None:
    recorded.drop("avis.csv", feed(*"abcdefghijkl"))
    recorded.tick(2)
    assert recorded.keys() == []
    assert recorded.left() == [f"{HELD}/avis.csv"]
    assert "chambre" in recorded.incidents()


def test_a_file_still_being_written_is_left(world: World) -> None:
    path = world.drop("avis.csv", feed("a"))
    for _ in range(2):
        world.tick()
        with path.open("ab") as file:
            file.write(b"b,Pompes\n")
    assert world.left() == ["avis.csv"]
    world.tick(2)
    assert world.taken == [("avis.csv", "promoted")]


def test_a_file_just_written_is_left_for_a_while(world: World) -> None:
    world.drop("avis.csv", feed("a"))
    world.tick(3, after=SECOND)
    assert world.taken == []
    world.tick(1)
    assert world.left() == [f"{READ}/avis.csv"]


def test_a_clock_ahead_of_ours_does_not_keep_a_file_from_being_read(world: World) -> None:
    path = world.drop("avis.csv", feed("a"))
    later = (world.now + timedelta(days=900)).timestamp()
    os.utime(path, (later, later))
    world.tick(2)
    assert world.taken == [("avis.csv", "promoted")]


@pytest.mark.parametrize("name", [".avis.csv.a1B2", "_avis.csv", "avis.csv.part", "AVIS.FilePart"])
def test_names_of_unfinished_files_are_left(world: World, name: str) -> None:
    world.drop(name, feed("a"))
    world.tick(3)
    assert world.left() == [name]
    assert world.incidents() == {}


def test_what_was_read_is_never_overwritten(world: World) -> None:
    for ref in "abc":
        world.drop("avis.csv", feed(ref))
        world.tick(2)
    assert world.left() == [f"{READ}/avis-2.csv", f"{READ}/avis-3.csv", f"{READ}/avis.csv"]
    assert (world.folder / READ / "avis.csv").read_bytes() == feed("a")
    assert world.keys() == ["a", "b", "c"]


def test_files_are_read_in_the_order_they_came(world: World) -> None:
    for name in ("c.csv", "a.csv", "b.csv"):
        world.drop(name, feed(name))
        world.now += SECOND
    world.tick(2)
    assert [name for name, _ in world.taken] == ["c.csv", "a.csv", "b.csv"]


def test_a_link_is_never_followed(world: World, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(feed("secret"))
    (world.folder / "avis.csv").symlink_to(secret)
    world.tick(3)
    assert world.keys() == []
    assert secret.exists()
    assert "avis.csv" in world.incidents()["chambre"]


def test_a_link_in_place_of_the_folder_of_what_was_read_takes_nothing_away(
    world: World, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "ailleurs"
    elsewhere.mkdir()
    (world.folder / READ).symlink_to(elsewhere)
    world.drop("avis.csv", feed("a"))
    world.tick(3)
    assert list(elsewhere.iterdir()) == []
    assert (world.folder / "avis.csv").exists()


def test_a_folder_of_no_source_is_told_once_and_again_never(recorded: World) -> None:
    (recorded.root / "inconnue").mkdir()
    (recorded.root / "inconnue" / "avis.csv").write_bytes(feed("a"))
    recorded.tick(3)
    [incident] = recorded.collecting.incidents.open()
    assert (incident.source, incident.kind, incident.times) == ("inconnue", "depot", 1)
    assert (recorded.root / "inconnue" / "avis.csv").exists()
    (recorded.root / "inconnue").rename(recorded.root / ".inconnue")
    (recorded.root / ".inconnue").rename(recorded.root.parent / "rangé")
    recorded.tick()
    assert recorded.incidents() == {}


def test_a_killed_reader_loses_nothing(recorded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between reading and moving: the file is read again, and makes no double."""
    recorded.drop("avis.csv", feed("a", "b"))
    recorded.tick()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("ingest.intake.settle", killed)
        recorded.tick()
    assert recorded.left() == ["avis.csv"]
    recorded.intake = recorded.begin()
    recorded.tick(2)
    assert recorded.left() == [f"{READ}/avis.csv"]
    assert recorded.keys() == ["a", "b"]
    assert recorded.store.tally().total == 2


def test_a_file_that_cannot_be_moved_is_not_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.drop("avis.csv", feed("a"))
    (world.folder / READ).write_text("un fichier à la place du dossier")
    world.tick(6)
    assert world.taken == [("avis.csv", "promoted")]
    (world.folder / READ).unlink()
    world.tick(1, after=timedelta(hours=1))
    assert world.left() == [f"{READ}/avis.csv"]


def test_a_record_out_of_reach_leaves_the_file_and_is_tried_less_and_less(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def away(name: str, *_: object) -> Collected:
        asked.append(name)
        raise OperationalError("", {}, RuntimeError("absent"))

    world.drop("avis.csv", feed("a"))
    with monkeypatch.context() as patch:
        patch.setattr(world.collecting, "take", away)
        world.tick(1 + 2 * 60)
        assert len(asked) == 6  # after 0, 1, 3, 7, 15 and 31 minutes
        assert world.left() == ["avis.csv"]
        assert "avis.csv" in world.incidents()["chambre"]
    world.tick(60)
    assert world.left() == [f"{READ}/avis.csv"]
    assert world.incidents() == {}


def test_one_bad_file_does_not_stop_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    take = world.collecting.take

    def some(name: str, paths: list[Path], progress: object) -> Collected:
        if paths[0].name == "a.csv":
            raise ValueError("inattendu")
        return take(name, paths)

    monkeypatch.setattr(world.collecting, "take", some)
    world.drop("a.csv", feed("a"))
    world.drop("b.csv", feed("b"))
    world.tick(2)
    assert world.left() == [f"{READ}/b.csv", "a.csv"]


def test_one_process_at_a_time_takes_files(world: World) -> None:
    world.drop("avis.csv", feed("a"))
    world.tick()
    with FileLock(world.root / ".verrou"):
        world.tick()
    assert world.taken == []
    world.tick()
    assert world.taken == [("avis.csv", "promoted")]


def test_a_stop_leaves_the_file_where_it_is(world: World) -> None:
    world.drop("avis.csv", feed("a"))
    world.tick()

    def stop(told: Told) -> None:
        raise Stopped

    world.now += QUIET
    with pytest.raises(Stopped):
        world.intake.round(stop)
    assert world.left() == ["avis.csv"]
    world.tick()
    assert world.left() == [f"{READ}/avis.csv"]


def test_a_name_of_any_bytes_is_read(world: World) -> None:
    os.close(os.open(os.fsencode(world.folder) + b"/avis-\xe9\n.csv", os.O_CREAT | os.O_WRONLY))
    [path] = world.folder.iterdir()
    path.write_bytes(feed("a"))
    os.utime(path, (world.now.timestamp(), world.now.timestamp()))
    world.tick(2)
    assert world.keys() == ["a"]


def test_nothing_dropped_is_nothing_done(world: World) -> None:
    world.folder.rmdir()
    world.root.rmdir()
    world.tick()
    assert world.incidents() == {}
    assert not world.root.exists()


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("avis.csv", "avis-2.csv"),
        ("avis", "avis-2"),
        ("lot.tar.gz", "lot-2.tar.gz"),
        ("avis.2026.05.csv", "avis.2026.05-2.csv"),
        ("avis.xml.gz", "avis-2.xml.gz"),
    ],
)
def test_a_number_leaves_the_suffix_that_tells_the_format(name: str, second: str) -> None:
    names = numbered(name)
    assert (next(names), next(names)) == (name, second)
    assert wrong_name(second) == ""
