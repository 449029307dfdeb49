"""Sessions: what a cookie opens, for how long, and what closes it."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from fastapi import Request, Response
from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from index.account_tables import account, session
from index.settings import Settings
from index.store import utc

Step = Literal["open", "code", "enrolment"]

# Without a page for an hour, or a working day after signing in, one signs in again.
IDLE = timedelta(hours=1)
LIFE = timedelta(hours=12)
# How long the second step of signing in is waited for.
WAITING = timedelta(minutes=10)
# A page read less than this after the last one writes nothing.
_SEEN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """What a token opens. sealed: the secret being enrolled, sealed. seen: the last page, to the
    minute."""

    token: str
    account: int
    step: Step
    sealed: str
    seen: datetime

    def stale(self, now: datetime) -> bool:
        """Whether the moment of the last page is to be written again."""
        return now - self.seen >= _SEEN


def jeton(token: str) -> str:
    """The anti-forgery token of the session with this token: its pages know it, its cookie does not
    tell it."""
    mark = hmac.digest(token.encode("utf-8", "replace"), b"jeton", "sha256")
    return base64.urlsafe_b64encode(mark).rstrip(b"=").decode()


def hashed(token: str) -> str:
    """How a token of 256 bits is kept: nothing shorter than itself leads back to it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def begin(connection: Connection, who: int, step: Step, now: datetime, sealed: str = "") -> Session:
    """A new session, under a token that nobody has seen; those that have ended are swept."""
    connection.execute(delete(session).where(_ended(now)))
    token = secrets.token_urlsafe(32)
    row = {"hash": hashed(token), "account": who, "step": step, "sealed": sealed}
    expires = now + (LIFE if step == "open" else WAITING)
    moments = {"started": now, "seen": now, "expires": expires}
    connection.execute(insert(session).values(row | moments))
    return Session(token, who, step, sealed, now)


def _ended(now: datetime) -> ColumnElement[bool]:
    return or_(session.c.expires <= now, session.c.seen <= now - IDLE)


def find(connection: Connection, token: str, now: datetime) -> Session | None:
    """The session of this token, None when it has ended or its account is disabled."""
    if not token:
        return None
    row = connection.execute(
        select(session, account.c.disabled)
        .join(account, account.c.id == session.c.account)
        .where(session.c.hash == hashed(token))
    ).first()
    if row is None or row.disabled or now >= utc(row.expires) or now - utc(row.seen) >= IDLE:
        return None
    return Session(token, row.account, row.step, row.sealed, utc(row.seen))


def touch(connection: Connection, token: str, now: datetime) -> None:
    """Somebody was there."""
    known = session.c.hash == hashed(token)
    connection.execute(update(session).where(known).values(seen=now))


def end(connection: Connection, token: str) -> None:
    """Close one session."""
    connection.execute(delete(session).where(session.c.hash == hashed(token)))


def end_all(connection: Connection, who: int, but: str = "") -> None:
    """Close the sessions of an account, the one of the token ``but`` excepted."""
    others = session.c.hash != hashed(but)
    connection.execute(delete(session).where(session.c.account == who, others))


def others(connection: Connection, who: int, token: str, now: datetime) -> int:
    """How many other sessions are open for this account."""
    mine = (session.c.account == who, session.c.step == "open", session.c.hash != hashed(token))
    counted = select(func.count()).where(*mine, ~_ended(now))
    return int(connection.execute(counted).scalar_one())


# --- the cookie ---------------------------------------------------------------------------------


def _secure(settings: Settings) -> bool:
    return settings.site_url.lower().startswith("https:")


def cookie_name(settings: Settings, name: str = "session") -> str:
    """``__Host-``: a browser takes it from this very site over https only, never from another
    name of the domain."""
    return f"__Host-{name}" if _secure(settings) else name


def token_of(request: Request) -> str:
    """The token that a request shows, "" for none."""
    return request.cookies.get(cookie_name(request.app.state.settings), "")


def keep(request: Request, response: Response, value: str, name: str = "session") -> None:
    """Give a cookie to the browser, until it closes."""
    settings: Settings = request.app.state.settings
    response.set_cookie(
        cookie_name(settings, name),
        value,
        path="/",
        secure=_secure(settings),
        httponly=True,
        samesite="lax",
    )


def forget(request: Request, response: Response, name: str = "session") -> None:
    """Take a cookie back from the browser."""
    settings: Settings = request.app.state.settings
    response.delete_cookie(
        cookie_name(settings, name),
        path="/",
        secure=_secure(settings),
        httponly=True,
        samesite="lax",
    )
