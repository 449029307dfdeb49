"""« /curation/comptes »: who may come in; for administrators."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from search_api import accounts
from search_api.access import ROLES, Administrateur, Person, Role
from search_api.accounts import AccountError, Change
from search_api.curation_pages import show
from search_api.door import Door, Field, Opened
from search_api.forms import SHORT
from search_api.problems import Problem

router = APIRouter(include_in_schema=False)

# What each role may do more than the one before it.
DUTIES: dict[Role, str] = {
    "lecteur": "lit la file, les sources et le journal",
    "analyste": "relit, corrige, publie et refuse des leads",
    "responsable": "écrit les règles, gèle des sources, suit les partenaires",
    "administrateur": "ouvre et ferme les comptes",
}
_NOBODY = {"identifiant": "", "nom": "", "courriel": "", "role": "analyste"}


def _page(
    door: Door,
    person: Person,
    typed: dict[str, str] = _NOBODY,
    errors: dict[str, str] | None = None,
    link: tuple[str, str] | None = None,
) -> HTMLResponse:
    """The table and the form. link: login and address of an invitation, to be shown once."""
    with door.store.reading() as connection:
        listed = accounts.every(connection)
    context: dict[str, Any] = {
        "accounts": listed,
        "now": door.now,
        "ROLES": ROLES,
        "DUTIES": DUTIES,
        "typed": typed,
        "errors": errors or {},
        "link": link,
        "days": accounts.INVITED.days,
    }
    status = 400 if errors else 200
    return show(door.request, person, "curation/accounts.html", context, status)


def _role(written: str) -> Role:
    if written not in ROLES:
        raise AccountError("Ce rôle n’existe pas.", "role")
    return written


def _link(request: Request, token: str) -> str:
    return str(request.app.state.settings.site_url).rstrip("/") + f"/invitation/{token}"


@router.get("/curation/comptes")
def accounts_page(door: Opened, person: Administrateur) -> HTMLResponse:
    """Every account, and the form that opens one."""
    return _page(door, person)


@router.post("/curation/comptes", max_body_size=SHORT)
def open_account(
    door: Opened,
    person: Administrateur,
    identifiant: Field = "",
    nom: Field = "",
    courriel: Field = "",
    role: Field = "",
) -> HTMLResponse:
    """Opens an account, and shows once the link by which its password is chosen."""
    typed = {"identifiant": identifiant, "nom": nom, "courriel": courriel, "role": role}
    try:
        with door.store.writing_aside() as connection:
            change = Change(connection, door.now, person.login)
            made = accounts.create(change, identifiant, nom, courriel.strip(), _role(role))
            token = accounts.invite(change, made.login)
    except AccountError as error:
        return _page(door, person, typed, {error.field or "identifiant": str(error)})
    return _page(door, person, link=(made.login, _link(door.request, token)))


def _do(change: Change, login: str, action: str, role: str) -> str:
    """Does what a button says; gives back the token of an invitation, "" otherwise."""
    if action == "inviter":
        return accounts.invite(change, login)
    if action == "role":
        accounts.change_role(change, login, _role(role))
    elif action in _PLAIN:
        _PLAIN[action](change, login)
    else:
        raise Problem(400, "Demande incorrecte", "Cette action n’existe pas.")
    return ""


_PLAIN = {
    "desactiver": accounts.disable,
    "reactiver": accounts.enable,
    "oublier": accounts.forget_second_factor,
}


@router.post("/curation/comptes/{login}", max_body_size=SHORT)
def change_account(
    door: Opened, person: Administrateur, login: str, action: Field = "", role: Field = ""
) -> Response:
    """Changes role or state, forgets a second factor, or gives a new link."""
    with door.store.reading() as connection:
        if accounts.row_of(connection, login) is None:
            raise Problem(404, "Compte inconnu", "Aucun compte ne porte cet identifiant.")
    try:
        with door.store.writing_aside() as connection:
            change = Change(connection, door.now, person.login)
            token = _do(change, login, action, role)
    except AccountError as error:
        return _page(door, person, errors={"compte": str(error)})
    if token:
        return _page(door, person, link=(login, _link(door.request, token)))
    return RedirectResponse(f"/curation/comptes#{login}", 303)
