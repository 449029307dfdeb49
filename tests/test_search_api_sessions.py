"""Sessions: how long they last, what ends them, and where one goes without."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import NOW, Signed
from fastapi import Form
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, update

from index.account_tables import account, session
from index.settings import Settings
from search_api import sessions
from search_api.access import Lecteur
from search_api.app import create_app

Sign = Callable[..., Signed]


class Site:
    """The site with two routes of a test, and a clock that one turns."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        asked = Settings(data=folder, database_url="")
        self.app = create_app(asked, clock=lambda: self.now)
        for path in ("/api/v1/essai", "/curation/essai"):
            self.app.post(path)(_sent)
        self.app.get("/curation/essai")(_read)


def _read(person: Lecteur) -> str:
    return person.login


def _sent(person: Lecteur, mot: Annotated[str, Form()] = "") -> str:
    return f"{person.login} : {mot}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    opened = Site(tmp_path_factory.mktemp("site"))
    yield opened
    opened.app.state.store.close()


@pytest.fixture
def site(running: Site) -> Site:
    """A site without accounts, on the first day."""
    running.now = NOW
    with running.app.state.store.writing_aside() as connection:
        connection.execute(delete(session))
        connection.execute(delete(account))
    return running


def test_nobody_is_led_to_the_sign_in_page_and_back(site: Site) -> None:
    answer = TestClient(site.app, follow_redirects=False).get("/curation/essai?a=b c&d=é")
    assert answer.status_code == 303
    suite = parse_qs(urlsplit(answer.headers["location"]).query)["suite"]
    assert suite == ["/curation/essai?a=b%20c&d=%C3%A9"]


def test_a_form_sent_without_session_leads_back_to_its_page(site: Site) -> None:
    client = TestClient(site.app, follow_redirects=False)
    here = {"referer": "http://testserver/curation/essai?page=2"}
    led = client.post("/curation/essai", headers=here).headers["location"]
    assert led == "/connexion?suite=%2Fcuration%2Fessai%3Fpage%3D2"
    elsewhere = {"referer": "https://mechant.test/x"}
    led = client.post("/curation/essai", headers=elsewhere).headers["location"]
    assert led == "/connexion?suite=%2Fcuration"


def test_a_machine_without_session_gets_a_problem(site: Site) -> None:
    answer = TestClient(site.app, follow_redirects=False).post("/api/v1/essai")
    assert (answer.status_code, answer.json()["title"]) == (401, "Connexion nécessaire")


def test_a_session_lasts_as_long_as_pages_are_read_within_the_hour(
    site: Site, signed: Sign
) -> None:
    client = signed(site.app, "lecteur")
    for _ in range(10):
        site.now += timedelta(minutes=59)
        assert client.get("/curation/essai").status_code == 200
    site.now += timedelta(minutes=60)
    assert client.get("/curation/essai").status_code == 303


def test_a_session_ends_after_twelve_hours_whatever_is_read(site: Site, signed: Sign) -> None:
    client = signed(site.app, "lecteur")
    while site.now < NOW + timedelta(hours=11, minutes=30):
        site.now += timedelta(minutes=30)
        assert client.get("/curation/essai").status_code == 200
    site.now += timedelta(minutes=30)
    assert client.get("/curation/essai").status_code == 303


def test_two_pages_read_in_the_same_minute_write_once(site: Site, signed: Sign) -> None:
    client = signed(site.app, "lecteur")
    site.now += timedelta(seconds=59)
    client.get("/curation/essai")
    with site.app.state.store.reading() as connection:
        seen = connection.execute(select(session.c.seen)).scalar_one()
    assert seen == NOW.replace(tzinfo=None)


def test_the_session_of_a_disabled_account_opens_nothing(site: Site, signed: Sign) -> None:
    client = signed(site.app, "administrateur")
    with site.app.state.store.writing_aside() as connection:
        connection.execute(update(account).values(disabled=NOW))
    assert client.get("/curation/essai").status_code == 303


def test_a_session_that_waits_for_the_code_opens_nothing(site: Site, signed: Sign) -> None:
    client = signed(site.app, "administrateur")
    with site.app.state.store.writing_aside() as connection:
        connection.execute(update(session).values(step="code"))
    assert client.get("/curation/essai").status_code == 303


def test_sessions_that_have_ended_are_swept_when_one_begins(site: Site, signed: Sign) -> None:
    signed(site.app)
    site.now += timedelta(hours=2)
    signed(site.app)
    with site.app.state.store.reading() as connection:
        assert len(connection.execute(select(session)).all()) == 1


@pytest.mark.parametrize("how", ["field", "file", "header"])
def test_a_form_of_ours_carries_the_token_of_its_session(
    site: Site, signed: Sign, how: str
) -> None:
    client = signed(site.app, "lecteur")
    own = {"jeton": client.jeton, "mot": "é"}
    answer = {
        "field": lambda: client.post("/curation/essai", data=own),
        "file": lambda: client.post("/curation/essai", data=own, files={"f": b"x"}),
        "header": lambda: client.post(
            "/api/v1/essai", data={"mot": "é"}, headers={"X-Jeton": client.jeton}
        ),
    }[how]()
    assert answer.json() == f"{client.person.login} : é"


@pytest.mark.parametrize("token", ["", "x", "é", "\ud800"])
def test_a_forged_form_is_refused(site: Site, signed: Sign, token: str) -> None:
    client, other = signed(site.app, "lecteur"), signed(site.app, "administrateur")
    given = token.encode("utf-8", "surrogatepass") or other.jeton.encode()
    body = b"mot=a&jeton=" + given
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.post("/curation/essai", content=body, headers=form)
    assert answer.status_code == 403
    assert "une autre session" in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_over_https_the_cookie_is_bound_to_the_host() -> None:
    secure, plain = Settings(site_url="https://leads.test"), Settings()
    assert sessions.cookie_name(secure) == "__Host-session"
    assert sessions.cookie_name(plain) == "session"


def test_the_record_holds_no_token(site: Site, signed: Sign) -> None:
    client = signed(site.app)
    token = client.cookies["session"]
    with site.app.state.store.reading() as connection:
        row = connection.execute(select(session)).one()
    assert token not in str(row)
    assert client.jeton not in str(row)
    assert len(token) >= 43
