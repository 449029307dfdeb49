"""Failures of those who sign in: counted before the work, and waited for longer each time."""

import ipaddress
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from index.account_tables import throttle
from index.store import insertion, utc
from search_api.seal import Seal

# Tries without waiting: of one address at one login; of all addresses at one login (a stranger who
# fails alone cannot keep its owner out); of one address at all logins (an office shares one).
_PAIR, _LOGIN, _ADDRESS = 5, 50, 20
_FIRST, _LONGEST = timedelta(seconds=30), timedelta(minutes=15)
# Failures older than this weigh nothing any more.
_MEMORY = timedelta(hours=1)

Keys = Mapping[str, int]


def _place(address: str) -> str:
    """An address, or the network that one subscriber has in IPv6."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return str(known)
    return str(ipaddress.ip_network((known, 64), strict=False))


def keys(seal: Seal, login: str, address: str) -> Keys:
    """What a try is counted under → tries without waiting."""
    place = _place(address)
    told = {f"couple {login} {place}": _PAIR, f"compte {login}": _LOGIN, f"lieu {place}": _ADDRESS}
    # Always in the same order, so that two who sign in never wait for each other.
    return dict(sorted((seal.mark(one), free) for one, free in told.items()))


def attempt(connection: Connection, counted: Keys, now: datetime) -> timedelta:
    """Count one more try, and how long to wait instead: zero when it may be made."""
    connection.execute(delete(throttle).where(throttle.c.last < now - _MEMORY))
    counts: dict[str, int] = {}
    for key in counted:
        new = insertion(connection, throttle).values(key=key, times=0, last=now)
        connection.execute(new.on_conflict_do_nothing())
        known = select(throttle).where(throttle.c.key == key).with_for_update()
        row = connection.execute(known).one()
        if row.until and utc(row.until) > now:
            return utc(row.until) - now
        counts[key] = row.times + 1
    for key, count in counts.items():
        until = now + _wait(count - counted[key]) if count >= counted[key] else None
        changed = {"times": count, "last": now, "until": until}
        connection.execute(update(throttle).where(throttle.c.key == key).values(changed))
    return timedelta(0)


def _wait(beyond: int) -> timedelta:
    return min(_FIRST * (1 << min(beyond, 10)), _LONGEST)


def succeed(connection: Connection, counted: Keys, *, wholly: bool) -> None:
    """The try was no failure. wholly: one is signed in, the failures at this login are forgotten;
    those of the address are not (who has an account may not guess others for free)."""
    mine = throttle.c.key.in_(counted)
    less = {"times": throttle.c.times - 1, "until": None}
    connection.execute(update(throttle).where(mine, throttle.c.times > 0).values(less))
    if wholly:
        own = [key for key, free in counted.items() if free != _ADDRESS]
        connection.execute(delete(throttle).where(throttle.c.key.in_(own)))
