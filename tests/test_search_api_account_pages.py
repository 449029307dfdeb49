"""« /curation/comptes » and « /curation/compte »: opening, changing, closing accounts."""

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from conftest import Signed
from httpx2 import Response
from lxml import html
from people import PASSWORD, Door

from index.audit import trail
from search_api import accounts, passwords, sessions, totp

Sign = Callable[..., Signed]
NEW = "cinq moutons verts dansent"


pytestmark = pytest.mark.usefixtures("cheap")


@pytest.fixture
def chief(door: Door, signed: Sign) -> Signed:
    """An administrator at work."""
    return signed(door.app, "administrateur")


def act(client: Signed, login: str, action: str, **fields: str) -> Response:
    sent = {"jeton": client.jeton, "action": action} | fields
    return client.post(f"/curation/comptes/{login}", data=sent)


def link(answer: Response) -> str:
    """Path of the invitation that a page shows."""
    told = html.document_fromstring(answer.text).xpath("string(//code[@class='cle'])")
    return urlsplit(told).path


def opened(client: Signed, **fields: str) -> Response:
    usual = {"identifiant": "zoe", "nom": "Zoé D.", "courriel": "", "role": "lecteur"}
    return client.post("/curation/comptes", data={"jeton": client.jeton} | usual | fields)


def test_an_invited_person_chooses_a_password_enrols_and_is_inside(
    door: Door, chief: Signed
) -> None:
    answer = opened(chief)
    there, visitor = link(answer), door.visitor()
    assert re.fullmatch(r"/invitation/[\w-]{43}", there)
    assert "Bonjour" in visitor.client.get(there).text
    sent = {"nouveau": PASSWORD, "encore": PASSWORD}
    went = visitor.client.post(there, data=sent)
    assert went.headers["location"] == "/connexion/enrolement"
    assert not visitor.inside()
    assert visitor.client.post(there, data=sent).status_code == 410, "the link serves once"
    assert visitor.enrol("zoe").status_code == 200
    assert visitor.inside()


def test_the_link_is_shown_once_and_is_not_in_the_record(door: Door, chief: Signed) -> None:
    token = link(opened(chief)).rpartition("/")[2]
    assert token not in chief.get("/curation/comptes").text
    with door.store.reading() as connection:
        row = accounts.row_of(connection, "zoe")
    assert token not in str(row)


def test_an_old_link_a_replaced_one_and_that_of_a_closed_account_open_nothing(
    door: Door, chief: Signed
) -> None:
    visitor = door.visitor()
    first = link(opened(chief))
    second = link(act(chief, "zoe", "inviter"))
    assert visitor.client.get(first).status_code == 410
    assert visitor.client.get(second).status_code == 200
    act(chief, "zoe", "desactiver")
    assert visitor.client.get(second).status_code == 410
    act(chief, "zoe", "reactiver")
    third = link(act(chief, "zoe", "inviter"))
    door.now += timedelta(days=7)
    assert visitor.client.get(third).status_code == 410
    assert visitor.client.get("/invitation/x").status_code == 410


@pytest.mark.parametrize(
    ("nouveau", "encore", "field"),
    [
        ("court", "court", "nouveau"),
        (PASSWORD, "autre chose", "encore"),
        ("zoe" * 5, "", "nouveau"),
    ],
    ids=["court", "différents", "deviné"],
)
def test_a_password_that_cannot_be_is_told_beside_its_field(
    door: Door, chief: Signed, nouveau: str, encore: str, field: str
) -> None:
    there, visitor = link(opened(chief)), door.visitor()
    answer = visitor.client.post(there, data={"nouveau": nouveau, "encore": encore})
    box = html.document_fromstring(answer.text).get_element_by_id(field)
    assert answer.status_code == 400
    assert f"faute-{field}" in box.get("aria-describedby", "").split()
    assert visitor.client.get(there).status_code == 200, "the link still serves"


def test_a_link_given_to_who_has_a_second_factor_asks_for_it(door: Door, chief: Signed) -> None:
    ana = door.enrolled()
    there = link(act(chief, "ana", "inviter"))
    went = ana.client.post(there, data={"nouveau": NEW, "encore": NEW})
    assert went.headers["location"] == "/connexion/code"
    assert ana.code(ana.totp()).status_code == 303
    assert ana.inside()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"identifiant": "é"}, "identifiant"),
        ({"identifiant": "a b"}, "identifiant"),
        ({"identifiant": "pris"}, "identifiant"),
        ({"nom": " \u202e"}, "nom"),
        ({"nom": "x" * 121}, "nom"),
        ({"courriel": "sans arobase"}, "courriel"),
        ({"courriel": "a\0@b.test"}, "courriel"),
        ({"role": "roi"}, "role"),
    ],
    ids=["accent", "espace", "pris", "vide", "long", "courriel", "nul", "rôle"],
)
def test_what_cannot_be_an_account_is_told_beside_its_field_and_nothing_is_lost(
    door: Door, chief: Signed, fields: dict[str, str], field: str
) -> None:
    door.account("pris")
    answer = opened(chief, **fields)
    tree = html.document_fromstring(answer.text)
    assert answer.status_code == 400
    assert tree.get_element_by_id(field).get("aria-invalid") == "true"
    typed = {"identifiant": "zoe", "nom": "Zoé D."} | fields
    assert tree.get_element_by_id("identifiant").get("value") == typed["identifiant"]


def test_hostile_names_stay_words(door: Door, chief: Signed) -> None:
    opened(chief, nom='"><script>alert(1)</script>')
    tree = html.document_fromstring(chief.get("/curation/comptes").text)
    assert not tree.xpath("//script | //@style")
    assert "<script>alert(1)" in tree.xpath("string(//tr[@id='zoe'])")


@pytest.mark.parametrize("action", ["role", "desactiver", "oublier"])
def test_a_change_by_an_administrator_ends_the_sessions(
    door: Door, chief: Signed, action: str
) -> None:
    ana = door.enrolled().enter()
    assert act(chief, "ana", action, role="lecteur").status_code == 303
    assert not ana.inside()


def test_a_forgotten_second_factor_is_enrolled_anew(door: Door, chief: Signed) -> None:
    ana = door.enrolled()
    old = ana.recovery
    act(chief, "ana", "oublier")
    assert ana.enrol().status_code == 200
    assert ana.inside()
    other = door.visitor()
    other.password()
    assert other.code(old[0]).status_code == 400


def test_changes_are_written_in_the_journal_in_the_name_of_who_made_them(
    door: Door, chief: Signed
) -> None:
    opened(chief, identifiant="journal")
    act(chief, "journal", "role", role="responsable")
    act(chief, "journal", "role", role="responsable")
    act(chief, "journal", "desactiver")
    with door.store.reading() as connection:
        lines = trail(connection, subject="compte:journal")
    assert {one.who for one in lines} == {chief.person.login}
    assert [(one.action, one.before, one.after) for one in reversed(lines)] == [
        ("ouvrir", None, {"role": "lecteur"}),
        ("inviter", None, None),
        ("changer de rôle", {"role": "lecteur"}, {"role": "responsable"}),
        ("désactiver", {"disabled": False}, {"disabled": True}),
    ]


@pytest.mark.parametrize("action", ["role", "desactiver"])
def test_the_last_administrator_stays(door: Door, chief: Signed, action: str) -> None:
    answer = act(chief, chief.person.login, action, role="lecteur")
    assert answer.status_code == 400
    assert "dernier administrateur" in answer.text
    assert chief.get("/curation/comptes").status_code == 200


def test_an_unknown_account_and_an_unknown_action_are_told(chief: Signed) -> None:
    assert act(chief, "personne", "desactiver").status_code == 404
    assert act(chief, chief.person.login, "couronner").status_code == 400


# --- one's own ----------------------------------------------------------------------------------


def test_one_changes_ones_password_and_the_other_sessions_end(door: Door) -> None:
    ana = door.enrolled().enter()
    door.wait(seconds=30)
    elsewhere = door.visitor("192.0.2.2")
    elsewhere.secret = ana.secret
    elsewhere.enter()
    assert "1\u00a0autre session est ouverte" in ana.client.get("/curation/compte").text
    token = ana.client.cookies["session"]
    fields = {"actuel": PASSWORD, "nouveau": NEW, "encore": NEW}
    answer = ana.send("/curation/compte/mot-de-passe", **fields)
    assert answer.headers["location"] == "/curation/compte?fait=mot-de-passe"
    assert ana.inside()
    assert ana.client.cookies["session"] != token
    assert not elsewhere.inside()
    assert door.visitor().password(password=NEW).status_code == 303
    assert door.visitor().password(password=PASSWORD).status_code == 400


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"actuel": "mauvais", "nouveau": NEW, "encore": NEW}, "actuel"),
        ({"actuel": PASSWORD, "nouveau": "court", "encore": "court"}, "nouveau"),
        ({"actuel": PASSWORD, "nouveau": NEW, "encore": "x"}, "encore"),
    ],
)
def test_a_wrong_change_of_password_changes_nothing(
    door: Door, fields: dict[str, str], field: str
) -> None:
    ana = door.enrolled().enter()
    answer = ana.send("/curation/compte/mot-de-passe", **fields)
    assert answer.status_code == 400
    assert f'id="faute-{field}"' in answer.text
    assert door.visitor().password().status_code == 303


def test_whoever_holds_a_session_does_not_guess_its_password(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = door.enrolled().enter()
    monkeypatch.setattr(passwords, "same", lambda record, given: False)
    path, fields = "/curation/compte/mot-de-passe", {"actuel": "x", "nouveau": NEW, "encore": NEW}
    answers = [ana.send(path, **fields).status_code for _ in range(6)]
    assert answers == [400] * 5 + [429]


def test_one_makes_new_recovery_codes_with_a_code_and_the_old_ones_end(door: Door) -> None:
    ana = door.enrolled().enter()
    assert ana.send("/curation/compte/secours", code="000000").status_code == 400
    door.wait(seconds=30)
    answer = ana.send("/curation/compte/secours", code=ana.totp())
    page = html.document_fromstring(answer.text)
    codes = [one.text for one in page.xpath("//ul[@class='secours']//code")]
    assert len(codes) == 10
    assert not set(codes) & set(ana.recovery)
    with door.store.writing_aside() as connection:
        row = accounts.row_of(connection, "ana")
        assert row is not None
        assert not totp.spend_recovery(connection, row.id, ana.recovery[0], door.now)
        assert totp.spend_recovery(connection, row.id, codes[0], door.now)
        assert totp.recovery_left(connection, row.id) == 9


def test_one_closes_ones_other_sessions(door: Door) -> None:
    ana = door.enrolled().enter()
    with door.store.writing_aside() as connection:
        row = accounts.row_of(connection, "ana")
        assert row is not None
        other = sessions.begin(connection, row.id, "open", door.now)
    ana.send("/curation/compte/sessions")
    assert ana.inside()
    with door.store.reading() as connection:
        assert sessions.find(connection, other.token, door.now) is None


def test_the_navigation_shows_what_exists_and_what_the_role_allows(
    door: Door, signed: Sign
) -> None:
    def rooms(client: Signed) -> list[str]:
        tree = html.document_fromstring(client.get("/curation").text)
        return [one.text for one in tree.xpath("//nav[@aria-label='Curation']//a")]

    assert "Comptes" in rooms(signed(door.app, "administrateur"))
    assert "Comptes" not in rooms(signed(door.app, "responsable"))
    assert rooms(signed(door.app, "lecteur"))[0] == "Accueil"


def test_pages_of_the_curation_are_kept_nowhere(door: Door, chief: Signed) -> None:
    for path in ("/curation", "/curation/compte", "/curation/comptes"):
        answer = chief.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
