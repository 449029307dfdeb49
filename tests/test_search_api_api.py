"""The JSON API answers machines: leads with reasons and facets, problems in RFC 9457."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from conftest import LeadFactory
from fastapi.testclient import TestClient

from index import sync
from index.lead import Hint, Lead, LeadCode
from index.settings import Settings
from index.store import LeadStore
from search_api.app import create_app

OPENAPI = Path(__file__).parents[1] / "docs" / "openapi.json"


@pytest.fixture
def leads(lead: LeadFactory) -> list[Lead]:
    return [
        lead("Lieferung von Schulmöbeln", cpv="39160000", sectors=("mobilier-amenagement",)),
        lead("Dostawa mebli szkolnych", language="pl", country="PL", cpv="39160000", days=3),
        lead("Ambulanzen, vergeben", cpv="34114121", stage="awarded", expires=None),
        lead("Mobilier scolaire du lycée", language="fr", country="FR", domestic=True),
        lead("Secret", status="proposed"),
    ]


@pytest.fixture
def client(tmp_path: Path, leads: list[Lead], now: datetime) -> Iterator[TestClient]:
    app = create_app(Settings(data=tmp_path, database_url=""), clock=lambda: now)
    app.state.store.save(leads)
    sync.synchronise(app.state.store, app.state.engine)
    with TestClient(app) as opened:
        yield opened


def test_a_search_gives_leads_with_their_reasons(client: TestClient) -> None:
    found = client.get("/api/v1/leads", params={"q": "mobilier scolaire"}).json()
    assert found["total"] == 2
    german = next(lead for lead in found["leads"] if lead["country"] == "DE")
    assert german["title"] == "Lieferung von Schulmöbeln"
    assert german["codes"][0]["label"] == "Mobilier scolaire"
    assert german["why"]["codes"][0]["words"] == ["mobilier", "scolaire"]


def test_a_search_gives_facets_with_french_labels(client: TestClient) -> None:
    found = client.get("/api/v1/leads", params={"q": "mobilier scolaire"}).json()
    countries = {one["value"]: one for one in found["facets"]["country"]}
    assert countries["DE"] == {"value": "DE", "label": "Allemagne", "count": 1}
    assert found["facets"]["cpv"][0]["label"].startswith("Meubles")


def test_repeated_parameters_are_alternatives(client: TestClient) -> None:
    both = client.get("/api/v1/leads", params={"pays": ["PL", "DE"]}).json()
    assert both["total"] == 2
    assert client.get("/api/v1/leads", params={"pays": "PL"}).json()["total"] == 1


def test_pages_are_linked(client: TestClient) -> None:
    first = client.get("/api/v1/leads", params={"limite": 1, "tri": "echeance"})
    following = first.json()["next"]
    assert first.headers["link"] == f'<{following}>; rel="next"'
    assert following == "/api/v1/leads?limite=1&tri=echeance&decalage=1"
    second = client.get(following).json()
    assert second["next"] is None
    assert second["leads"][0]["id"] != first.json()["leads"][0]["id"]


def test_french_buyers_and_the_past_come_when_asked_for(client: TestClient) -> None:
    assert client.get("/api/v1/leads", params={"france": 1}).json()["total"] == 3
    assert client.get("/api/v1/leads", params={"echus": 1}).json()["total"] == 3
    assert client.get("/api/v1/leads", params={"etape": "awarded"}).json()["total"] == 1


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"echeance_du": "31/12/2026"}, "echeance_du"),
        ({"publie_au": "2026-02-31"}, "publie_au"),
        ({"publie_au": "9999-12-31"}, "publie_au"),
        ({"echeance_au": "9999-12-31"}, "echeance_au"),
        ({"echeance_du": "0001-01-01"}, "echeance_du"),
        ({"facettes": "0"}, "facettes"),
        ({"pays": "Ruritanie"}, "pays"),
        ({"secteur": "rien"}, "secteur"),
        ({"cpv": "bois"}, "cpv"),
        ({"sh": "1"}, "sh"),
        ({"naf": "ZZ"}, "naf"),
        ({"etape": "ouvert"}, "etape"),
        ({"limite": "0"}, "limite"),
        ({"decalage": "1000"}, "decalage"),
        ({"tri": "prix"}, "tri"),
        ({"pay": "DE"}, "pay"),
        ({"q": "x" * 2_001}, "q"),
        ({"sans_code": "39160000"}, "sans_code"),
        ({"sans_code": "CPV99999999"}, "sans_code"),
        ({"sans_code": "NAF10.11Z"}, "sans_code"),
    ],
)
def test_a_wrong_value_is_400_and_says_which_in_french(
    client: TestClient, parameters: dict[str, str], named: str
) -> None:
    answer = client.get("/api/v1/leads", params=parameters)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["errors"][0]["parametre"] == named
    assert problem["errors"][0]["message"] != "valeur refusée"
    assert "x" * 100 not in answer.text


def test_one_lead_is_given_whole_with_its_etag(client: TestClient, leads: list[Lead]) -> None:
    answer = client.get(f"/api/v1/leads/{leads[0].id}")
    assert Lead.model_validate(answer.json()).texts == leads[0].texts
    again = client.get(
        f"/api/v1/leads/{leads[0].id}", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


def test_a_lead_unknown_or_not_published_is_404(client: TestClient, leads: list[Lead]) -> None:
    for identifier in ("0" * 16, "%2e%2e", "%00", "A" * 16, leads[4].id):
        answer = client.get(f"/api/v1/leads/{identifier}")
        assert answer.status_code == 404
        assert answer.json()["title"]


def test_a_lead_taken_over_leads_to_the_other(client: TestClient, leads: list[Lead]) -> None:
    gone = leads[1].model_copy(update={"status": "withdrawn", "merged_into": leads[0].id})
    client.app.state.store.save([gone])  # type: ignore[attr-defined]
    answer = client.get(f"/api/v1/leads/{gone.id}", follow_redirects=False)
    assert answer.status_code == 308
    assert answer.headers["location"] == f"/api/v1/leads/{leads[0].id}"


def test_an_identifier_that_no_lead_bears_is_not_asked_of_the_record(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(LeadStore, "get")
    for identifier in ("%00", "0" * 15, "0" * 17, "g" * 16, "0" * 16 + "%0A"):
        for rest in ("", "/similaires"):
            assert client.get(f"/api/v1/leads/{identifier}{rest}").status_code == 404


def test_similar_leads_are_on_offer(client: TestClient, leads: list[Lead]) -> None:
    found = client.get(f"/api/v1/leads/{leads[0].id}/similaires").json()["leads"]
    assert [one["title"] for one in found] == ["Dostawa mebli szkolnych"]


def test_facets_alone_agree_with_the_search(client: TestClient) -> None:
    search = client.get("/api/v1/leads", params={"q": "mobilier scolaire"}).json()
    facets = client.get("/api/v1/facettes", params={"q": "mobilier scolaire"}).json()
    assert facets == {name: search[name] for name in ("total", "understood", "facets")}


def test_suggestions_complete_what_is_typed_without_accents(client: TestClient) -> None:
    found = client.get("/api/v1/suggestions", params={"q": "mobilier scol"}).json()
    assert "Mobilier scolaire" in [one["label"] for one in found["suggestions"]]
    assert client.get("/api/v1/suggestions").status_code == 400


def test_ready_tells_stale_from_fresh(client: TestClient, leads: list[Lead]) -> None:
    assert client.get("/readyz").json()["status"] == "ok"
    client.app.state.store.save([leads[0]])  # type: ignore[attr-defined]
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_an_unexpected_failure_is_a_problem_without_details(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(client.app.state.engine, "search", broken)  # type: ignore[attr-defined]
    quiet = TestClient(client.app, raise_server_exceptions=False)
    answer = quiet.get("/api/v1/leads")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/api/v1/rien", "/api/v2/leads"])
def test_an_unknown_address_of_the_api_is_a_problem(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["status"]) == (404, 404)


def test_another_method_is_refused(client: TestClient) -> None:
    assert client.post("/api/v1/leads").status_code == 405


def test_the_documentation_is_the_contract_itself(client: TestClient) -> None:
    answer = client.get("/api/docs", follow_redirects=False)
    assert answer.headers["location"] == "/api/openapi.json"


def test_the_contract_promises_the_refusals_that_are_answered(client: TestClient) -> None:
    contract = client.get("/api/openapi.json").json()
    promised = contract["paths"]["/api/v1/leads/{identifier}"]["get"]["responses"]
    assert {"200", "400", "404", "503"} == set(promised)
    assert "ValidationError" not in json.dumps(contract)


def test_the_published_contract_is_the_code_s(client: TestClient) -> None:
    """Rewrite it with: debouches openapi > docs/openapi.json"""
    assert json.loads(OPENAPI.read_text("utf-8")) == client.get("/api/openapi.json").json()


def test_a_search_says_how_the_text_was_read(client: TestClient) -> None:
    found = client.get("/api/v1/leads", params={"q": "mobilier scolaire Pologne VRD équipemnt"})
    read = found.json()["understood"]
    assert [one["country"] for one in found.json()["leads"]] == ["PL"]
    assert read["places"] == [{"typed": "Pologne", "label": "Pologne", "countries": ["PL"]}]
    assert read["corrections"] == [{"typed": "équipemnt", "searched": "équipement"}]
    assert read["acronyms"] == [{"typed": "VRD", "words": "voirie et réseaux divers"}]


def test_what_was_read_can_be_refused(client: TestClient) -> None:
    asked = {"q": "mobilier scolaire Pologne", "litteral": "Pologne"}
    found = client.get("/api/v1/leads", params=asked).json()
    assert found["total"] == 2
    read = found["understood"]
    assert (read["places"], read["corrections"], read["acronyms"]) == ([], [], [])


def test_facets_count_what_the_search_would_find(client: TestClient) -> None:
    asked = {"q": "mobilier scolaire Pologne"}
    counted = client.get("/api/v1/facettes", params=asked).json()
    assert counted["total"] == client.get("/api/v1/leads", params=asked).json()["total"] == 1
    assert counted["understood"]["places"]


def test_a_search_says_which_codes_it_was_understood_as(client: TestClient) -> None:
    asked = {"q": "mobilier scolaire"}
    [first] = client.get("/api/v1/leads", params=asked).json()["understood"]["codes"]
    assert (first["scheme"], first["code"]) == ("CPV", "39160000")
    assert first["label"] == "Mobilier scolaire"
    assert 0.5 < first["score"] <= 1


@pytest.mark.parametrize("written", ["CPV39160000", "cpv 39160000-1", "CPV:39160000"])
def test_a_code_understood_can_be_refused(client: TestClient, written: str) -> None:
    asked = {"q": "mobilier scolaire", "sans_code": written}
    codes = client.get("/api/v1/leads", params=asked).json()["understood"]["codes"]
    assert "39160000" not in [one["code"] for one in codes]


def test_a_lead_tells_how_its_codes_are_known_and_keeps_hints_to_itself(
    client: TestClient, lead: LeadFactory
) -> None:
    guessed = LeadCode(
        scheme="CPV", code="39160000", score=0.72, method="model", evidence=("Schulmöbel",)
    )
    doubtful = LeadCode(scheme="CPV", code="39130000", score=0.3, method="model")
    hint = Hint(scheme="CPV", code="39130000", share=0.3)
    made = lead(
        id="00000000000000ff", sequence=0, country="SE", codes=(guessed, doubtful),
        hints=(hint,), without_hs=True,
    )  # fmt: skip
    state = client.app.state  # type: ignore[attr-defined]
    state.store.save([made])
    sync.synchronise(state.store, state.engine)
    [found] = client.get("/api/v1/leads", params={"pays": "SE"}).json()["leads"]
    assert found["without_hs"]
    assert found["codes"] == [
        {
            "scheme": "CPV", "code": "39160000", "label": "Mobilier scolaire", "score": 0.72,
            "method": "model", "evidence": ["Schulmöbel"],
        }
    ]  # fmt: skip
    whole = client.get(f"/api/v1/leads/{made.id}").json()
    assert whole["hints"] == []
    assert [one["code"] for one in whole["codes"]] == ["39160000"]


def test_freshness_is_told_and_small(client: TestClient) -> None:
    found = client.get("/api/v1/leads", params={"q": "mobilier scolaire"}).json()["leads"]
    gains = {one["country"]: one["why"]["freshness"] for one in found}
    assert 0 < gains["DE"] <= 0.05
