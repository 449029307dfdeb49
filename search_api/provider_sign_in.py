"""« Se connecter avec votre organisation »: to the provider and back, to an account of its own."""

import hmac
import json
import logging
import re
import unicodedata
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Row, select

from index.account_tables import account
from search_api import accounts, sessions
from search_api.accounts import AccountError, Change
from search_api.door import PRIVATE, Door, Opened
from search_api.forms import inside
from search_api.oidc import Exchange, Identity, OidcError, Provider, new_exchange
from search_api.problems import Problem
from search_api.seal import SealError

log = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)

# The cookie in which the browser keeps the exchange, sealed, while it is at the provider.
_COOKIE = "fournisseur"
_AWAY = "Votre organisation ne répond pas, ou sa réponse ne peut pas être crue. Réessayez."


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise Problem(404, "Page introuvable")
    return provider


def _refused(title: str, detail: str, status: int = 403) -> Problem:
    return Problem(status, title, detail)


@router.get("/connexion/fournisseur")
def to_provider(door: Opened, suite: str = "") -> Response:
    """To the page of the provider."""
    provider = _provider(door.request)
    exchange = new_exchange(inside(suite), door.now + sessions.WAITING)
    try:
        there = provider.address(exchange)
    except OidcError as error:
        log.error("provider: %s", error)
        raise _refused("Connexion impossible", _AWAY, 503) from error
    response = RedirectResponse(there, 303, PRIVATE)
    sessions.keep(door.request, response, door.seal.close(json.dumps(asdict(exchange))), _COOKIE)
    return response


def _exchange(door: Door) -> Exchange:
    """What this browser was given when it left. Raises Problem when it was not, or long ago."""
    name = sessions.cookie_name(door.request.app.state.settings, _COOKIE)
    try:
        exchange = Exchange(**json.loads(door.seal.open(door.request.cookies.get(name, ""))))
    except SealError:
        exchange = None
    given = door.request.query_params.get("state", "").encode("utf-8", "replace")
    if (
        exchange is None
        or door.now.timestamp() >= exchange.until
        or not hmac.compare_digest(given, exchange.state.encode())
    ):
        raise _refused("Connexion refusée", "Cette connexion a expiré : recommencez-la.", 400)
    return exchange


@router.get("/connexion/retour")
def from_provider(door: Opened, code: str = "", iss: str = "") -> Response:
    """Back from the provider: the session of the account that it speaks of."""
    provider = _provider(door.request)
    exchange = _exchange(door)
    # RFC 9207: another provider may not answer in the place of ours.
    if not code or (iss and iss != provider.settings.oidc_issuer):
        raise _refused("Connexion refusée", "Votre organisation n’a pas confirmé qui vous êtes.")
    try:
        identity = provider.identity(exchange, code, door.now)
    except OidcError as error:
        log.warning("provider: %s", error)
        raise _refused("Connexion refusée", _AWAY) from error
    return _welcome(door, identity, exchange.suite)


def _welcome(door: Door, identity: Identity, suite: str) -> Response:
    try:
        with door.store.writing_aside() as connection:
            row = _account(Change(connection, door.now, "organisation"), identity)
            if row is not None:
                sessions.end(connection, sessions.token_of(door.request))
                session = sessions.begin(connection, row.id, "open", door.now)
    except AccountError as error:
        raise _refused("Connexion refusée", str(error)) from error
    if row is None:
        detail = "Votre organisation ne vous donne aucun rôle ici : parlez-en à un administrateur."
        raise _refused("Accès refusé", detail)
    response = door.go(suite, session)
    sessions.forget(door.request, response, _COOKIE)
    return response


def _account(change: Change, identity: Identity) -> Row[Any] | None:
    """The account of this issuer and subject, made at the first visit, its role as the provider
    says today; None when it gives none (its sessions end) or the account is disabled."""
    mine = (account.c.issuer == identity.issuer, account.c.subject == identity.subject)
    found = select(account).where(*mine)
    row = change.connection.execute(found).first()
    if identity.role is None or (row is not None and row.disabled):
        if row is not None:
            sessions.end_all(change.connection, row.id)
        return None
    if row is None:
        _create(change, identity)
    else:
        accounts.change_role(change, row.login, identity.role)
    return change.connection.execute(found).one()


def _create(change: Change, identity: Identity) -> None:
    """An account under the login that the provider tells, numbered when somebody has it: a name
    that is the same proves nothing."""
    assert identity.role is not None
    plain = unicodedata.normalize("NFKD", identity.login.lower()).encode("ascii", "ignore").decode()
    wanted = re.sub(r"[^a-z0-9._@+-]", "-", plain).strip("-._@+")[:70]
    wanted = wanted if len(wanted) > 1 else "compte"
    numbered = (wanted if n == 1 else f"{wanted}-{n}" for n in range(1, 1_000))
    login = next(one for one in numbered if accounts.row_of(change.connection, one) is None)
    subject = (identity.issuer, identity.subject)
    email = identity.email if accounts.is_email(identity.email) else ""
    accounts.create(change, login, identity.name[:120], email, identity.role, subject)
