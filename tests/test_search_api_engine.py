"""The site while its search engine is away: what needs the record alone goes on."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from conftest import LeadFactory
from fastapi.testclient import TestClient
from typer.testing import CliRunner

import nodes
from index.lead import Lead
from index.opensearch import OpenSearchEngine
from index.settings import Settings
from index.store import LeadStore
from search_api.app import create_app
from search_api.cli import app


@pytest.fixture
def one(lead: LeadFactory) -> Lead:
    return lead("Lieferung von Schulmöbeln", cpv="39160000")


@pytest.fixture
def client(tmp_path: Path, one: Lead, now: datetime) -> Iterator[TestClient]:
    nowhere = f"http://127.0.0.1:{nodes.free_port()}"
    settings = Settings(data=tmp_path, database_url="", opensearch_url=nowhere)
    site = create_app(settings, clock=lambda: now)
    assert isinstance(site.state.engine, OpenSearchEngine)
    site.state.store.save([one])
    with TestClient(site) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/api/v1/leads?q=vin", "/api/v1/facettes", "/readyz"])
def test_machines_are_told_to_come_back(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Moteur de recherche indisponible"


def test_people_get_a_page_that_says_so(client: TestClient) -> None:
    answer = client.get("/recherche?q=vin")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "momentanément indisponible" in answer.text


def test_a_lead_and_the_state_of_the_sources_are_still_shown(client: TestClient, one: Lead) -> None:
    assert one.title in client.get(f"/leads/{one.id}").text
    assert client.get(f"/api/v1/leads/{one.id}").json()["id"] == one.id
    assert "ne répond pas" in client.get("/statut").text


def test_the_command_line_says_it_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEBOUCHES_DATA", str(tmp_path))
    monkeypatch.setenv("OPENSEARCH_URL", f"http://127.0.0.1:{nodes.free_port()}")
    done = CliRunner().invoke(app, ["index", "synchroniser"])
    assert done.exit_code == 1
    assert done.stderr.splitlines() == ["OpenSearch ne répond pas."]


def test_an_index_is_verified_lead_by_lead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lead: LeadFactory
) -> None:
    monkeypatch.setenv("DEBOUCHES_DATA", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("OPENSEARCH_URL", "")
    store = LeadStore.open(Settings().record_url)
    store.save([lead("vin"), lead("pneus")])
    runner = CliRunner()
    assert runner.invoke(app, ["index", "synchroniser"]).exit_code == 0
    assert runner.invoke(app, ["index", "verifier"]).stdout == "2 leads identiques.\n"
    store.save([lead("fromage")])
    store.close()
    done = runner.invoke(app, ["index", "verifier", "--json"])
    assert done.exit_code == 3
    told = json.loads(done.stdout)
    assert (told["identiques"], told["absents de l'index"]) == (2, 1)
