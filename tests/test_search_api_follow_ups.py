"""« Je suis intéressé »: a private page without an account, that nothing gives away."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW
from fastapi import FastAPI
from fastapi.testclient import TestClient
from icalendar import Calendar
from lxml import html
from typer.testing import CliRunner

from index.lead import Lead, LeadText
from index.settings import Settings
from search_api import follow_up_cli
from search_api.app import create_app
from search_api.cli import app as command

DAY = timedelta(days=1)
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>\u202e'
_numbers = count(1)


class Clock:
    """A clock that tests move."""

    now = NOW

    def __call__(self) -> Any:
        return self.now


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("follow")


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[FastAPI]:
    app = create_app(Settings(data=folder), clock=Clock())
    yield app
    app.state.store.close()


@pytest.fixture(autouse=True)
def on_time(site: FastAPI) -> Iterator[None]:
    yield
    site.state.clock.now = NOW


def written(site: FastAPI, **fields: Any) -> str:
    """The address of a lead that one may answer."""
    usual = {"texts": (LeadText(language="de", title=f"Schulmöbel {HOSTILE}"),), "country": "DE"}
    times = {"published": NOW, "deadline": NOW + 20 * DAY, "expires": NOW + 20 * DAY}
    one = Lead(**{"id": f"{next(_numbers):016x}", "source": "ted"} | usual | times | fields)
    site.state.engine.put(site.state.store.save([one]))
    return f"/leads/{one.id}"


@pytest.fixture
def ann(site: FastAPI) -> TestClient:
    """A visitor with a network of her own."""
    client = (f"2001:db8:{next(_numbers):x}::1", 50_000)
    return TestClient(site, follow_redirects=False, client=client, raise_server_exceptions=False)


def tree(client: TestClient, path: str, status: int = 200) -> html.HtmlElement:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return html.document_fromstring(answer.text)


def declared(client: TestClient, lead: str, **fields: str) -> Any:
    token = tree(client, f"{lead}/interet").xpath("//input[@name='jeton']/@value")[0]
    sent = {"jeton": token, "entreprise": "Acme"} | fields
    return client.post(f"{lead}/interet", data=sent)


def begun(client: TestClient, lead: str, **fields: str) -> str:
    """The path of a new follow-up page."""
    answer = declared(client, lead, **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].partition("?")[0])


def test_a_company_says_so_and_receives_a_private_page(site: FastAPI, ann: TestClient) -> None:
    lead = written(site)
    assert tree(ann, lead).xpath("//a[.='Je suis intéressé']/@href") == [f"{lead}/interet"]
    answer = declared(ann, lead, siren="732 829 320", courriel="a@acme.test", accord="1")
    there = answer.headers["location"]
    shown = tree(ann, there)
    assert "Gardez l’adresse" in shown.text_content()
    assert not shown.xpath("//main//img | //main//script")
    headers = ann.get(there).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert "noindex" in headers["x-robots-tag"]
    assert not ann.cookies


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"entreprise": " \u202e "}, "Indiquez le nom"),
        ({"entreprise": "x" * 201}, "200 caractères"),
        ({"siren": "732829321"}, "SIREN est incorrect"),
        ({"courriel": "a@b", "accord": "1"}, "électronique est incorrecte"),
        ({"courriel": "a@b.fr\r\nBcc: c@d.fr", "accord": "1"}, "électronique est incorrecte"),
        ({"courriel": "a@acme.test"}, "Cochez l’accord"),
        ({"page": "https://ailleurs.test/suivi/court"}, "pas l’adresse d’une page de suivi"),
        ({"page": "/suivi/" + "A" * 43}, "n’existe pas, ou n’existe plus"),
    ],
    ids=lambda one: one if isinstance(one, str) else None,
)
def test_what_is_wrong_is_said_and_what_was_written_stays(
    site: FastAPI, ann: TestClient, fields: dict[str, str], told: str
) -> None:
    answer = declared(ann, written(site), **fields)
    assert answer.status_code == 400
    shown = html.document_fromstring(answer.text)
    assert told in shown.xpath("//*[@role='alert']")[0].text_content().replace("\u202f", " ")
    assert [one.value for one in shown.xpath("//input[@name='siren']")] == [fields.get("siren", "")]


def test_a_second_lead_goes_on_the_same_page(site: FastAPI, ann: TestClient) -> None:
    page = begun(ann, written(site))
    again = declared(ann, written(site), entreprise="", page=f"https://debouches.test{page}?x=1")
    assert again.headers["location"] == page
    assert len(tree(ann, page).xpath("//article")) == 2


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"fictitious": True}, 404),
        ({"deadline": NOW - DAY, "expires": NOW - DAY}, 410),
        ({"stage": "awarded"}, 410),
    ],
    ids=["example", "expired", "awarded"],
)
def test_what_cannot_be_won_any_more_is_not_followed(
    site: FastAPI, ann: TestClient, fields: dict[str, Any], status: int
) -> None:
    lead = written(site, **fields)
    tree(ann, f"{lead}/interet", status)
    assert not tree(ann, lead).xpath("//a[.='Je suis intéressé']")


def told(client: TestClient, page: str, state: str, note: str = "", version: str = "") -> Any:
    [form] = tree(client, page).xpath("//form[contains(@action, '/leads/') and .//select]")
    known = form.xpath(".//input[@name='version']/@value")[0]
    sent = {"version": version or known, "etat": state, "note": note}
    return client.post(form.get("action"), data=sent)


def test_states_and_notes_are_kept_and_run_nothing(site: FastAPI, ann: TestClient) -> None:
    page = begun(ann, written(site))
    assert told(ann, page, "offre-remise", HOSTILE).status_code == 303
    shown = tree(ann, page)
    assert shown.xpath("//select/option[@selected]/@value") == ["offre-remise"]
    assert "<script>alert(2)" in shown.xpath("//ol[@class='historique']")[0].text_content()
    assert not shown.xpath("//main//img | //main//script")


def test_a_lead_changed_in_another_window_is_a_conflict_that_loses_no_note(
    site: FastAPI, ann: TestClient
) -> None:
    page = begun(ann, written(site))
    told(ann, page, "contact-pris")
    answer = told(ann, page, "perdu", "trop cher", version="1")
    assert answer.status_code == 409
    shown = html.document_fromstring(answer.text)
    assert shown.xpath("//textarea/text()") == ["trop cher"]
    assert told(ann, page, "perdu", "trop cher").status_code == 303


@pytest.mark.parametrize("sent", [{"etat": "x"}, {"version": "²"}, {"version": "9" * 30}])
def test_a_forged_state_is_refused(site: FastAPI, ann: TestClient, sent: dict[str, str]) -> None:
    page = begun(ann, written(site))
    [form] = tree(ann, page).xpath("//form[.//select]")
    usual = {"version": "1", "etat": "perdu"}
    assert ann.post(form.get("action"), data=usual | sent).status_code == 400


def test_the_question_comes_after_three_months_and_a_reminder_before(
    site: FastAPI, ann: TestClient
) -> None:
    page = begun(ann, written(site))
    question = "Qu’est devenue cette affaire"
    assert question not in tree(ann, page).text_content()
    [link] = tree(ann, page).xpath("//a[contains(@href, 'rappel.ics')]/@href")
    answer = ann.get(link)
    assert answer.headers["content-type"].startswith("text/calendar")
    [event] = Calendar.from_ical(answer.content).events
    assert event["dtstart"].dt.isoformat() == "2026-09-01"
    assert page in event["url"] and answer.text.count("BEGIN:VEVENT") == 1
    site.state.clock.now = NOW + 92 * DAY
    assert question in tree(ann, page).text_content()
    told(ann, page, "gagne")
    shown = tree(ann, page)
    assert question not in shown.text_content() and "Affaire close" in shown.text_content()
    assert ann.get(link).status_code == 404


def test_one_takes_everything_away_and_erases_it(site: FastAPI, ann: TestClient) -> None:
    page = begun(ann, written(site), courriel="a@acme.test", accord="1")
    told(ann, page, "contact-pris", "Appelé")
    taken = json.loads(ann.get(f"{page}/donnees.json").content)
    assert taken["company"] == {"name": "Acme", "siren": "", "email": "a@acme.test"}
    assert [event["note"] for event in taken["interests"][0]["events"]] == ["", "Appelé"]
    tree(ann, f"{page}/effacer")
    assert "est effacé" in ann.post(f"{page}/effacer").text
    for path in ("", "/donnees.json", "/effacer"):
        assert ann.get(page + path).status_code == 404
    assert ann.post(f"{page}/effacer").status_code == 404


def test_coordinates_are_changed_and_a_lead_removed(site: FastAPI, ann: TestClient) -> None:
    page = begun(ann, written(site), courriel="a@acme.test", accord="1")
    refused = ann.post(f"{page}/entreprise", data={"entreprise": "Acme", "siren": "1"})
    assert refused.status_code == 400
    assert ann.post(f"{page}/entreprise", data={"entreprise": "Autre"}).status_code == 303
    assert "a@acme.test" not in ann.get(page).text
    [action] = tree(ann, page).xpath("//form[contains(@action, 'retirer')]/@action")
    assert ann.post(action).status_code == 303
    assert "0 lead suivi" in tree(ann, page).xpath("//h2")[0].text_content().replace("\xa0", " ")


def test_another_site_neither_declares_nor_erases(site: FastAPI, ann: TestClient) -> None:
    lead = written(site)
    page, elsewhere = begun(ann, lead), {"sec-fetch-site": "cross-site"}
    paths = ("/effacer", "/entreprise", "/leads/1", "/leads/1/retirer")
    for path in (f"{lead}/interet", *(page + path for path in paths)):
        answer = ann.post(path, data={"entreprise": "x"}, headers=elsewhere)
        assert answer.status_code == 403, path
    assert ann.post(f"{lead}/interet", data={"entreprise": "x", "jeton": "y"}).status_code == 403
    assert ann.get(page).status_code == 200


def test_a_page_that_fails_does_not_write_its_secret_in_the_log(
    site: FastAPI, ann: TestClient, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    page = begun(ann, written(site))
    monkeypatch.setattr("index.interest.read", lambda *_: 1 / 0)
    with caplog.at_level(logging.INFO):
        assert ann.get(page).status_code == 500
    assert "/suivi/{token}" in caplog.text
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("search_api")]
    assert not any(page.rpartition("/")[2] in line for line in ours)


def test_a_network_opens_so_many_pages_an_hour(
    site: FastAPI, ann: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.interest.MAX_NEW", 1)
    begun(ann, written(site))
    refused = declared(ann, written(site))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3600")


def test_the_command_lists_what_is_due_without_addresses_and_erases_what_is_old(
    site: FastAPI, ann: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = begun(ann, written(site), courriel="secret@acme.test", accord="1")
    monkeypatch.setenv("DEBOUCHES_DATA", str(folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    run = CliRunner()

    def at(months: int, *words: str) -> str:
        monkeypatch.setattr(follow_up_cli, "utcnow", lambda: NOW + months * 31 * DAY)
        answer = run.invoke(command, ["suivi", *words])
        assert answer.exit_code == 0, answer.output
        return answer.output

    assert at(1, "echeances") == ""
    assert "Acme : Schulmöbel" in at(3, "echeances")
    listed = [json.loads(line) for line in at(3, "echeances", "--json").splitlines()]
    assert {one["due"] for one in listed} == {"2026-09-01"}
    assert "secret" not in at(3, "echeances", "--json")
    assert at(20, "purger").startswith("0\xa0suivi effacé")
    assert "suivis effacés" in at(24, "purger")
    assert ann.get(page).status_code == 404
