"""« /connexion »: who it is, in two steps; « /deconnexion »."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, Row, update

from index.account_tables import account
from search_api import accounts, passwords, sessions, throttle, totp
from search_api.access import Lecteur, signed_in
from search_api.door import (
    AT_ONCE,
    NEXT,
    PRIVATE,
    WRONG_CODE,
    Door,
    Field,
    Opened,
    Waiting,
    Waits,
    too_many,
)
from search_api.forms import SHORT, from_here, inside

router = APIRouter(include_in_schema=False)

_WRONG = "Identifiant ou mot de passe incorrect."

Coming = Annotated[Waiting, Depends(Waits("code"))]


# --- login and password -------------------------------------------------------------------------


def _sign_in_page(
    door: Door, suite: str, login: str = "", error: str = "", wait: timedelta = AT_ONCE
) -> HTMLResponse:
    settings = door.request.app.state.settings
    context = {
        "suite": suite,
        "login": login,
        "errors": {"connexion": error} if error else {},
        "provider": settings.oidc_name if settings.oidc_issuer else "",
        "left": door.request.query_params.get("sortie", ""),
    }
    return door.page("sign_in", context, wait)


@router.get("/connexion")
def sign_in_page(request: Request, door: Opened, suite: str = "") -> Response:
    """The form; whoever is signed in goes on."""
    if signed_in(request):
        return RedirectResponse(inside(suite), 303, PRIVATE)
    return _sign_in_page(door, inside(suite))


@router.post("/connexion", dependencies=[Depends(from_here)], max_body_size=SHORT)
def sign_in(
    door: Opened, identifiant: Field = "", mot_de_passe: Field = "", suite: Field = ""
) -> Response:
    """Checks login and password, and asks for the code; never says which of both is wrong."""
    login, suite = accounts.login_of(identifiant), inside(suite)
    keys = door.keys(login or identifiant)
    if wait := door.attempt(keys):
        return _sign_in_page(door, suite, identifiant, too_many(wait), wait)
    with door.store.reading() as connection:
        row = accounts.row_of(connection, login)
    right = passwords.same(row.password if row else "", mot_de_passe)
    if row is None or not right or row.disabled:
        return _sign_in_page(door, suite, identifiant, _WRONG)
    fresh = passwords.kept(mot_de_passe) if passwords.outdated(row.password) else row.password
    with door.store.writing_aside() as connection:
        throttle.succeed(connection, keys, wholly=False)
        connection.execute(update(account).where(account.c.id == row.id).values(password=fresh))
        sessions.end(connection, sessions.token_of(door.request))
        session = door.second_step(connection, row)
    return door.go(NEXT[session.step], session, suite)


# --- the code -----------------------------------------------------------------------------------


@router.get("/connexion/code")
def code_page(door: Opened, coming: Coming, suite: str = "") -> HTMLResponse:
    """The form of the second step."""
    return _code_page(door, coming, inside(suite))


def _code_page(
    door: Door, coming: Waiting, suite: str, error: str = "", wait: timedelta = AT_ONCE
) -> HTMLResponse:
    errors = {"code": error} if error else {}
    context = {"suite": suite, "jeton": sessions.jeton(coming.session.token), "errors": errors}
    return door.page("code", context, wait)


@router.post("/connexion/code", max_body_size=SHORT)
def check_code(door: Opened, coming: Coming, code: Field = "", suite: Field = "") -> Response:
    """Opens the session for a right code, or a recovery code."""
    suite, keys = inside(suite), door.keys(coming.row.login)
    if wait := door.attempt(keys):
        return _code_page(door, coming, suite, too_many(wait), wait)
    with door.store.writing_aside() as connection:
        if not _served(door, connection, coming.row, code):
            return _code_page(door, coming, suite, WRONG_CODE)
        opened = door.open(connection, coming.session, keys)
    return door.go(suite, opened)


def _served(door: Door, connection: Connection, row: Row[Any], code: str) -> bool:
    digits = "".join(code.split())
    if len(digits) == 6 and digits.isascii() and digits.isdigit():
        return totp.serve(connection, row.id, door.seal.open(row.totp), digits, door.now)
    return totp.spend_recovery(connection, row.id, code, door.now)


# --- the way out --------------------------------------------------------------------------------


@router.post("/deconnexion", max_body_size=SHORT)
def sign_out(door: Opened, person: Lecteur) -> Response:
    """Ends the session, here and in the browser."""
    with door.store.writing_aside() as connection:
        sessions.end(connection, sessions.token_of(door.request))
    response = RedirectResponse("/connexion?sortie=1", 303, PRIVATE)
    sessions.forget(door.request, response)
    # Not "cookies": that would reach those of other sites under the same domain.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
