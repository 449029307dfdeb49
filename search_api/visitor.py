"""A visitor without an account: who it is as far as limits need to know, and whether a form that it
sends is one that it was shown here.

Two checks stand between a visitor and another site that would vote in its name. Browsers say where
a form comes from (``forms.from_here``); and each form holds a token
signed for this lead, and for the visitor's cookie or, before it has one, for its network: a token
that somebody else fetched is of no use. So nothing is set in a browser before it votes, which a
double-submit cookie would need.
"""

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request, Response

from index.daily_key import Keys, network
from index.settings import Settings
from search_api.problems import Problem

COOKIE = "votant"
# Half a year: long enough to change one's mind, and it says nothing else.
_AGE = 180 * 86_400
_WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """cookie: random, "" before the first vote. network: see ``daily_key.network``."""

    cookie: str
    network: str

    @property
    def hashed(self) -> str:
        """How its votes are known in the record, which cannot give the cookie back."""
        return hashlib.sha256(self.cookie.encode()).hexdigest()

    def token(self, keys: Keys, purpose: str) -> str:
        """What its form for this purpose must hold."""
        return keys.sign(purpose, *self._names()[0])

    def shows(self, keys: Keys, purpose: str, token: str) -> None:
        """Raises Problem unless the token was made for it and this purpose."""
        if not any(keys.signed(token, purpose, *name) for name in self._names()):
            detail = (
                "Cette page est restée ouverte trop longtemps, ou votre connexion a changé. "
                "Rechargez la page, puis envoyez de nouveau."
            )
            raise Problem(403, "Formulaire refusé", detail)

    def _names(self) -> list[tuple[str, str]]:
        """Whom a token may name; a page opened before the first vote knows the network only."""
        here = ("network", self.network)
        return [("cookie", self.cookie), here] if self.cookie else [here]


def visitor(request: Request) -> Visitor:
    """Who sends this request. A cookie that we cannot have made is none."""
    cookie = request.cookies.get(COOKIE, "")
    address = request.client.host if request.client else ""
    return Visitor(cookie if _WELL_FORMED.fullmatch(cookie) else "", network(address))


def remembered(found: Visitor, draw: Callable[[int], str] = secrets.token_urlsafe) -> Visitor:
    """The visitor with a cookie, a new one of 128 bits if it has none."""
    return found if found.cookie else Visitor(draw(16), found.network)


def remember(request: Request, found: Visitor) -> dict[str, str]:
    """The header that leaves the cookie in the browser."""
    settings: Settings = request.app.state.settings
    carrier = Response()
    carrier.set_cookie(
        COOKIE,
        found.cookie,
        max_age=_AGE,
        httponly=True,
        samesite="lax",
        secure=settings.site_url.lower().startswith("https:"),
    )
    return {"Set-Cookie": carrier.headers["set-cookie"]}
