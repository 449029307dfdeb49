"""Accounts: opened, changed, closed; each change is noted in the journal and ends the sessions."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from index.account_tables import account
from index.audit import note
from index.store import utc
from search_api import sessions, totp
from search_api.access import Person, Role

INVITED = timedelta(days=7)
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,79}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_LONGEST_NAME = 120


class AccountError(Exception):
    """What cannot be done to an account. field: of the form; the message is French."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Account:
    """An account, without what opens it. invited_until: end of its invitation, if it has one."""

    person: Person
    email: str
    has_password: bool
    enrolled: bool
    provider: bool
    disabled: datetime | None
    invited_until: datetime | None
    created: datetime


def login_of(written: str) -> str:
    """The login as it is kept, "" when it cannot be one."""
    folded = written.strip().lower()
    return folded if _LOGIN.fullmatch(folded) else ""


def is_email(written: str) -> bool:
    """Whether it has the shape of an address."""
    return _EMAIL.fullmatch(written) is not None and not _UNSEEN.search(written)


def from_row(row: Row[Any]) -> Account:
    """A row of the table, read."""
    return Account(
        person=Person(row.id, row.login, row.name, row.role),
        email=row.email,
        has_password=bool(row.password),
        enrolled=bool(row.totp),
        provider=row.subject is not None,
        disabled=utc(row.disabled) if row.disabled else None,
        invited_until=utc(row.invited_until) if row.invitation and row.invited_until else None,
        created=utc(row.created),
    )


def every(connection: Connection) -> list[Account]:
    """All accounts, by login."""
    return [from_row(row) for row in connection.execute(select(account).order_by(account.c.login))]


def row_of(connection: Connection, login: str) -> Row[Any] | None:
    """The row of this login, None when nobody has it."""
    found = select(account).where(account.c.login == login_of(login))
    return connection.execute(found).first()


def _known(connection: Connection, login: str) -> Row[Any]:
    row = row_of(connection, login)
    if row is None:
        raise AccountError("Aucun compte ne porte cet identifiant.")
    return row


# --- what changes an account ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """A change being made: in which transaction, when, by whom (as the journal says it)."""

    connection: Connection
    at: datetime
    who: str

    def note(self, login: str, action: str, before: Any = None, after: Any = None) -> None:
        """Tell the journal."""
        note(self.connection, self.at, self.who, action, f"compte:{login}", before, after)

    def set(self, who: int, **values: Any) -> None:
        """Write columns of an account."""
        self.connection.execute(update(account).where(account.c.id == who).values(values))


def create(
    change: Change,
    login: str,
    name: str,
    email: str,
    role: Role,
    subject: tuple[str, str] | None = None,
) -> Person:
    """A new account, that nothing opens yet. subject: issuer and subject of a provider. Raises
    AccountError."""
    kept, shown = login_of(login), _UNSEEN.sub("", name).strip()
    if not kept:
        told = "De 2 à 80 lettres minuscules sans accent, chiffres, points, tirets ou arobases."
        raise AccountError(told, "identifiant")
    if not 0 < len(shown) <= _LONGEST_NAME:
        raise AccountError(f"De 1 à {_LONGEST_NAME} caractères.", "nom")
    if email and not is_email(email):
        raise AccountError("Cette adresse électronique est incomplète.", "courriel")
    row = {"login": kept, "name": shown, "email": email, "role": role, "created": change.at}
    row |= {"password": "", "totp": "", "totp_step": 0}
    row |= dict(zip(("issuer", "subject"), subject or (None, None), strict=True))
    try:
        with change.connection.begin_nested():
            made = change.connection.execute(insert(account).values(row).returning(account.c.id))
            person = Person(int(made.scalar_one()), kept, shown, role)
    except IntegrityError as error:
        raise AccountError("Cet identifiant est déjà pris.", "identifiant") from error
    change.note(kept, "ouvrir", None, {"role": role})
    return person


def _keep_one_administrator(change: Change, row: Row[Any]) -> None:
    if row.role != "administrateur" or row.disabled:
        return
    # Two administrators who remove each other at once wait here for one another.
    active = select(account.c.id).where(
        account.c.role == "administrateur", account.c.disabled.is_(None)
    )
    if len(change.connection.execute(active.with_for_update()).all()) < 2:
        raise AccountError("C’est le dernier administrateur : donnez d’abord ce rôle à un autre.")


def change_role(change: Change, login: str, role: Role) -> None:
    """Another role; sessions end. Raises AccountError."""
    row = _known(change.connection, login)
    if row.role == role:
        return
    _keep_one_administrator(change, row)
    change.set(row.id, role=role)
    sessions.end_all(change.connection, row.id)
    change.note(row.login, "changer de rôle", {"role": row.role}, {"role": role})


def disable(change: Change, login: str) -> None:
    """Nothing opens it any more; its decisions stay. Raises AccountError."""
    row = _known(change.connection, login)
    _keep_one_administrator(change, row)
    change.set(row.id, disabled=change.at, invitation=None, invited_until=None)
    sessions.end_all(change.connection, row.id)
    change.note(row.login, "désactiver", {"disabled": bool(row.disabled)}, {"disabled": True})


def enable(change: Change, login: str) -> None:
    """What a disabled account had opens it again. Raises AccountError."""
    row = _known(change.connection, login)
    change.set(row.id, disabled=None)
    change.note(row.login, "réactiver", {"disabled": bool(row.disabled)}, {"disabled": False})


def forget_second_factor(change: Change, login: str) -> None:
    """For a lost telephone: it is enrolled anew at the next sign-in. Raises AccountError."""
    row = _known(change.connection, login)
    totp.forget(change.connection, row.id)
    sessions.end_all(change.connection, row.id)
    change.note(row.login, "oublier le second facteur")


def enrol(change: Change, row: Row[Any], sealed: str) -> list[str]:
    """Keeps the secret of a second factor, sealed; gives the recovery codes, to be shown once."""
    change.set(row.id, totp=sealed)
    change.note(row.login, "enrôler un second facteur")
    return totp.give_recovery(change.connection, row.id)


def renew_recovery(change: Change, row: Row[Any]) -> list[str]:
    """Other recovery codes, to be shown once."""
    change.note(row.login, "refaire les codes de secours")
    return totp.give_recovery(change.connection, row.id)


def set_password(change: Change, login: str, kept: str, but: str = "") -> None:
    """Another password (``passwords.kept``); sessions end, the one of token ``but`` excepted.
    Raises AccountError."""
    row = _known(change.connection, login)
    _refuse_provider(row)
    change.set(row.id, password=kept, invitation=None, invited_until=None)
    sessions.end_all(change.connection, row.id, but)
    change.note(row.login, "changer de mot de passe")


def invite(change: Change, login: str) -> str:
    """The token of a link by which the person chooses a password, once, within a week; a link of
    before no longer serves. Raises AccountError."""
    row = _known(change.connection, login)
    _refuse_provider(row)
    if row.disabled:
        raise AccountError("Ce compte est désactivé.")
    token = secrets.token_urlsafe(32)
    until = change.at + INVITED
    change.set(row.id, invitation=sessions.hashed(token), invited_until=until)
    change.note(row.login, "inviter")
    return token


def invited(connection: Connection, token: str, now: datetime) -> Row[Any] | None:
    """The account that this link opens; None when it has served or is too old."""
    found = select(account).where(account.c.invitation == sessions.hashed(token))
    row = connection.execute(found).first()
    if row is None or row.disabled or now >= utc(row.invited_until):
        return None
    return row


def _refuse_provider(row: Row[Any]) -> None:
    if row.subject is not None:
        raise AccountError(
            "Ce compte se connecte par son organisation : il n’a pas de mot de passe."
        )
