"""« /curation/utilite »: precision by source, rule and code; what is held, who lets it through."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from conftest import NOW, Signed, enrolled
from fastapi import FastAPI
from fastapi.testclient import TestClient
from lxml import html
from sqlalchemy import delete, insert

from index import audit, interest
from index.interest import Company
from index.lead import Lead, LeadText
from index.precision import ENOUGH
from index.settings import Settings
from index.usefulness_tables import lenience, vote
from ingest.incidents import Incidents
from search_api.access import ROLES
from search_api.app import create_app

DAY = timedelta(days=1)
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
FACTS = '{"CPV":["39160000"],"HS":["940360"],"sectors":["mobilier"]}'
WORST, BEST = "co-secop", "ted"


def written(site: FastAPI, source: str, verdicts: dict[str, int], **fields: Any) -> None:
    """So many votes of each verdict on leads of a source, one a day."""
    usual: dict[str, Any] = {"reason": "", "changes": 0, "counted": True, "network": "",
                             "rule": "", "country": "DE", "facts": FACTS}  # fmt: skip
    rows = [
        usual | {"lead": f"{n % 3:016x}", "voter": f"{source}{verdict}{n}", "verdict": verdict,
                 "first": NOW - DAY * n, "at": NOW - DAY * n, "source": source} | fields
        for verdict, count in verdicts.items() for n in range(count)
    ]  # fmt: skip
    with site.state.store.writing() as connection:
        connection.execute(insert(vote), rows)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """A site whose visitors like a source and not the other."""
    app = create_app(Settings(data=tmp_path_factory.mktemp("utility")), clock=lambda: NOW)
    text = LeadText(language="de", title=HOSTILE)
    app.state.store.save([Lead(id=f"{n:016x}", texts=(text,), source="ted") for n in range(2)])
    written(app, BEST, {"utile": 8, "hors-sujet": 2, "trop-tard": 1}, rule="regle:3")
    written(app, WORST, {"hors-sujet": ENOUGH}, facts='{"sectors":[]}', reason=HOSTILE)
    yield app
    app.state.store.close()


@pytest.fixture(autouse=True)
def strict(site: FastAPI) -> Iterator[None]:
    """Nothing is let through before a test."""
    yield
    with site.state.store.writing() as connection:
        connection.execute(delete(lenience))


Sign = Callable[..., Signed]


@pytest.fixture(scope="module")
def signed(site: FastAPI) -> Sign:
    """``signed(site, "lecteur")``, one person of each role for all tests of this site."""
    people = {role: enrolled(site, role, role) for role in ROLES}
    return lambda site, role="analyste": Signed(site, people[role])


def tree(client: TestClient, path: str, status: int = 200) -> html.HtmlElement:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return html.document_fromstring(answer.text)


def names(shown: html.HtmlElement, kind: str) -> list[str]:
    return [
        str(one.text_content())
        for one in shown.xpath(f"//table[@aria-labelledby='table-{kind}']//tbody//th/a")
    ]


def test_precision_is_shown_by_source_rule_and_code(site: FastAPI, signed: Sign) -> None:
    shown = tree(signed(site, "lecteur"), "/curation/utilite")
    words = shown.text_content().replace("\u202f", " ").replace("\xa0", " ")
    assert "80 % entre 49 et 94 %" in " ".join(words.split())
    assert names(shown, "regle") == ["Règle 3"]
    assert names(shown, "sh")[0].startswith("94 ") and names(shown, "cpv")[0].startswith("39 ")
    assert shown.xpath("//article[@class='retenue']//h3")
    assert not shown.xpath("//form[contains(@action, 'laisser-passer')]"), (
        "a reader decides nothing"
    )


def test_tables_are_sorted_and_the_period_is_asked(site: FastAPI, signed: Sign) -> None:
    reader = signed(site, "lecteur")
    usual = names(tree(reader, "/curation/utilite"), "source")
    assert len(usual) == 2
    assert names(tree(reader, "/curation/utilite?ordre=inverse"), "source") == usual[::-1]
    assert names(tree(reader, "/curation/utilite?tri=utile"), "source") == usual[::-1]
    shown = tree(reader, "/curation/utilite?du=2026-05-31&au=2026-06-01&tri=votes")
    [head] = shown.xpath("//table[@aria-labelledby='table-source']//th[@aria-sort]/a")
    assert "tri=votes&ordre=inverse" in head.get("href") and "du=2026-05-31" in head.get("href")
    assert tree(reader, "/curation/utilite?du=2020-01-01&au=2020-02-01").xpath("//table") == []


@pytest.mark.parametrize(
    "query", ["tri=x", "ordre=x", "du=hier", "du=2026-06-02&au=2026-06-01", "du=0001-01-01",
              "au=9999-12-31"],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(site: FastAPI, signed: Sign, query: str) -> None:
    reader = signed(site, "lecteur")
    tree(reader, f"/curation/utilite?{query}", 400)
    if "tri" not in query and "ordre" not in query:
        assert reader.get(f"/api/v1/curation/utilite?{query}").status_code == 400


def test_the_leads_behind_a_figure_and_why_for_analysts_only(site: FastAPI, signed: Sign) -> None:
    path = f"/curation/utilite/leads?genre=source&sujet={WORST}"
    shown = tree(signed(site, "analyste"), path)
    assert len(shown.xpath("//ul[@class='laissees']/li")) == 3
    assert "<script>alert(2)" in shown.text_content()
    assert not shown.xpath("//main//img | //main//script")
    reader = tree(signed(site, "lecteur"), path)
    assert len(reader.xpath("//bdi[contains(., 'alert(2)')]")) == 0
    assert (
        len(tree(signed(site), "/curation/utilite/leads?genre=sh&sujet=94").xpath("//li/p/a")) == 2
    )
    for wrong in ("genre=x&sujet=94", "genre=sh&sujet=", f"genre=sh&sujet={'9' * 81}"):
        tree(signed(site), f"/curation/utilite/leads?{wrong}", 400)


def test_an_analyst_lets_a_source_through_and_the_votes_decide_again(
    site: FastAPI, signed: Sign
) -> None:
    ana = signed(site, "analyste")
    sent = {"jeton": ana.jeton, "sujet": WORST, "raison": HOSTILE, "jours": "30"}
    assert ana.post("/curation/utilite/laisser-passer", data=sent).status_code == 303
    shown = tree(ana, "/curation/utilite")
    assert shown.xpath("//ul[@class='laissees']//bdi/text()")[0] == HOSTILE
    assert not shown.xpath("//article[@class='retenue']")
    assert Incidents(site.state.store).open(WORST) == []
    again = {"jeton": ana.jeton, "sujet": WORST}
    assert ana.post("/curation/utilite/retenir", data=again).status_code == 303
    assert ana.post("/curation/utilite/retenir", data=again).status_code == 409
    assert [one.kind for one in Incidents(site.state.store).open(WORST)] == ["utilite"]
    with site.state.store.reading() as connection:
        told = audit.trail(connection, f"source:{WORST}")
    assert {line.who for line in told} == {ana.person.login}


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"raison": " "}, 400), ({"jours": "365"}, 400), ({"raison": "x" * 501}, 400),
     ({"sujet": BEST}, 409), ({"jeton": "x"}, 403)],
    ids=["reason", "days", "long", "not held", "token"],
)  # fmt: skip
def test_a_source_is_not_let_through_for_nothing(
    site: FastAPI, signed: Sign, changed: dict[str, str], status: int
) -> None:
    ana = signed(site, "analyste")
    sent = {"jeton": ana.jeton, "sujet": WORST, "raison": "réglé", "jours": "30"} | changed
    assert ana.post("/curation/utilite/laisser-passer", data=sent).status_code == status


def test_the_api_tells_the_same(site: FastAPI, signed: Sign) -> None:
    reader = signed(site, "lecteur")
    told = reader.get("/api/v1/curation/utilite").json()
    by_name = {(one["kind"], one["subject"]): one for one in told["precisions"]}
    assert by_name["source", BEST]["precision"] == 0.8
    assert by_name["source", BEST]["votes"] == 11 and not by_name["source", BEST]["held"]
    assert by_name["source", WORST]["held"] and by_name["source", WORST]["precision"] == 0
    assert {one["verdict"] for one in told["doubts"]} == {"hors-sujet"}
    leads = reader.get("/api/v1/curation/utilite/leads?genre=cpv&sujet=39").json()["leads"]
    assert sum(sum(one["verdicts"].values()) for one in leads) == 11


def test_analysts_see_states_and_only_those_who_answer_for_them_addresses(
    site: FastAPI, signed: Sign
) -> None:
    lead = site.state.store.get("0" * 16)
    with site.state.store.writing_aside() as connection:
        company = Company(HOSTILE, "732829320", "ana@acme.test")
        token = interest.begin(connection, company, "n", NOW)
        interest.add(connection, token, lead, HOSTILE, NOW)
    path = "/curation/utilite/interets"
    for role, told in (("analyste", False), ("responsable", True)):
        shown = tree(signed(site, role), path)
        assert ("ana@acme.test" in shown.text_content()) is told
        assert HOSTILE in shown.text_content() and not shown.xpath("//main//img")
    tree(signed(site, "lecteur"), path, 403)
