"""The landing: whole files, one folder a run, and a report for the ingestion to skip."""

import resource
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from crawlers.ask import Ask
from crawlers.journal import Step
from crawlers.landing import REPORT, Run, write
from crawlers.settings import MIN_DELAY, settings

ONE = Ask("https://x.test/1")
START = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path, "compras", "agent", clock=lambda: START)


@pytest.fixture
def small_disk() -> Iterator[int]:
    """A disk on which no file grows beyond this many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    yield 4_096
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_bodies_are_numbered_in_the_order_they_came(run: Run) -> None:
    bodies = [b"\xff\x00", b"", b"{}\r\n"]
    paths = []
    for number, body in enumerate(bodies):
        ask = Ask(f"https://x.test/{number}", notices=number != 1)
        paths.append(run.land(ask, body))
        run.step(Step(ask, landed=len(body)))
    assert [path.name for path in paths] == ["000001.json", "_000002.json", "000003.json"]
    assert [path.read_bytes() for path in paths] == bodies
    assert (run.progress()["pages"], run.progress()["bytes"]) == (3, 6)


def test_an_answer_that_a_crash_left_without_a_step_gives_its_place_to_the_next(run: Run) -> None:
    run.land(Ask("https://x.test/list", notices=False), b"[]")
    run.step(Step(ONE, landed=2))
    run.land(Ask("https://x.test/2", suffix="xml"), b"<a/>")
    run.close()
    again = Run(run.folder, "compras", "agent", lambda: START, resume=run.folder)
    again.land(Ask("https://x.test/page", notices=False), b"[]")
    names = sorted(path.name for path in run.folder.glob("*0*"))
    assert names == ["_000001.json", "_000002.json"]


def test_two_runs_never_share_a_folder(tmp_path: Path, run: Run) -> None:
    assert run.folder == tmp_path / "compras" / "20260601-090000-000000"
    with pytest.raises(FileExistsError):
        Run(tmp_path, "compras", "agent", clock=lambda: START)


def test_a_full_disk_leaves_the_file_of_before(tmp_path: Path, small_disk: int) -> None:
    path = tmp_path / "000001.json"
    write(path, b"before")
    with pytest.raises(OSError):
        write(path, b"x" * (small_disk + 1))
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"before"


def test_a_body_that_did_not_land_leaves_its_number_to_the_next(run: Run, small_disk: int) -> None:
    with pytest.raises(OSError):
        run.land(ONE, b"x" * (small_disk + 1))
    assert run.land(ONE, b"{}").name == "000001.json"


def test_a_run_is_partial_until_it_says_otherwise(run: Run) -> None:
    assert not (run.folder / REPORT).exists()
    run.close()
    assert orjson.loads((run.folder / REPORT).read_bytes())["reason"] == "interrupted"


def test_the_report_survives_whatever_a_service_writes(run: Run) -> None:
    run.fail("unreadable", "https://x.test/\ud800", "\x00" + "é" * 10_000)
    run.close()
    (error,) = orjson.loads((run.folder / REPORT).read_bytes())["errors"]
    assert error["address"] == "https://x.test/\\ud800"
    assert error["detail"] == "\x00" + "é" * 499


def test_what_is_not_a_body_has_a_name_that_ingestion_skips(run: Run) -> None:
    assert REPORT.startswith("_")


def test_by_default_a_service_has_a_second_between_two_requests() -> None:
    assert settings()["DOWNLOAD_DELAY"] == settings()["AUTOTHROTTLE_START_DELAY"] == MIN_DELAY == 1
    assert settings()["DOWNLOAD_DELAY_JITTER"] == 0


def test_a_detail_that_was_had_is_named_even_without_anything_to_give_back(run: Run) -> None:
    """Where it was missed before, it leaves quarantine by its address."""
    had, lost = (Ask(f"https://x.test/{name}", alone=True) for name in ("had", "lost"))
    run.step(Step(had, landed=2))
    run.miss(lost, "absent")
    assert run.journal.known == {had.name: {}}
