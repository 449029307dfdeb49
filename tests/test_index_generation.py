"""Generations stand side by side; one is current, and it changes at once."""

import threading
from pathlib import Path

import pytest

from index import generation
from index.generation import Generations, IndexBusy, read_mark, write_mark


@pytest.fixture
def generations(tmp_path: Path) -> Generations:
    made = Generations(tmp_path / "index", "v1-light")
    with made.writing():
        made.switch(made.create())
    return made


def test_reading_makes_nothing(tmp_path: Path) -> None:
    assert Generations(tmp_path / "index", "v1-light").current() is None
    assert not (tmp_path / "index").exists()


def test_what_another_version_built_is_neither_read_nor_erased(generations: Generations) -> None:
    old = generations.current()
    other = Generations(generations.folder, "v2-light")
    assert other.current() is None
    for _ in range(3):
        other.switch(other.create())
    assert old is not None
    assert old.is_dir()
    assert generations.current() == old


def test_a_new_generation_is_current_once_switched(generations: Generations) -> None:
    before = generations.current()
    made = generations.create()
    assert generations.current() == before
    generations.switch(made)
    assert generations.current() == made


def test_the_generation_before_is_kept_and_older_ones_go(generations: Generations) -> None:
    first = generations.current()
    second, third = generations.create(), generations.create()
    generations.switch(second)
    generations.switch(third)
    assert first is not None
    assert not first.exists()
    assert second.exists()


def test_a_generation_being_built_is_not_collected(generations: Generations) -> None:
    made, later = generations.create(), generations.create()
    generations.switch(made)
    assert later.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"sequence": null}', b"{}"])
def test_a_mark_that_cannot_be_read_is_the_beginning(
    generations: Generations, content: bytes
) -> None:
    folder = generations.current()
    assert folder is not None
    write_mark(folder, 12)
    assert read_mark(folder) == 12
    (folder / "mark.json").write_bytes(content)
    assert read_mark(folder) == 0


def test_a_second_writer_waits_then_says_so(
    generations: Generations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "PATIENCE", 0.05)
    said: list[str] = []

    def write() -> None:
        try:
            with Generations(generations.folder, "v1-light").writing():
                said.append("written")
        except IndexBusy as error:
            said.append(str(error))

    with generations.writing():
        other = threading.Thread(target=write)
        other.start()
        other.join()
    assert said == ["L'index est en cours d'écriture par un autre processus."]
