"""The first time: a password chosen through a link, a second factor enrolled."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Row

from search_api import accounts, passwords, sessions, totp
from search_api.door import (
    AT_ONCE,
    NEXT,
    WRONG_CODE,
    Door,
    Field,
    Opened,
    Waiting,
    Waits,
    too_many,
)
from search_api.forms import SHORT, from_here, inside
from search_api.problems import Problem

router = APIRouter(include_in_schema=False)

Coming = Annotated[Waiting, Depends(Waits("enrolment"))]


# --- the link that opens an account -------------------------------------------------------------


def _invited(door: Door, token: str) -> Row[Any]:
    with door.store.reading() as connection:
        row = accounts.invited(connection, token, door.now)
    if row is None:
        detail = "Ce lien a déjà servi, ou il est trop ancien. Demandez-en un autre."
        raise Problem(410, "Lien périmé", detail)
    return row


@router.get("/invitation/{token}")
def invitation_page(door: Opened, token: str) -> HTMLResponse:
    """The form by which a password is chosen."""
    return _invitation_page(door, _invited(door, token))


def _invitation_page(door: Door, row: Row[Any], error: str = "", field: str = "") -> HTMLResponse:
    context = {"name": row.name, "login": row.login, "errors": {field: error} if error else {}}
    return door.page("invitation", context | {"shortest": passwords.SHORTEST})


@router.post("/invitation/{token}", dependencies=[Depends(from_here)], max_body_size=SHORT)
def accept(door: Opened, token: str, nouveau: Field = "", encore: Field = "") -> Response:
    """Keeps the password, once, and goes on to the second factor."""
    row = _invited(door, token)
    if fault := passwords.fault(nouveau, row.login, row.name):
        return _invitation_page(door, row, fault, "nouveau")
    if nouveau != encore:
        return _invitation_page(door, row, "Les deux mots de passe diffèrent.", "encore")
    kept = passwords.kept(nouveau)
    with door.store.writing_aside() as connection:
        if accounts.invited(connection, token, door.now) is None:
            raise Problem(410, "Lien périmé", "Ce lien vient de servir.")
        accounts.set_password(accounts.Change(connection, door.now, row.login), row.login, kept)
        session = door.second_step(connection, row)
    return door.go(NEXT[session.step], session)


# --- the first time -----------------------------------------------------------------------------


@router.get("/connexion/enrolement")
def enrolment_page(door: Opened, coming: Coming, suite: str = "") -> HTMLResponse:
    """The secret of the second factor, as a drawing and in letters."""
    return _enrolment_page(door, coming, inside(suite))


def _enrolment_page(
    door: Door, coming: Waiting, suite: str, error: str = "", wait: timedelta = AT_ONCE
) -> HTMLResponse:
    session, row = coming
    secret = door.seal.open(session.sealed)
    context = {
        "suite": suite,
        "login": row.login,
        "jeton": sessions.jeton(session.token),
        "drawing": totp.drawing(secret, row.login),
        "secret": " ".join(secret[n : n + 4] for n in range(0, len(secret), 4)),
        "address": totp.address(secret, row.login),
        "errors": {"code": error} if error else {},
    }
    return door.page("enrolment", context, wait)


@router.post("/connexion/enrolement", max_body_size=SHORT)
def enrol(door: Opened, coming: Coming, code: Field = "", suite: Field = "") -> Response:
    """Keeps the secret once a code proves that it was read; shows the recovery codes, once."""
    (session, row), suite = coming, inside(suite)
    keys = door.keys(row.login)
    if wait := door.attempt(keys):
        return _enrolment_page(door, coming, suite, too_many(wait), wait)
    secret, digits = door.seal.open(session.sealed), "".join(code.split())
    with door.store.writing_aside() as connection:
        if row.totp or not totp.serve(connection, row.id, secret, digits, door.now):
            return _enrolment_page(door, coming, suite, WRONG_CODE)
        change = accounts.Change(connection, door.now, row.login)
        codes = accounts.enrol(change, row, door.seal.close(secret))
        opened = door.open(connection, session, keys)
    page = door.page("recovery", {"codes": codes, "suite": suite})
    sessions.keep(door.request, page, opened.token)
    return page
