"""Somebody who signs in, as a browser would: forms filled, links followed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyotp
from argon2 import PasswordHasher
from conftest import NOW
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from lxml import html
from sqlalchemy import delete

from index.account_tables import account, recovery_code, session, throttle
from index.settings import Settings
from search_api import accounts, totp
from search_api.access import Role
from search_api.app import create_app

PASSWORD = "quatre chevaux bleus galopent"
# What costs 64 MiB and a tenth of a second on purpose costs nothing in most tests.
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
KEPT = CHEAP.hash(PASSWORD)


class Door:
    """A site whose clock one turns, and the accounts that one opens there."""

    def __init__(self, folder: Any, **settings: Any) -> None:
        self.now: datetime = NOW
        asked = Settings(data=folder, database_url="", **settings)
        self.app: FastAPI = create_app(asked, clock=lambda: self.now)
        self.store = self.app.state.store

    def empty(self) -> None:
        """As on the first day; the journal alone is for ever."""
        self.now = NOW
        with self.store.writing_aside() as connection:
            for one in (throttle, session, recovery_code, account):
                connection.execute(delete(one))

    def wait(self, **length: float) -> None:
        self.now += timedelta(**length)

    def account(self, login: str = "ana", role: Role = "analyste") -> str:
        """An account with ``PASSWORD``, without a second factor; gives back its login."""
        with self.store.writing_aside() as connection:
            change = accounts.Change(connection, self.now, "test")
            accounts.create(change, login, login.capitalize(), "", role)
            accounts.set_password(change, login, KEPT)
        return login

    def enrolled(self, login: str = "ana", role: Role = "analyste") -> "Visitor":
        """Somebody with an account and a second factor, who has yet to sign in."""
        self.account(login, role)
        visitor = self.visitor()
        visitor.secret = totp.new_secret()
        with self.store.writing_aside() as connection:
            change = accounts.Change(connection, self.now, "test")
            row = accounts.row_of(connection, login)
            assert row is not None
            visitor.recovery = accounts.enrol(
                change, row, self.app.state.seal.close(visitor.secret)
            )
        return visitor

    def visitor(self, address: str = "192.0.2.1") -> "Visitor":
        base = self.app.state.settings.site_url
        client = TestClient(
            self.app, base, client=(address, 5_000), follow_redirects=False, cookies={}
        )
        return Visitor(client, self)


@dataclass
class Visitor:
    """A browser at one address. secret: of the second factor, once it was read on the page."""

    client: TestClient
    door: Door
    secret: str = ""
    recovery: list[str] = field(default_factory=list)

    def hidden(self, path: str) -> dict[str, str]:
        """The hidden fields of the first form of a page."""
        tree = html.document_fromstring(self.client.get(path).text)
        found = tree.xpath("//main//form[1]//input[@type='hidden']")
        return {one.get("name"): one.get("value") for one in found}

    def password(self, login: str = "ana", password: str = PASSWORD, suite: str = "") -> Response:
        sent = {"identifiant": login, "mot_de_passe": password, "suite": suite}
        return self.client.post("/connexion", data=sent)

    def totp(self, late: float = 0) -> str:
        moment = self.door.now - timedelta(seconds=late)
        return pyotp.TOTP(self.secret).at(moment)

    def code(self, code: str, suite: str = "") -> Response:
        own = self.hidden("/connexion/code")
        return self.client.post("/connexion/code", data=own | {"code": code, "suite": suite})

    def enrol(self, login: str = "ana", suite: str = "") -> Response:
        """The first sign-in, to its end."""
        there = self.password(login, suite=suite).headers["location"]
        tree = html.document_fromstring(self.client.get(there).text)
        self.secret = "".join(tree.xpath("string(//code[@class='cle'])").split())
        own = self.hidden(there) | {"code": self.totp()}
        answer = self.client.post("/connexion/enrolement", data=own)
        page = html.document_fromstring(answer.text)
        self.recovery = [one.text for one in page.xpath("//ul[@class='secours']//code")]
        return answer

    def enter(self) -> "Visitor":
        """Sign in, both steps."""
        self.password()
        assert self.code(self.totp()).status_code == 303
        return self

    def send(self, path: str, page: str = "", **fields: str) -> Response:
        """A form of a page of the curation (this one, unless said), with its token."""
        own = self.hidden(page or path.rsplit("/", 1)[0])
        return self.client.post(path, data={"jeton": own["jeton"]} | fields)

    def inside(self) -> bool:
        return self.client.get("/curation").status_code == 200
