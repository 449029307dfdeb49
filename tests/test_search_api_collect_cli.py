"""Collecting from the command line: outcomes, decisions, incidents, in French."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from ingest.source import sources
from replica.server import Answer, Asked, Replica, serving
from search_api.cli import app

HOST = "avis.exemple.test"
PAGE = {
    "name": "essai",
    "title": "Flux d'essai",
    "publisher": "Chambre d'essai",
    "licence": "CC BY 4.0",
    "url": f"https://{HOST}",
    "country": "DE",
    "formats": ["tabular"],
    "mapping": {"key": ["ref"], "title": ["title"], "deadline": "deadline"},
    "collect": {"spider": "files", "address": f"https://{HOST}/avis.csv"},
}
LOCKED = PAGE | {
    "name": "verrou",
    "collect": {
        "spider": "files",
        "address": f"https://{HOST}/avis.csv",
        "key": {"variable": "CLE_QUI_MANQUE", "header": "X-Key", "how": "À demander à la chambre."},
    },
}


def feed(deadline: str) -> bytes:
    rows = [f"{ref},Schulmöbel für {ref},{deadline}" for ref in ("A", "B", "C")]
    return "\n".join(["ref,title,deadline", *rows, ""]).encode()


class Desk:
    """Where one types the command; ``deadline`` is what the service writes."""

    def __init__(self) -> None:
        self.deadline, self.replica = "2026-07-03", Replica({HOST: self.answer})

    def answer(self, asked: Asked) -> Answer:
        return Answer(feed(self.deadline)) if asked.path == "/avis.csv" else Answer(status=404)

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    def collect(self, *arguments: str) -> Result:
        return self.run("collecter", *arguments, "--replique", self.replica.address)

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(*arguments).stdout.splitlines()]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    folder = tmp_path / "pages"
    folder.mkdir()
    for page in (PAGE, LOCKED):
        (folder / f"{page['name']}.yml").write_bytes(orjson.dumps(page))
    monkeypatch.setenv("DEBOUCHES_DATA", str(tmp_path / "donnees"))
    monkeypatch.setenv("DEBOUCHES_SOURCES", str(folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    sources.cache_clear()
    desk = Desk()
    with serving(desk.replica):
        yield desk
    sources.cache_clear()


def test_a_collection_that_went_well_is_in_the_record(desk: Desk) -> None:
    done = desk.collect("essai")
    assert done.exit_code == 0, done.output
    assert "essai : admise (collecte 1), 3 nouveaux" in done.output
    [row] = desk.lines("collectes", "--json")
    assert (row["number"], row["source"], row["state"], row["items"]) == (1, "essai", "promoted", 3)
    assert "admise" in desk.run("collectes").output
    assert "État : à jour" in desk.run("sources", "essai").output
    assert desk.lines("incidents", "--json") == []


def test_what_is_held_is_said_and_let_in_by_number(desk: Desk) -> None:
    desk.deadline = "1970-01-01"
    held = desk.collect("essai", "--json")
    *steps, told = [json.loads(line) for line in held.stdout.splitlines()]
    assert held.exit_code == 3
    assert {step["step"] for step in steps} == {"crawl", "look"}
    assert (told["outcome"], list(told["why"])) == ("held", ["default_dates"])
    [incident] = desk.lines("incidents", "--json")
    assert (incident["kind"], incident["times"]) == ("default_dates", 1)
    assert "valeur par défaut" in " ".join(desk.run("incidents").output.split())
    done = desk.run("collecte", "promouvoir", "1", "--par", "Ada")
    assert done.exit_code == 0, done.output
    assert desk.lines("incidents", "--json") == []
    [row] = desk.lines("collectes", "--json")
    assert (row["state"], row["why"]) == ("promoted", "Ada")


def test_what_is_held_is_rejected_with_a_reason_and_its_incident_closed(desk: Desk) -> None:
    desk.deadline = "1970-01-01"
    desk.collect("essai")
    assert desk.run("collecte", "rejeter", "1", "--raison", "essai").exit_code == 0
    again = desk.run("collecte", "promouvoir", "1")
    assert again.exit_code == 2
    assert "La collecte 1 n’attend pas de décision : elle est rejetée." in again.output
    assert desk.run("incident", "clore", "1").exit_code == 0
    twice = desk.run("incident", "clore", "1")
    assert (twice.exit_code, "pas d’incident 1" in twice.output) == (2, True)


def test_a_missing_key_is_said_with_how_to_get_one(desk: Desk) -> None:
    done = desk.collect("verrou")
    assert done.exit_code == 2
    assert "CLE_QUI_MANQUE" in done.output
    assert "À demander à la chambre." in done.output
    told = desk.run("sources", "verrou").output
    assert ("impossible" in told, "CLE_QUI_MANQUE" in told) == (True, True)
    assert desk.lines("incidents", "--json") == []


def test_an_unknown_source_is_said_before_anything_is_asked(desk: Desk) -> None:
    done = desk.collect("essai", "rien")
    assert (done.exit_code, "Source inconnue : « rien »" in done.output) == (2, True)
    assert desk.replica.asked == []
