"""« /curation/compte »: one's own password, recovery codes, and other sessions."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, Row

from search_api import accounts, passwords, sessions, throttle, totp
from search_api.access import Lecteur, Person
from search_api.accounts import Change
from search_api.curation_pages import show
from search_api.door import WRONG_CODE, Door, Field, Opened, too_many
from search_api.forms import SHORT

router = APIRouter(include_in_schema=False)


def _row(connection: Connection, person: Person) -> Row[Any]:
    row = accounts.row_of(connection, person.login)
    assert row is not None, "accounts are never erased"
    return row


def _page(
    door: Door,
    person: Person,
    errors: dict[str, str] | None = None,
    codes: list[str] | None = None,
    status: int = 0,
) -> HTMLResponse:
    """The page. codes: new recovery codes, to be shown once."""
    token = sessions.token_of(door.request)
    with door.store.reading() as connection:
        own = accounts.from_row(_row(connection, person))
        left = totp.recovery_left(connection, person.id)
        others = sessions.others(connection, person.id, token, door.now)
    context: dict[str, Any] = {
        "own": own,
        "left": left,
        "others": others,
        "shortest": passwords.SHORTEST,
    }
    context |= {"errors": errors or {}, "codes": codes or []}
    context["changed"] = door.request.query_params.get("fait") == "mot-de-passe"
    usual = 400 if errors else 200
    return show(door.request, person, "curation/account.html", context, status or usual)


@router.get("/curation/compte")
def own_account(door: Opened, person: Lecteur) -> HTMLResponse:
    """What one may change oneself."""
    return _page(door, person)


@router.post("/curation/compte/mot-de-passe", max_body_size=SHORT)
def change_password(
    door: Opened, person: Lecteur, actuel: Field = "", nouveau: Field = "", encore: Field = ""
) -> Response:
    """Another password; every other session ends."""
    keys = door.keys(person.login)
    if wait := door.attempt(keys):
        return _page(door, person, {"actuel": too_many(wait)}, status=429)
    with door.store.reading() as connection:
        row = _row(connection, person)
    if not passwords.same(row.password, actuel):
        return _page(door, person, {"actuel": "Ce n’est pas votre mot de passe actuel."})
    if fault := passwords.fault(nouveau, person.login, person.name):
        return _page(door, person, {"nouveau": fault})
    if nouveau != encore:
        return _page(door, person, {"encore": "Les deux mots de passe diffèrent."})
    kept = passwords.kept(nouveau)
    with door.store.writing_aside() as connection:
        throttle.succeed(connection, keys, wholly=True)
        accounts.set_password(Change(connection, door.now, person.login), person.login, kept)
        fresh = sessions.begin(connection, person.id, "open", door.now)
    response = RedirectResponse("/curation/compte?fait=mot-de-passe", 303)
    sessions.keep(door.request, response, fresh.token)
    return response


@router.post("/curation/compte/secours", max_body_size=SHORT)
def new_recovery(door: Opened, person: Lecteur, code: Field = "") -> Response:
    """Other recovery codes, shown once; asks for a one-time code."""
    keys = door.keys(person.login)
    if wait := door.attempt(keys):
        return _page(door, person, {"code": too_many(wait)}, status=429)
    with door.store.writing_aside() as connection:
        row, digits = _row(connection, person), "".join(code.split())
        secret = door.seal.open(row.totp) if row.totp else ""
        right = bool(secret) and totp.serve(connection, person.id, secret, digits, door.now)
        if right:
            throttle.succeed(connection, keys, wholly=True)
            change = Change(connection, door.now, person.login)
            codes = accounts.renew_recovery(change, row)
    return _page(door, person, codes=codes) if right else _page(door, person, {"code": WRONG_CODE})


@router.post("/curation/compte/sessions", max_body_size=SHORT)
def end_others(door: Opened, person: Lecteur) -> Response:
    """Ends every session but this one."""
    with door.store.writing_aside() as connection:
        sessions.end_all(connection, person.id, sessions.token_of(door.request))
    return RedirectResponse("/curation/compte", 303)
