"""Signing in where one's organisation does: a real provider, and each way it may be forged."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from conftest import NOW, served
from fastapi.testclient import TestClient
from httpx2 import Response
from joserfc.jwk import RSAKey
from people import Door, Visitor
from provider import CLIENT, SECRET, House
from sqlalchemy import select

from index.account_tables import account
from index.settings import Settings
from search_api import accounts
from search_api.oidc import OidcError, Provider, new_exchange, role_of


@pytest.fixture(scope="module")
def running() -> Iterator[House]:
    house = House()
    house.now = NOW.timestamp
    with served(house.app) as address:
        house.issuer = address
        yield house


@pytest.fixture
def house(running: House) -> House:
    """A provider that says: Zoé, analyst."""
    running.trap, running.published, running.asked = "", [running.key], []
    running.claims = {
        "sub": "42", "preferred_username": "Zoé.D", "name": "Zoé Durand",
        "email": "zoe@exemple.test", "realm_access": {"roles": ["x", "export-analystes"]},
    }  # fmt: skip
    return running


@pytest.fixture(scope="module")
def site(running: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    opened = Door(
        tmp_path_factory.mktemp("site"),
        oidc_issuer=running.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        oidc_role_claim="realm_access.roles",
        oidc_roles="export-analystes=analyste, export-chefs=responsable",
        oidc_name="le réseau",
    )
    yield opened
    opened.app.state.provider.client.close()
    opened.store.close()


@pytest.fixture
def door(site: Door, house: House) -> Door:
    site.empty()
    site.app.state.provider._told = site.app.state.provider._keys = None
    return site


def leave(visitor: Visitor, suite: str = "") -> str:
    """To the provider, which answers; the address to which it sends back."""
    there = visitor.client.get("/connexion/fournisseur", params={"suite": suite})
    assert there.status_code == 303, there.text
    back = httpx2.get(there.headers["location"], follow_redirects=False)
    address = urlsplit(back.headers["location"])
    return f"{address.path}?{address.query}"


def come(door: Door, suite: str = "") -> tuple[Visitor, Response]:
    """The whole way there and back."""
    visitor = door.visitor()
    return visitor, visitor.client.get(leave(visitor, suite))


def rows(door: Door) -> list[Any]:
    with door.store.reading() as connection:
        return list(connection.execute(select(account).order_by(account.c.id)))


def test_who_comes_from_the_organisation_gets_an_account_with_its_role(door: Door) -> None:
    page = door.visitor().client.get("/connexion?suite=/curation?a=1").text
    assert "Se connecter avec le réseau" in page
    visitor, answer = come(door, "/curation?a=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/curation?a=1")
    assert visitor.inside()
    (row,) = rows(door)
    assert (row.login, row.name, row.role, row.subject) == ("zoe.d", "Zoé Durand", "analyste", "42")
    assert row.password == ""


def test_the_second_visit_finds_the_same_account_and_the_role_of_today(
    door: Door, house: House
) -> None:
    first, _ = come(door)
    house.claims |= {
        "preferred_username": "autre.nom",
        "realm_access": {"roles": ["export-chefs", "export-analystes"]},
    }
    second, _ = come(door)
    (row,) = rows(door)
    assert (row.login, row.role) == ("zoe.d", "responsable")
    assert second.inside()
    assert not first.inside(), "a session with the role of before"


def test_a_login_that_somebody_has_is_numbered_and_opens_nothing_of_theirs(
    door: Door, house: House
) -> None:
    door.account("admin", "administrateur")
    house.claims["preferred_username"] = "admin"
    come(door)
    assert [(row.login, row.role) for row in rows(door)] == [
        ("admin", "administrateur"),
        ("admin-2", "analyste"),
    ]


@pytest.mark.parametrize(
    "claims", [{"realm_access": {"roles": ["administrateur"]}}, {"realm_access": "x"},
               {"realm_access": None}],
    ids=["inconnu", "étrange", "absent"],
)  # fmt: skip
def test_who_has_no_role_here_is_refused_and_leaves_no_account(
    door: Door, house: House, claims: dict[str, Any]
) -> None:
    house.claims |= claims
    visitor, answer = come(door)
    assert answer.status_code == 403
    assert "aucun rôle ici" in answer.text
    assert not visitor.inside()
    assert rows(door) == []


def test_who_loses_the_role_loses_the_session(door: Door, house: House) -> None:
    visitor, _ = come(door)
    house.claims["realm_access"] = {"roles": []}
    _, answer = come(door)
    assert answer.status_code == 403
    assert not visitor.inside()


def test_a_disabled_account_stays_closed(door: Door) -> None:
    come(door)
    with door.store.writing_aside() as connection:
        accounts.disable(accounts.Change(connection, door.now, "test"), "zoe.d")
    _, answer = come(door)
    assert answer.status_code == 403


# The fault of the provider → why it is refused.
TRAPS = {
    "nonce": "invalid_claim nonce",
    "sans nonce": "missing_claim nonce",
    "destinataire": "invalid_claim aud",
    "plusieurs destinataires": "made for another client",
    "autre demandeur": "made for another client",
    "émetteur": "invalid_claim iss",
    "périmé": "expired_token",
    "sans fin": "missing_claim exp",
    "futur": "invalid_claim iat",
    "sans sujet": "missing_claim sub",
    "sujet étrange": "invalid_claim sub",
    "alg none": "UnsupportedAlgorithmError",
    "secret partagé": "UnsupportedAlgorithmError",
    "clé inconnue": "InvalidKeyIdError",
    "faussaire": "BadSignatureError",
    "modifié": "BadSignatureError",
    "illisible": "DecodeError",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_token_that_is_not_for_us_from_them_now_opens_nothing(
    door: Door, house: House, trap: str, caplog: pytest.LogCaptureFixture
) -> None:
    house.trap = trap
    visitor, answer = come(door)
    assert answer.status_code == 403
    assert "ne peut pas être crue" in answer.text
    assert [TRAPS[trap] in one for one in caplog.messages] == [True], caplog.messages
    assert not visitor.inside()
    assert rows(door) == []


def test_a_key_that_the_provider_has_just_changed_is_asked_for_again(
    door: Door, house: House
) -> None:
    come(door)
    come(door)
    assert house.asked == ["jwks"]
    before, house.key = house.key, RSAKey.generate_key(2048, {"kid": "deux", "use": "sig"})
    house.published = [before, house.key]
    visitor, _ = come(door)
    house.key = before
    assert visitor.inside()
    assert house.asked == ["jwks", "jwks"]


def test_an_answer_is_taken_from_the_browser_that_asked_and_once(door: Door) -> None:
    victim, attacker = door.visitor(), door.visitor()
    stolen = leave(attacker)
    leave(victim)
    assert victim.client.get(stolen).status_code == 400, "the state of another"
    assert door.visitor().client.get(stolen).status_code == 400, "no exchange at all"
    assert attacker.client.get(stolen).status_code == 303
    assert attacker.client.get(stolen).status_code == 400, "the exchange is over"


def test_an_answer_that_comes_after_ten_minutes_is_refused(door: Door) -> None:
    visitor = door.visitor()
    back = leave(visitor)
    door.wait(minutes=10)
    assert visitor.client.get(back).status_code == 400


def test_an_answer_in_the_name_of_another_provider_is_refused(door: Door, house: House) -> None:
    visitor = door.visitor()
    back = leave(visitor).rpartition("&iss=")[0]
    assert visitor.client.get(f"{back}&iss=https://autre.test").status_code == 403
    assert not visitor.inside()


@pytest.mark.parametrize("cookie", [b"x", "é".encode(), b"gAAAA"])
def test_a_cookie_of_somebody_s_making_is_refused(door: Door, cookie: bytes) -> None:
    headers = {b"cookie": b"fournisseur=" + cookie}
    answer = door.visitor().client.get("/connexion/retour?code=a&state=b", headers=headers)
    assert answer.status_code == 400


def test_a_refusal_of_the_provider_is_told(door: Door) -> None:
    visitor = door.visitor()
    state = leave(visitor).partition("state=")[2]
    answer = visitor.client.get(f"/connexion/retour?error=access_denied&state={state}")
    assert answer.status_code == 403


def test_the_exchange_is_not_readable_in_the_cookie(door: Door) -> None:
    visitor = door.visitor()
    leave(visitor, "/curation?secret=1")
    assert "secret=1" not in visitor.client.cookies["fournisseur"]
    assert visitor.client.cookies["fournisseur"].startswith("gAAAA")


def test_a_configuration_of_another_issuer_is_not_followed(door: Door, house: House) -> None:
    house.trap = "autre configuration"
    answer = door.visitor().client.get("/connexion/fournisseur")
    assert answer.status_code == 503


def test_a_provider_out_of_reach_or_without_https_is_told() -> None:
    asked = new_exchange("/curation", NOW)
    for issuer, why in (("http://127.0.0.1:1", "ConnectError"), ("http://idp.test", "https")):
        with httpx2.Client() as client, pytest.raises(OidcError, match=why):
            Provider(Settings(oidc_issuer=issuer), client).address(asked)


def test_without_a_provider_its_pages_do_not_exist(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    door = Door(tmp_path_factory.mktemp("sans"))
    client: TestClient = door.visitor().client
    assert client.get("/connexion/fournisseur").status_code == 404
    assert client.get("/connexion/retour").status_code == 404
    assert "Se connecter avec" not in client.get("/connexion").text
    door.store.close()


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"roles": ["analyste", "lecteur"]}, "analyste"),
        ({"roles": "responsable"}, "responsable"),
        ({"roles": [{"a": 1}, 3]}, None),
        ({}, None),
    ],
)
def test_without_a_mapping_roles_are_our_own_words(claims: dict[str, Any], role: Any) -> None:
    assert role_of(Settings(), claims) == role


def test_a_claim_named_by_an_address_is_read_whole() -> None:
    settings = Settings(oidc_role_claim="https://exemple.test/roles", oidc_roles="a=b=lecteur")
    assert role_of(settings, {"https://exemple.test/roles": ["a=b"]}) == "lecteur"
