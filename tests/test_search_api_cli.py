"""The command speaks French, and its exit code says what happened."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from conftest import NOW
from fastapi import FastAPI
from fastapi.testclient import TestClient
from filelock import FileLock
from rows import HOUR, ingested, written
from typer.testing import CliRunner

from index.settings import Settings
from index.tables import collection, incident
from ingest.demo.feed import dated
from ingest.report import Report
from search_api.cli import _shown, app, console
from search_api.terminal import record


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("DEBOUCHES_DATA", str(tmp_path / "donnees"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DEBOUCHES_SOURCES", raising=False)
    return CliRunner()


def test_the_demonstration_loads_fictitious_leads(run: CliRunner) -> None:
    answer = run.invoke(app, ["demo", "--sans-servir"])
    assert answer.exit_code == 0, answer.output
    listed = run.invoke(app, ["sources"])
    assert "exemples" in listed.output


def test_loading_the_demonstration_twice_makes_no_double(run: CliRunner) -> None:
    run.invoke(app, ["demo", "--sans-servir"])
    again = run.invoke(app, ["demo", "--sans-servir"])
    assert again.exit_code == 0
    assert "│ 0 " in again.output


def test_an_unknown_source_is_said_with_the_known_ones(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<a/>")
    answer = run.invoke(app, ["ingerer", "rien", str(tmp_path / "a.xml")])
    assert answer.exit_code == 2
    assert "Source inconnue : « rien »" in answer.output
    assert "ted" in answer.output


def test_a_missing_file_is_said(run: CliRunner, tmp_path: Path) -> None:
    answer = run.invoke(app, ["ingerer", "ted", str(tmp_path / "nothing.xml")])
    assert answer.exit_code == 2
    assert "Introuvable" in answer.output


def test_the_report_is_given_in_json(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<broken")
    answer = run.invoke(app, ["ingerer", "auto", str(tmp_path / "a.xml"), "--json"])
    report = json.loads(answer.stdout)
    assert answer.exit_code == 3
    assert (report["received"], report["quarantined"], report["balanced"]) == (1, 1, True)


def test_the_bytes_of_quarantine_can_be_taken_out(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<broken")
    run.invoke(app, ["ingerer", "auto", str(tmp_path / "a.xml")])
    [entry] = json.loads(run.invoke(app, ["quarantaine", "--json"]).stdout)
    taken = run.invoke(app, ["quarantaine", "--brut", entry["raw"]])
    assert taken.stdout == "<broken"


def test_a_record_out_of_reach_is_one_line(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    answer = run.invoke(app, ["sources"])
    assert answer.exit_code == 1
    assert "ne peut pas être ouvert" in answer.output


def test_the_index_is_made_again(run: CliRunner) -> None:
    run.invoke(app, ["demo", "--sans-servir"])
    answer = run.invoke(app, ["index", "reconstruire"])
    assert answer.exit_code == 0
    assert "leads écrits" in answer.output


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One's own page of a source, « mine », that asks for nothing unusual."""
    folder = tmp_path / "pages"
    folder.mkdir()
    monkeypatch.setenv("DEBOUCHES_SOURCES", str(folder))
    path = folder / "mine.yml"
    path.write_text(
        '{name: mine, title: t, publisher: "[/p]\\e[2J\\a", licence: l, url: u, formats: [ted]}'
    )
    return path


def one_line(output: str) -> str:
    """The only line of an output."""
    [line] = output.splitlines()
    return line


@pytest.mark.parametrize("name", ["a[/b].bin", "a\x1b[2J\x07.bin"])
def test_a_name_that_plays_tricks_on_the_screen_is_shown_harmless(
    run: CliRunner, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "in" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\x00\x01")
    read = run.invoke(app, ["ingerer", "auto", str(tmp_path / "in")])
    listed = run.invoke(app, ["quarantaine"])
    assert (read.exit_code, listed.exit_code) == (3, 0)
    assert "Format non reconnu" in " ".join(read.output.split())
    assert not {"\x1b", "\x07"} & {*read.output, *listed.output}


def test_a_page_that_plays_tricks_on_the_screen_is_listed(run: CliRunner, page: Path) -> None:
    listed = run.invoke(app, ["sources", "mine"])
    assert listed.exit_code == 0, listed.output
    assert "[/p]" in listed.output
    assert not {"\x1b", "\x07"} & {*listed.output}


def test_reasons_and_remarks_are_shown_harmless_and_documents_counted() -> None:
    report = Report(documents=7, received=1, quarantined=1)
    report.reasons["Rien[/b]\x1b]0;x\x07 compris\u00a0:"] = 1
    report.remarks["Pays", "\x1b[31m[/i]"] = 1
    with console.capture() as captured:
        _shown(report)
    told = captured.get()
    assert "│ 7 " in told
    assert "Rien[/b]\ufffd]0;x\ufffd compris :" in told
    assert "Pays : 1 — \ufffd[31m[/i] (1)" in told


@pytest.mark.parametrize("url", ["foo", "mysql://me:secret@host/base", "postgresql://h:port/base"])
def test_a_wrong_address_of_the_record_is_one_line(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    answer = run.invoke(app, ["sources"])
    assert answer.exit_code == 1
    assert "ne peut pas être ouvert" in one_line(answer.output)
    assert "secret" not in answer.output


@pytest.mark.parametrize("command", [["sources"], ["demo", "--sans-servir"], ["servir"]])
def test_a_broken_page_is_one_line(run: CliRunner, page: Path, command: list[str]) -> None:
    page.write_text("name: mine\ntitle: [")
    answer = run.invoke(app, command)
    assert answer.exit_code == 2
    assert "La page de la source « mine » est incorrecte" in one_line(answer.output)


def test_a_folder_of_pages_that_is_absent_is_said(run: CliRunner, page: Path) -> None:
    page.unlink()
    page.parent.rmdir()
    answer = run.invoke(app, ["sources"])
    assert answer.exit_code == 2
    assert "n'existe pas" in one_line(answer.output)


def test_a_path_longer_than_any_name_is_not_found(run: CliRunner) -> None:
    for command in (["ingerer", "auto"], ["demo", "--donnees"]):
        answer = run.invoke(app, [*command, "a" * 300])
        assert answer.exit_code == 2
        assert "Introuvable" in one_line(answer.output)


@pytest.fixture
def busy(run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileLock:
    """The lock of an index in which another writes; nobody waits for it."""
    monkeypatch.setattr("index.generation.PATIENCE", 0.0)
    folder = tmp_path / "donnees" / "index"
    folder.mkdir(parents=True)
    return FileLock(folder / "writer.lock")


def fed(run: CliRunner, tmp_path: Path, *options: str) -> Any:
    """Outcome of ``ingerer`` on the examples."""
    feed = tmp_path / "exemples.csv"
    feed.write_bytes(dated(date(2026, 6, 1)))
    return run.invoke(app, ["ingerer", "exemples", str(feed), *options])


def test_a_busy_index_does_not_lose_the_report(
    run: CliRunner, tmp_path: Path, busy: FileLock
) -> None:
    with busy:
        answer = fed(run, tmp_path, "--json")
    assert answer.exit_code == 0
    assert json.loads(answer.stdout)["new"] > 0
    assert "debouches index synchroniser" in one_line(answer.stderr)
    later = run.invoke(app, ["index", "synchroniser"])
    assert later.output != "0 leads écrits.\n"
    with busy:
        again = run.invoke(app, ["index", "reconstruire"])
    assert again.exit_code == 1
    assert "en cours d'écriture" in one_line(again.output)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the site that ``servir`` makes says of itself, asked without a port."""
    told: list[dict[str, Any]] = []

    def serve(site: FastAPI, **_: Any) -> None:
        with TestClient(site) as client:
            told.append(client.get("/readyz").json())

    monkeypatch.setattr(uvicorn, "run", serve)
    return told


def test_the_site_is_up_to_date_before_it_is_served(
    run: CliRunner, tmp_path: Path, served: list[dict[str, Any]]
) -> None:
    fed(run, tmp_path, "--no-indexer")
    answer = run.invoke(app, ["servir"])
    assert answer.exit_code == 0, answer.output
    assert [told["status"] for told in served] == ["ok"]


def test_a_site_whose_index_is_busy_is_served_all_the_same(
    run: CliRunner, tmp_path: Path, busy: FileLock, served: list[dict[str, Any]]
) -> None:
    fed(run, tmp_path, "--no-indexer")
    with busy:
        answer = run.invoke(app, ["servir"])
    assert answer.exit_code == 0, answer.output
    assert "debouches index synchroniser" in answer.stderr
    assert len(served) == 1


def a_held_collection(tmp_path: Path) -> None:
    """« co-secop » has one promoted collection, then a held one with its incident."""
    settings = Settings(data=tmp_path / "donnees", database_url="")
    with record(settings) as store:
        promoted = ingested(store, "co-secop", ago=26 * HOUR, received=40, new=7, duplicates=33)
        ago = {"started": NOW - 26 * HOUR, "finished": NOW - 26 * HOUR}
        reading = '{"received": 40, "coverage": {"title": 0.999, "buyer": 0.5}}'
        written(store, collection, source="co-secop", run=promoted, reading=reading, **ago)
        held = written(store, collection, source="co-secop", state="held", crawl='{"items": 3}')
        detail = "Trop peu d’avis.\x1b[2J[/b]"
        written(store, incident, source="co-secop", collection=held, detail=detail)


def test_the_sources_are_listed_with_their_state(run: CliRunner, tmp_path: Path) -> None:
    a_held_collection(tmp_path)
    listed = run.invoke(app, ["sources"], env={"COLUMNS": "140"})
    assert listed.exit_code == 0, listed.output
    [line] = [line for line in listed.output.splitlines() if "co-secop" in line]
    assert "retenue" in line
    assert "source à jour sur" in listed.output.splitlines()[-1].replace("\u00a0", " ")


def test_a_source_is_told_in_detail(run: CliRunner, tmp_path: Path) -> None:
    a_held_collection(tmp_path)
    told = run.invoke(app, ["sources", "co-secop"], env={"COLUMNS": "140"})
    assert told.exit_code == 0, told.output
    text = " ".join(told.output.replace("\u00a0", " ").split())
    for expected in (
        "État : retenue", "│ retenue │ 3 │ — │ — │", "│ admise │ 40 │ 40 │ 7 │",
        "│ titre │ 99 % │", "│ acheteur │ 50 % │", "Incident 1 ouvert", "Trop peu d’avis.",
    ):  # fmt: skip
        assert expected in text, text
    assert "\x1b" not in told.output


def test_the_states_of_sources_are_given_in_json(run: CliRunner, tmp_path: Path) -> None:
    a_held_collection(tmp_path)
    every = json.loads(run.invoke(app, ["sources", "--json"]).stdout)
    assert next(one["health"] for one in every if one["name"] == "co-secop") == "retenue"
    one = json.loads(run.invoke(app, ["sources", "co-secop", "--json"]).stdout)
    assert [past["state"] for past in one["collections"]] == ["held", "promoted"]
    assert one["coverage"] == {"title": 0.999, "buyer": 0.5}
    assert one["past_incidents"] == []


def test_an_unknown_source_has_no_detail(run: CliRunner) -> None:
    answer = run.invoke(app, ["sources", "rien"])
    assert answer.exit_code == 2
    assert "Source inconnue : « rien »" in answer.output
