"""« /connexion »: two steps, each trap of those who are not who they say."""

import logging
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from lxml import html
from people import CHEAP, PASSWORD, Door, Visitor
from sqlalchemy import select, update

from index.account_tables import account, recovery_code, session, throttle
from index.audit import trail
from search_api import passwords
from search_api import throttle as throttling
from search_api.forms import inside

pytestmark = pytest.mark.usefixtures("cheap")


@pytest.fixture
def ana(door: Door) -> Visitor:
    """Somebody with an account and a second factor, who has yet to sign in."""
    return door.enrolled()


def test_the_first_sign_in_enrols_a_second_factor_and_shows_recovery_codes_once(
    door: Door,
) -> None:
    door.account()
    visitor = door.visitor()
    answer = visitor.enrol(suite="/curation?page=2")
    assert answer.status_code == 200
    assert len(set(visitor.recovery)) == 10
    assert html.document_fromstring(answer.text).xpath("//a[@class='bouton']/@href") == [
        "/curation?page=2"
    ]
    assert visitor.inside()
    again = visitor.client.get("/connexion/enrolement")
    assert again.headers["location"] == "/connexion"


def test_the_page_of_enrolment_draws_the_key_without_style(door: Door) -> None:
    door.account()
    visitor = door.visitor()
    page = visitor.client.get(visitor.password().headers["location"])
    tree = html.document_fromstring(page.text)
    assert not tree.xpath("//@style | //style | //script")
    assert tree.xpath("//*[@class='dessin']/*[local-name()='svg']")
    assert page.headers["cache-control"] == "no-store"


def test_a_password_and_a_code_open_and_lead_where_one_was_going(ana: Visitor) -> None:
    there = ana.password(suite="/curation?a=1").headers["location"]
    assert there == "/connexion/code?suite=%2Fcuration%3Fa%3D1"
    assert not ana.inside()
    answer = ana.code(ana.totp(), suite="/curation?a=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/curation?a=1")
    assert ana.inside()
    assert ana.client.get("/connexion?suite=/statut").headers["location"] == "/statut"


def test_a_code_serves_once_even_within_its_thirty_seconds(door: Door, ana: Visitor) -> None:
    ana.password()
    code = ana.totp()
    assert ana.code(code).status_code == 303
    other = door.visitor("192.0.2.9")
    other.password()
    assert other.code(code).status_code == 400
    assert not other.inside()


def test_a_code_of_the_step_before_opens_and_an_older_one_does_not(
    door: Door, ana: Visitor
) -> None:
    door.wait(minutes=5)
    ana.password()
    assert ana.code(ana.totp(late=61)).status_code == 400
    assert ana.code(ana.totp(late=30)).status_code == 303


@pytest.mark.parametrize("code", ["", "000000", "12345", "é" * 6, "١٢٣٤٥٦", "1" * 39, "\0"])
def test_a_wrong_code_is_told_beside_its_field(ana: Visitor, code: str) -> None:
    ana.password()
    answer = ana.code(code)
    tree = html.document_fromstring(answer.text)
    assert answer.status_code == 400
    box = tree.get_element_by_id("code")
    assert box.get("aria-invalid") == "true"
    assert "faute-code" in box.get("aria-describedby", "")
    assert "déjà servi" in tree.get_element_by_id("faute-code").text_content()


def test_a_recovery_code_opens_once_however_it_is_typed(door: Door, ana: Visitor) -> None:
    ana.password()
    typed = ana.recovery[3].upper().replace("-", " ")
    assert ana.code(typed).status_code == 303
    other = door.visitor("192.0.2.9")
    other.password()
    assert other.code(ana.recovery[3]).status_code == 400
    with door.store.reading() as connection:
        kept = connection.execute(select(recovery_code.c.hash)).scalars().all()
    assert len(kept) == 10
    assert not {one for code in ana.recovery for one in (code, code.replace("-", ""))} & set(kept)


def test_login_is_read_without_its_case_and_password_whatever_composes_its_letters(
    door: Door,
) -> None:
    door.account()
    assert door.visitor().password(" ANA ").status_code == 303


@pytest.mark.parametrize("login", ["ana", "inconnu", "", "a\0b", "x" * 5_000, "'; drop table"])
def test_a_wrong_login_and_a_wrong_password_get_the_same_words(door: Door, login: str) -> None:
    door.account()
    answer = door.visitor().password(login, "ce n’est pas le bon")
    tree = html.document_fromstring(answer.text)
    assert answer.status_code == 400
    assert "Identifiant ou mot de passe incorrect." in answer.text
    assert {one.get("aria-describedby") for one in tree.xpath("//input[@required]")} == {
        "faute-connexion"
    }


@pytest.mark.parametrize("who", ["ana", "inconnu", "désactivée", "sans mot de passe"])
def test_an_unknown_login_costs_as_much_work_as_a_known_one(
    door: Door, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    door.account()
    values = {"désactivée": {"disabled": door.now}, "sans mot de passe": {"password": ""}}
    with door.store.writing_aside() as connection:
        connection.execute(update(account).values(values.get(who, {"name": "Ana"})))
    compared: list[str] = []

    def verify(record: str, given: str) -> bool:
        compared.append(record)
        return CHEAP.verify(record, given)

    monkeypatch.setattr(passwords, "_HASHER", SimpleNamespace(verify=verify))
    answer = door.visitor().password("inconnu" if who == "inconnu" else "ana", "mauvais")
    assert answer.status_code == 400
    assert [re.sub(r"\$[^$]*\$[^$]*$", "", one) for one in compared] == [
        "$argon2id$v=19$m=64,t=1,p=1"
    ]


def test_a_disabled_account_does_not_open_with_its_right_password(door: Door) -> None:
    door.account()
    with door.store.writing_aside() as connection:
        connection.execute(update(account).values(disabled=door.now))
    answer = door.visitor().password()
    assert answer.status_code == 400
    assert "Identifiant ou mot de passe incorrect." in answer.text


# --- those who guess ----------------------------------------------------------------------------


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every password is wrong, at once."""
    monkeypatch.setattr(passwords, "same", lambda record, given: False)


def test_who_fails_five_times_waits_and_longer_each_time(
    door: Door, refused: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.account()
    visitor = door.visitor()
    assert [visitor.password().status_code for _ in range(6)] == [400] * 5 + [429]
    answer = visitor.password()
    assert answer.headers["retry-after"] == "30"
    assert "Trop d’essais" in answer.text
    door.wait(seconds=30)
    assert visitor.password().status_code == 400
    assert visitor.password().headers["retry-after"] == "60"
    monkeypatch.undo()
    assert visitor.password().status_code == 429, "not even the right one"
    door.wait(seconds=60)
    assert visitor.password().status_code == 303


def test_unknown_logins_make_one_wait_as_known_ones_do(door: Door, refused: None) -> None:
    visitor = door.visitor()
    assert [visitor.password("inconnu").status_code for _ in range(6)] == [400] * 5 + [429]


def test_the_pause_between_tries_grows_to_a_quarter_of_an_hour() -> None:
    waits = [throttling._wait(beyond).total_seconds() for beyond in (0, 1, 2, 3, 4, 5, 6, 10_000)]
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_one_address_does_not_try_all_logins(door: Door, refused: None) -> None:
    visitor = door.visitor()
    answers = [visitor.password(f"login{n}").status_code for n in range(21)]
    assert answers == [400] * 20 + [429]
    assert door.visitor("192.0.2.2").password("login1").status_code == 400


def test_all_addresses_of_one_ipv6_network_are_one(door: Door, refused: None) -> None:
    answers = [
        door.visitor(f"2001:db8::{n:x}").password(f"login{n}").status_code for n in range(1, 22)
    ]
    assert answers == [400] * 20 + [429]


def test_a_stranger_who_fails_does_not_keep_the_owner_out(door: Door, ana: Visitor) -> None:
    stranger = door.visitor("198.51.100.7")
    for _ in range(6):
        stranger.password(password="mauvais")
    assert stranger.password().status_code == 429
    assert ana.password().status_code == 303


def test_many_strangers_together_do_wait(door: Door, refused: None) -> None:
    door.account()
    answers = [door.visitor(f"198.51.100.{n}").password().status_code for n in range(51)]
    assert answers == [400] * 50 + [429]


def test_codes_are_guessed_no_more_than_passwords(door: Door, ana: Visitor) -> None:
    ana.password()
    assert [ana.code("000000").status_code for _ in range(6)] == [400] * 5 + [429]
    assert ana.code(ana.totp()).status_code == 429
    assert ana.password().status_code == 429, "nor by starting again"
    door.wait(seconds=30)
    ana.password()
    assert ana.code(ana.totp()).status_code == 303


def test_failures_are_forgotten_after_an_hour(door: Door, refused: None) -> None:
    visitor = door.visitor()
    for _ in range(4):
        visitor.password()
    door.wait(minutes=61)
    assert [visitor.password().status_code for _ in range(6)] == [400] * 5 + [429]


# --- those who lead elsewhere -------------------------------------------------------------------


@pytest.mark.parametrize(
    "suite",
    ["https://mechant.test/", "//mechant.test", "/\\mechant.test", "/\t/mechant.test", "\\\\m.test",
     "/ /m.test", "javascript:alert(1)", "curation", "", "/\r\nSet-Cookie: a=b", "/x" * 1_001,
     "/connexion", "/deconnexion", "/\x85/m.test", "http:/x"],
)  # fmt: skip
def test_one_goes_on_to_pages_of_this_site_only(suite: str) -> None:
    assert inside(suite) == "/curation"


def test_a_page_of_this_site_is_gone_on_to_with_its_query(ana: Visitor) -> None:
    assert inside("/curation/file?page=2&q=é#lead-3") == "/curation/file?page=2&q=é#lead-3"
    page = html.document_fromstring(ana.client.get("/connexion?suite=//mechant.test").text)
    assert page.xpath("//input[@name='suite']/@value") == ["/curation"]
    ana.password(suite="//mechant.test")
    assert ana.code(ana.totp(), suite="https://mechant.test").headers["location"] == "/curation"


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://mechant.test"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "same-site"}],
)  # fmt: skip
def test_another_site_cannot_sign_one_in(door: Door, headers: dict[str, str]) -> None:
    door.account()
    visitor = door.visitor()
    sent = {"identifiant": "ana", "mot_de_passe": PASSWORD}
    answer = visitor.client.post("/connexion", data=sent, headers=headers)
    assert answer.status_code == 403
    assert not visitor.client.cookies


def test_the_token_changes_at_each_step_and_a_planted_one_opens_nothing(
    door: Door, ana: Visitor
) -> None:
    ana.client.cookies.set("session", "plante-par-un-autre", domain="127.0.0.1")
    ana.password()
    waiting = ana.client.cookies["session"]
    ana.code(ana.totp())
    opened = ana.client.cookies["session"]
    assert len({"plante-par-un-autre", waiting, opened}) == 3
    for old in ("plante-par-un-autre", waiting):
        other = door.visitor()
        other.client.cookies.set("session", old)
        assert not other.inside()


def test_the_code_is_waited_for_ten_minutes(door: Door, ana: Visitor) -> None:
    ana.password()
    own = ana.hidden("/connexion/code")
    door.wait(minutes=10)
    answer = ana.client.post("/connexion/code", data=own | {"code": ana.totp()})
    assert answer.headers["location"] == "/connexion"


def test_a_code_typed_in_the_form_of_another_session_is_refused(door: Door, ana: Visitor) -> None:
    ana.password()
    own = ana.hidden("/connexion/code")
    ana.password()
    answer = ana.client.post("/connexion/code", data=own | {"code": ana.totp()})
    assert answer.status_code == 403


def test_who_signs_out_is_out_here_and_in_the_browser(door: Door, ana: Visitor) -> None:
    ana.password()
    ana.code(ana.totp())
    token = ana.client.cookies["session"]
    forged = ana.client.post("/deconnexion")
    assert forged.status_code == 403
    answer = ana.client.post("/deconnexion", data=ana.hidden("/curation"))
    assert answer.headers["location"] == "/connexion?sortie=1"
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert "Vous êtes déconnecté" in ana.client.get("/connexion?sortie=1").text
    ana.client.cookies.set("session", token)
    assert not ana.inside()


def test_over_https_the_cookie_never_leaves_it(tmp_path: Path) -> None:
    door = Door(tmp_path, site_url="https://leads.test")
    door.account()
    visitor = door.visitor()
    told = visitor.password().headers["set-cookie"]
    assert told.startswith("__Host-session=")
    parts = {part.strip().lower() for part in told.split(";")[1:]}
    assert parts == {"path=/", "secure", "httponly", "samesite=lax"}
    door.store.close()


def test_a_long_body_is_refused_before_it_is_read(door: Door) -> None:
    answer = door.visitor().client.post("/connexion", data={"identifiant": "a" * 20_000})
    assert answer.status_code == 413


# --- what is kept -------------------------------------------------------------------------------


def test_the_record_holds_neither_the_secret_nor_who_tried_nor_from_where(
    door: Door, ana: Visitor
) -> None:
    ana.password(password="mauvais")
    with door.store.reading() as connection:
        kept = [
            str(connection.execute(select(table)).all())
            for table in (account, session, recovery_code, throttle)
        ]
        tried = connection.execute(select(throttle.c.key)).scalars().all()
    assert ana.secret not in "".join(kept)
    assert len(tried) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in tried)


def test_the_journal_says_what_was_done_without_any_secret(door: Door) -> None:
    door.account("zoe")
    door.visitor().enrol("zoe")
    with door.store.reading() as connection:
        lines = trail(connection, subject="compte:zoe")
    assert [(one.who, one.action, one.before, one.after) for one in reversed(lines)] == [
        ("test", "ouvrir", None, {"role": "analyste"}),
        ("test", "changer de mot de passe", None, None),
        ("zoe", "enrôler un second facteur", None, None),
    ]


def test_the_key_of_the_site_is_kept_for_its_owner_alone(door: Door, ana: Visitor) -> None:
    (key,) = (door.app.state.settings.data).glob("cle-du-site")
    assert key.stat().st_mode & 0o077 == 0


def test_nothing_personal_is_logged(
    door: Door, ana: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "search_api"):
        ana.password(password="mauvais")
        ana.password()
        ana.code("000000")
        ana.code(ana.totp())
    told = " ".join(one.getMessage() for one in caplog.records if one.name.startswith("search_api"))
    for secret in ("ana", "192.0.2.1", PASSWORD, "000000"):
        assert secret not in told
