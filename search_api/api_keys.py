"""Partners and the keys that they show: bearer secrets of which only the SHA-256 is kept.

A key reads ``deb_<id>_<secret>``; one for trying reads ``debessai_…``. The id is public and finds
the row; the secret has 256 bits.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import OperationalError

from index.audit import note
from index.store import LeadStore, utc
from index.submission_tables import api_key, partner
from ingest.submissions.record import hold

SCOPES = ("demandes:ecrire", "demandes:lire", "depots:ecrire")
# Two keys are valid at once while one replaces the other, of each kind (for good, for trying).
TOGETHER = 2
LIFETIME = timedelta(days=365)
PER_MINUTE, PER_DAY = 120, 20_000

_WRITTEN = re.compile(r"deb(?:essai)?_([0-9a-f]{12})_[0-9a-f]{64}")
# Who manages keys, as the trail says it: only those who hold the server do.
_WHO = "ligne de commande"
# Shown at each request, a key is noted as used once an hour.
_NOTED = timedelta(hours=1)


class KeyRefused(Exception):  # noqa: N818 - reads as what happened
    """A partner or a key cannot be made; the message is French and meant for people."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it may be shown; never its secret."""

    id: str
    partner: str
    scopes: tuple[str, ...]
    sandbox: bool
    created: datetime
    expires: datetime
    revoked: datetime | None
    used: datetime | None

    def valid(self, now: datetime) -> bool:
        """Whether it opens anything at this moment."""
        return self.revoked is None and now < self.expires


@dataclass(frozen=True, slots=True)
class Partner:
    """Who submits. per_minute: requests. per_day: demands accepted."""

    name: str
    created: datetime
    per_minute: int
    per_day: int


class ApiKeys:
    """The partners and keys of the record."""

    def __init__(self, store: LeadStore, random: Callable[[int], str] = secrets.token_hex) -> None:
        self.store, self.random = store, random

    def enrol(self, name: str, per_minute: int, per_day: int, now: datetime) -> None:
        """Make a partner, or change the quotas of one."""
        quotas = {"per_minute": per_minute, "per_day": per_day}
        with self.store.writing_aside() as connection:
            known = update(partner).where(partner.c.name == name).values(**quotas)
            if not connection.execute(known).rowcount:
                connection.execute(insert(partner).values(name=name, created=now, **quotas))
            note(connection, now, _WHO, "ouvrir l'API", f"partenaire:{name}", after=quotas)

    def partners(self) -> list[Partner]:
        """All partners, by name."""
        with self.store.reading() as connection:
            rows = connection.execute(select(partner).order_by(partner.c.name)).all()
        return [_partner(row) for row in rows]

    def partner(self, name: str) -> Partner | None:
        """The partner of this name."""
        with self.store.reading() as connection:
            row = connection.execute(select(partner).where(partner.c.name == name)).first()
        return _partner(row) if row else None

    def create(
        self,
        name: str,
        scopes: Sequence[str],
        now: datetime,
        *,
        sandbox: bool = False,
        lifetime: timedelta = LIFETIME,
    ) -> tuple[Key, str]:
        """A new key, and the only time its secret is known. Raises KeyRefused."""
        identifier = self.random(6)
        written = f"{'debessai' if sandbox else 'deb'}_{identifier}_{self.random(32)}"
        with self.store.writing_aside() as connection:
            hold(connection, name)
            _room(connection, name, sandbox, now)
            row = {
                "id": identifier,
                "partner": name,
                "digest": _digest(written),
                "scopes": " ".join(scopes),
                "sandbox": sandbox,
                "created": now,
                "expires": now + lifetime,
            }
            connection.execute(insert(api_key).values(row))
            given = {"cle": identifier, "portees": list(scopes), "essai": sandbox}
            note(connection, now, _WHO, "créer une clé", f"partenaire:{name}", after=given)
        return self.keys(name)[-1], written

    def keys(self, name: str = "") -> list[Key]:
        """Keys, the oldest first; those of one partner when it is named."""
        wanted = select(api_key).order_by(api_key.c.created, api_key.c.id)
        with self.store.reading() as connection:
            rows = connection.execute(
                wanted.where(api_key.c.partner == name) if name else wanted
            ).all()
        return [_key(row) for row in rows]

    def revoke(self, identifier: str, now: datetime) -> bool:
        """Close a key for good; False when there is none to close."""
        open_one = api_key.c.id == identifier, api_key.c.revoked.is_(None)
        closing = update(api_key).where(*open_one).values(revoked=now)
        with self.store.writing_aside() as connection:
            name = connection.execute(closing.returning(api_key.c.partner)).scalar()
            if name is not None:
                given = {"cle": identifier}
                note(connection, now, _WHO, "révoquer une clé", f"partenaire:{name}", before=given)
        return name is not None

    def shown(self, written: str, now: datetime) -> Key | None:
        """The valid key that is written so; None says nothing of what was wrong with it."""
        found = _WRITTEN.fullmatch(written)
        if found is None:
            return None
        with self.store.reading() as connection:
            row = connection.execute(select(api_key).where(api_key.c.id == found[1])).first()
        if row is None or not hmac.compare_digest(_digest(written), row.digest):
            return None
        key = _key(row)
        if not key.valid(now):
            return None
        if key.used is None or now - key.used >= _NOTED:
            self._note(key, now)
        return key

    def _note(self, key: Key, now: datetime) -> None:
        # A record too busy to note it must not refuse the key.
        with suppress(OperationalError), self.store.writing_aside() as connection:
            connection.execute(update(api_key).where(api_key.c.id == key.id).values(used=now))


def _room(connection: Connection, name: str, sandbox: bool, now: datetime) -> None:
    if connection.execute(select(partner.c.name).where(partner.c.name == name)).first() is None:
        raise KeyRefused(f"Partenaire inconnu : {name} (« debouches partenaire creer »).")
    together = select(func.count()).where(
        api_key.c.partner == name,
        api_key.c.sandbox == sandbox,
        api_key.c.revoked.is_(None),
        api_key.c.expires > now,
    )
    if connection.execute(together).scalar_one() >= TOGETHER:
        raise KeyRefused(
            f"{name} a déjà {TOGETHER} clés valables : « debouches cle revoquer » en ferme une."
        )


def _digest(written: str) -> str:
    return hashlib.sha256(written.encode()).hexdigest()


def _partner(row: Row[tuple[object, ...]]) -> Partner:
    return Partner(row.name, utc(row.created), row.per_minute, row.per_day)


def _key(row: Row[tuple[object, ...]]) -> Key:
    return Key(
        id=row.id,
        partner=row.partner,
        scopes=tuple(row.scopes.split()),
        sandbox=row.sandbox,
        created=utc(row.created),
        expires=utc(row.expires),
        revoked=utc(row.revoked) if row.revoked else None,
        used=utc(row.used) if row.used else None,
    )
