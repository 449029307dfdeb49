"""Who may do what: roles, and the dependency by which a route asks for one."""

import hmac
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, get_args
from urllib.parse import urlencode, urlsplit

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from index.account_tables import account
from index.store import LeadStore
from search_api import sessions
from search_api.problems import Problem

log = logging.getLogger(__name__)

# Each may do what those before it may.
Role = Literal["lecteur", "analyste", "responsable", "administrateur"]
ROLES: tuple[Role, ...] = get_args(Role)

_SAFE = ("GET", "HEAD", "OPTIONS")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in. name: as it is shown; login: as it is written in the journal."""

    id: int
    login: str
    name: str
    role: Role


class SignInAsked(Exception):  # noqa: N818 not an error: where to go first
    """Nobody is signed in. address: the page that asks who it is, and leads back."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def may(role: Role, least: Role) -> bool:
    """Whether ``role`` has at least the rights of ``least``."""
    return ROLES.index(role) >= ROLES.index(least)


def signed_in(request: Request) -> Person | None:
    """Whose session the request shows, if any; notes that somebody was there."""
    store: LeadStore = request.app.state.store
    now: datetime = request.app.state.clock()
    token = sessions.token_of(request)
    with store.reading() as connection:
        found = sessions.find(connection, token, now)
        if found is None or found.step != "open":
            return None
        row = connection.execute(select(account).where(account.c.id == found.account)).one()
    if found.stale(now):
        _touch(store, token, now)
    return Person(row.id, row.login, row.name, row.role)


def _touch(store: LeadStore, token: str, now: datetime) -> None:
    try:
        with store.writing_aside() as connection:
            sessions.touch(connection, token, now)
    except OperationalError as error:
        # A record busy with something else must not close the door on who is inside.
        log.warning("session not renewed: %s", error.orig)


class Require:
    """A dependency that gives the person signed in with at least a role, and checks that an unsafe
    request comes from one of our own forms. Raises SignInAsked or Problem (401, 403)."""

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(self, request: Request) -> Person:
        person = await run_in_threadpool(signed_in, request)
        if person is None:
            raise _nobody(request)
        request.state.person = person
        if not may(person.role, self.role):
            detail = f"Votre rôle ({person.role}) ne suffit pas : il faut être {self.role}."
            raise Problem(403, "Accès refusé", detail)
        if request.method not in _SAFE:
            await check_token(request)
        return person


def require(role: Role) -> Require:
    """What a route depends on: ``Annotated[Person, Depends(require("analyste"))]``."""
    return Require(role)


Lecteur = Annotated[Person, Depends(require("lecteur"))]
Analyste = Annotated[Person, Depends(require("analyste"))]
Responsable = Annotated[Person, Depends(require("responsable"))]
Administrateur = Annotated[Person, Depends(require("administrateur"))]


def _nobody(request: Request) -> Exception:
    if request.url.path.startswith("/api/"):
        headers = {"WWW-Authenticate": "Session"}
        return Problem(401, "Connexion nécessaire", "Connectez-vous sur le site.", headers=headers)
    return SignInAsked("/connexion?" + urlencode({"suite": _wanted(request)}))


def _wanted(request: Request) -> str:
    """The page to come back to: this one, or the one whose form was sent."""
    url = request.url
    if request.method not in _SAFE:
        url = url.replace(path="/curation", query="")
        form = urlsplit(request.headers.get("referer", ""))
        if form.netloc == request.url.netloc:
            url = url.replace(path=form.path, query=form.query)
    return url.path + (f"?{url.query}" if url.query else "")


async def check_token(request: Request) -> None:
    """Raises Problem (403) unless the request holds the token of its session (``jeton``)."""
    given = request.headers.get("X-Jeton", "")
    if not given and request.headers.get("content-type", "").startswith(_FORMS):
        given = str((await request.form()).get("jeton", ""))
    expected = sessions.jeton(sessions.token_of(request))
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        detail = (
            "Ce formulaire vient d’une autre session. Revenez à la page, rechargez-la, "
            "puis envoyez-le de nouveau."
        )
        raise Problem(403, "Formulaire refusé", detail)
