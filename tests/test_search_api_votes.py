"""Visitors vote on the page of a lead and by the API; nobody votes in their name."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from conftest import NOW
from fastapi import FastAPI
from fastapi.testclient import TestClient
from lxml import html
from sqlalchemy import select

from index.ballot import LIMITS
from index.lead import Lead, LeadText
from index.settings import Settings
from index.usefulness import reasons
from index.usefulness_tables import vote
from search_api.app import create_app
from search_api.visitor import COOKIE

HOSTILE = '"><img src=x onerror=alert(1)>\u202e</textarea><script>alert(2)</script>\x00'
_numbers = count(1)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The whole site, shared by the tests of this file: each has a lead and networks of its own."""
    app = create_app(Settings(data=tmp_path_factory.mktemp("votes")), clock=lambda: NOW)
    yield app
    app.state.store.close()


@pytest.fixture
def lead(site: FastAPI) -> str:
    """The address of a lead that nobody has voted on."""
    text = LeadText(language="de", title="Schulmöbel")
    one = Lead(
        id=f"{next(_numbers):016x}", texts=(text,), country="DE", published=NOW, source="ted"
    )
    site.state.engine.put(site.state.store.save([one]))
    return f"/leads/{one.id}"


@pytest.fixture
def browser_of(site: FastAPI) -> Any:
    """A visitor's browser, each on a network of its own unless said."""

    def opened(address: str = "") -> TestClient:
        client = (address or f"2001:db8:{next(_numbers):x}::1", 50_000)
        return TestClient(site, follow_redirects=False, client=client)

    return opened


def page(client: TestClient, lead: str) -> html.HtmlElement:
    return html.document_fromstring(client.get(lead).text)


def form(client: TestClient, lead: str) -> dict[str, str]:
    return {
        one.name: one.value or ""
        for one in page(client, lead).xpath("//form[@class='vote']//input")
    }


def votes(site: FastAPI, lead: str, *columns: Any) -> list[Any]:
    wanted = select(*columns).where(vote.c.lead == lead.rpartition("/")[2]).order_by(vote.c.id)
    with site.state.store.reading() as connection:
        return [tuple(row) for row in connection.execute(wanted)]


def test_a_visitor_votes_changes_and_withdraws_without_javascript(
    site: FastAPI, lead: str, browser_of: Any
) -> None:
    ann = browser_of()
    sent = form(ann, lead)
    assert not ann.cookies
    answer = ann.post(f"{lead}/avis", data=sent | {"verdict": "hors-sujet", "raison": "Du textile"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{lead}?avis=enregistre#avis")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and len(ann.cookies[COOKIE]) == 22
    shown = page(ann, f"{lead}?avis=enregistre")
    assert shown.xpath("//*[@role='status']")[0].text_content().startswith("Merci")
    assert shown.xpath("//button[@aria-pressed='true']/@value") == ["hors-sujet"]
    assert shown.xpath("//textarea/text()") == ["Du textile"]
    # The page opened before the first vote still serves.
    ann.post(f"{lead}/avis", data=sent | {"verdict": "utile"})
    assert votes(site, lead, vote.c.verdict, vote.c.reason) == [("utile", "")]
    gone = ann.post(f"{lead}/avis", data=form(ann, lead) | {"verdict": ""})
    assert gone.headers["location"] == f"{lead}?avis=retire#avis"
    assert page(ann, lead).xpath("//button[@aria-pressed='true']") == []


def test_what_is_kept_tells_neither_the_cookie_nor_the_address(
    site: FastAPI, lead: str, browser_of: Any
) -> None:
    ann = browser_of("192.0.2.55")
    ann.post(f"{lead}/avis", data=form(ann, lead) | {"verdict": "utile"})
    [row] = votes(site, lead, *vote.c)
    assert ann.cookies[COOKIE] not in str(row) and "192.0.2.55" not in str(row)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://mechant.test"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://testserver.mechant.test"}, 403),
        ({"origin": "http://testserver"}, 303),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({}, 303),
    ],
    ids=lambda one: "-".join(one.values()) or "none" if isinstance(one, dict) else str(one),
)
def test_another_site_does_not_vote_in_the_name_of_a_visitor(
    site: FastAPI, lead: str, browser_of: Any, headers: dict[str, str], status: int
) -> None:
    ann = browser_of()
    sent = form(ann, lead) | {"verdict": "frauduleux"}
    assert ann.post(f"{lead}/avis", data=sent, headers=headers).status_code == status
    assert len(votes(site, lead, vote.c.id)) == (status == 303)


def test_a_token_forged_or_fetched_by_somebody_else_is_refused(
    site: FastAPI, lead: str, browser_of: Any
) -> None:
    ann, stranger = browser_of(), browser_of()
    theirs = form(stranger, lead)["jeton"]
    own = form(ann, lead)["jeton"]
    for token in ("", "x", theirs, own[:-1], own * 20, "é"):
        answer = ann.post(f"{lead}/avis", data={"jeton": token, "verdict": "utile"})
        assert answer.status_code == 403, token
        assert "Rechargez la page" in answer.text
    assert votes(site, lead, vote.c.id) == []


def test_a_token_is_of_one_lead(site: FastAPI, lead: str, browser_of: Any) -> None:
    ann = browser_of()
    text = LeadText(language="de", title="Stühle")
    site.state.store.save([Lead(id="f" * 16, texts=(text,), source="ted")])
    sent = form(ann, "/leads/" + "f" * 16) | {"verdict": "utile"}
    assert ann.post(f"{lead}/avis", data=sent).status_code == 403


def test_a_hostile_reason_is_kept_as_text_and_runs_nothing(
    site: FastAPI, lead: str, browser_of: Any
) -> None:
    ann = browser_of()
    ann.post(f"{lead}/avis", data=form(ann, lead) | {"verdict": "frauduleux", "raison": HOSTILE})
    shown = page(ann, lead)
    assert shown.xpath("//main//img | //main//script") == []
    [told] = shown.xpath("//textarea/text()")
    assert told.startswith('"><img src=x onerror=alert(1)>')
    with site.state.store.reading() as connection:
        assert reasons(connection, lead[7:]) == (told,)
    assert not page(browser_of(), lead).xpath("//textarea/text()"), "others do not read it"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"verdict": "génial"}, 400),
        ({"verdict": "utile", "raison": "x" * 501}, 400),
        ({"verdict": "utile", "raison": "x" * 50_000}, 413),
        ({f"f{n}": "" for n in range(60)}, 400),
    ],
    ids=["verdict", "reason", "body", "fields"],
)
def test_what_is_no_vote_is_refused_with_a_french_page(
    site: FastAPI, lead: str, browser_of: Any, data: dict[str, str], status: int
) -> None:
    ann = browser_of()
    answer = ann.post(f"{lead}/avis", data=form(ann, lead) | data)
    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert votes(site, lead, vote.c.id) == []


def test_a_body_that_is_no_form_is_refused(lead: str, browser_of: Any) -> None:
    ann, form_type = browser_of(), {"content-type": "application/x-www-form-urlencoded"}
    assert ann.post(f"{lead}/avis", json={"verdict": "utile"}).status_code == 415
    for body in (b"verdict=%ff", b"verdict=\xff"):
        assert ann.post(f"{lead}/avis", content=body, headers=form_type).status_code == 400


def test_votes_beyond_the_limit_say_429_and_are_kept(
    site: FastAPI, lead: str, browser_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.ballot.LIMITS", [one for one in LIMITS if one.why == "lead"])
    for n in range(32):
        ann = browser_of()
        answer = ann.put(f"/api/v1{lead}/avis", json={"verdict": "frauduleux"})
        assert answer.status_code == (200 if n < 30 else 429)
    assert answer.headers["retry-after"] == "3600" and COOKIE in answer.headers["set-cookie"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(votes(site, lead, vote.c.id)) == 32
    read = browser_of().get(f"/api/v1{lead}/avis").json()
    assert read == {"verdict": None, "votes": {
        "utile": None, "hors-sujet": None, "trop-tard": None, "deja-pourvu": None, "frauduleux": 30,
    }}  # fmt: skip
    late = browser_of()
    refused = late.post(f"{lead}/avis", data=form(late, lead) | {"verdict": "utile"})
    assert refused.status_code == 429 and "n’est pas compté" in refused.text


def test_the_api_takes_changes_and_withdraws_a_vote(lead: str, browser_of: Any) -> None:
    ann, there = browser_of(), f"/api/v1{lead}/avis"
    assert ann.put(there, json={"verdict": "utile", "raison": "bien"}).json()["verdict"] == "utile"
    assert ann.put(there, json={"verdict": "trop-tard"}).json()["verdict"] == "trop-tard"
    assert ann.get(there).json()["verdict"] == "trop-tard"
    assert ann.delete(there).json()["verdict"] is None
    assert ann.get("/api/v1/leads/" + "e" * 16 + "/avis").status_code == 404


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{", b'{"verdict":NaN}', b'{"verdict":1e999}', b'"\\ud800"', b"\xff",
     b'{"verdict":"utile","autre":1}', b'{"verdict":"utile","raison":"\\ud800"}',
     b'{"verdict":""}'],
    ids=repr,
)  # fmt: skip
def test_a_body_that_is_no_vote_is_a_problem(lead: str, browser_of: Any, body: bytes) -> None:
    answer = browser_of().put(f"/api/v1{lead}/avis", content=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_others_are_told_mildly_once_several_agree(lead: str, browser_of: Any) -> None:
    for n in range(3):
        assert (
            bool(page(browser_of(), lead).xpath("//*[contains(@class,'avis-leger')]")) is False
        ), n
        browser_of().put(f"/api/v1{lead}/avis", json={"verdict": "deja-pourvu"})
    [told] = page(browser_of(), lead).xpath("//*[contains(@class,'avis-leger')]")
    assert "déjà pourvue" in told.text_content()


def test_a_vote_on_a_lead_that_was_merged_goes_to_the_one_that_took_it_over(
    site: FastAPI, lead: str, browser_of: Any
) -> None:
    text = LeadText(language="de", title="Schulmöbel")
    gone = Lead(id=f"{next(_numbers):016x}", texts=(text,), source="ted", merged_into=lead[7:])
    site.state.store.save([gone])
    browser_of().put(f"/api/v1/leads/{gone.id}/avis", json={"verdict": "utile"})
    assert votes(site, lead, vote.c.verdict) == [("utile",)]
