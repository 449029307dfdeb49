"""The door: what the pages of signing in share, and the steps between them."""

from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import Depends, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, Row, select

from index.account_tables import account
from index.store import LeadStore
from search_api import sessions, throttle, totp
from search_api.access import SignInAsked, check_token
from search_api.seal import Seal
from search_api.sessions import Session, Step
from search_api.templating import render
from search_api.words import span

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
WRONG_CODE = "Ce code n’est pas le bon, ou il a déjà servi. Attendez le suivant."
NEXT = {"code": "/connexion/code", "enrolment": "/connexion/enrolement"}
AT_ONCE = timedelta(0)

Field = Annotated[str, Form()]


class Waiting(NamedTuple):
    """Somebody between two steps: the session that waits, and the row of the account."""

    session: Session
    row: Row[Any]


def too_many(wait: timedelta) -> str:
    """What is said to those who have to wait."""
    return f"Trop d’essais : réessayez dans {span(wait)}."


class Door:
    """What signing in works with, for one request."""

    def __init__(self, request: Request) -> None:
        state = request.app.state
        self.request = request
        self.store: LeadStore = state.store
        self.seal: Seal = state.seal
        self.now: datetime = state.clock()

    def keys(self, login: str) -> throttle.Keys:
        """What tries at this login from this address are counted under."""
        client = self.request.client
        return throttle.keys(self.seal, login, client.host if client else "")

    def attempt(self, keys: throttle.Keys) -> timedelta:
        """Count a try before it is made; how long to wait instead."""
        with self.store.writing_aside() as connection:
            return throttle.attempt(connection, keys, self.now)

    def waiting(self, step: Step) -> Waiting | None:
        """Who waits at this step, None for nobody."""
        token = sessions.token_of(self.request)
        with self.store.reading() as connection:
            found = sessions.find(connection, token, self.now)
            if found is None or found.step != step:
                return None
            who = select(account).where(account.c.id == found.account)
            return Waiting(found, connection.execute(who).one())

    def second_step(self, connection: Connection, row: Row[Any]) -> Session:
        """The session in which the second factor is asked for, or enrolled."""
        if row.totp:
            return sessions.begin(connection, row.id, "code", self.now)
        secret = self.seal.close(totp.new_secret())
        return sessions.begin(connection, row.id, "enrolment", self.now, secret)

    def open(self, connection: Connection, session: Session, keys: throttle.Keys) -> Session:
        """The session of somebody signed in, under another token than that of the steps."""
        sessions.end(connection, session.token)
        throttle.succeed(connection, keys, wholly=True)
        return sessions.begin(connection, session.account, "open", self.now)

    def page(
        self, template: str, context: dict[str, Any], wait: timedelta = AT_ONCE
    ) -> HTMLResponse:
        """A page of the door: 400 with errors, 429 when one has to wait."""
        headers = dict(PRIVATE)
        if wait:
            headers["Retry-After"] = str(-int(-wait.total_seconds() // 1))
        status = 429 if wait else 400 if context.get("errors") else 200
        return render(self.request, f"connexion/{template}.html", context, status, headers)

    def go(self, address: str, session: Session, suite: str = "") -> Response:
        """To the next page, with the token of this session."""
        there = address + ("?" + urlencode({"suite": suite}) if suite else "")
        response = RedirectResponse(there, 303, PRIVATE)
        sessions.keep(self.request, response, session.token)
        return response


Opened = Annotated[Door, Depends(Door)]


class Waits:
    """A dependency that gives who waits at a step, its form checked. Raises SignInAsked when nobody
    does, Problem (403) when another session filled the form."""

    def __init__(self, step: Step) -> None:
        self.step = step

    async def __call__(self, request: Request, door: Opened) -> Waiting:
        found = await run_in_threadpool(door.waiting, self.step)
        if found is None:
            raise SignInAsked("/connexion")
        if request.method == "POST":
            await check_token(request)
        return found
