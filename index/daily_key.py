"""Keys that live two days: what is hashed with one of them cannot be told afterwards.

They mark the networks that visitors come from, for the limits of abuse, and sign the forms that a
visitor without an account is shown. No other secret is needed, and none stays.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import Connection, delete, select, update

from index.store import LeadStore, insertion
from index.usefulness_tables import daily_key

_DAY = timedelta(days=1)
# What one subscriber has at least, in bits of an IPv6 address: addresses below are free to take.
_SUBSCRIBER = 48


class Keys:
    """The key of a day, and that of the day before if there is one."""

    def __init__(self, today: bytes, *before: bytes) -> None:
        self._keys = (today, *before)

    def mark(self, *told: str) -> str:
        """64 hexadecimal digits, the same all day for the same words."""
        return _digest(self._keys[0], told).hex()

    def sign(self, *told: str) -> str:
        """A token for these words."""
        return _token(self._keys[0], told)

    def signed(self, token: str, *told: str) -> bool:
        """Whether this token was made for these words, today or the day before."""
        given = token.encode("utf-8", "replace")
        return any(hmac.compare_digest(given, _token(key, told).encode()) for key in self._keys)


def _digest(key: bytes, told: tuple[str, ...]) -> bytes:
    return hmac.digest(key, "\n".join(told).encode("utf-8", "replace"), "sha256")


def _token(key: bytes, told: tuple[str, ...]) -> str:
    return urlsafe_b64encode(_digest(key, told)).decode().rstrip("=")


class DailyKeys:
    """The keys in the record, shared by all processes. draw: so many random bytes."""

    def __init__(
        self, store: LeadStore, draw: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._store, self._draw = store, draw

    def read(self, now: datetime) -> Keys:
        """The keys of the day; the first to ask for them makes them."""
        day = now.astimezone(UTC).date()
        with self._store.reading() as connection:
            found = _found(connection, day)
        if found is None:
            with self._store.writing_aside() as connection:
                return self.hold(connection, now)
        return found

    def hold(self, connection: Connection, now: datetime) -> Keys:
        """The same in a transaction that writes; those who hold them do so one at a time."""
        day = now.astimezone(UTC).date()
        made = insertion(connection, daily_key).values(day=day, key=self._draw(32))
        connection.execute(made.on_conflict_do_nothing())
        connection.execute(update(daily_key).where(daily_key.c.day == day).values(day=day))
        connection.execute(delete(daily_key).where(daily_key.c.day < day - _DAY))
        found = _found(connection, day)
        assert found is not None
        return found


def _found(connection: Connection, day: date) -> Keys | None:
    wanted = select(daily_key.c.day, daily_key.c.key).where(daily_key.c.day.in_([day, day - _DAY]))
    keys = {row.day: row.key for row in connection.execute(wanted)}
    return Keys(keys[day], *(keys[one] for one in keys if one != day)) if day in keys else None


def network(address: str) -> str:
    """The subscriber behind an address: an IPv4 address, the first 48 bits of an IPv6 one; "" for
    what is no address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        short = int(found) >> (128 - _SUBSCRIBER)
        return str(found.ipv4_mapped or IPv6Address(short << (128 - _SUBSCRIBER)))
    return str(found)
