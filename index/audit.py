"""The audit trail: who did what to what, when, before and after. Written once, for ever."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, insert, select

from index.store import utc
from index.tables import audit

# Lines that one look brings, at most.
PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the trail.

    who: a login, « regle:3 », « partenaire:x ». action: a short word of the room that acted.
    subject: kind and name, « lead:4f… », « source:ted », « compte:ana ». before, after: what
    changed, as JSON; None when there was, or is, nothing.
    """

    id: int
    at: datetime
    who: str
    action: str
    subject: str
    before: Any
    after: Any


def note(
    connection: Connection,
    at: datetime,
    who: str,
    action: str,
    subject: str,
    before: Any = None,
    after: Any = None,
) -> int:
    """Write one line, in the transaction of the change that it tells; gives back its number.
    before, after: anything that orjson writes, without personal data."""
    row = {"at": at, "who": who, "action": action, "subject": subject}
    row |= {"before": _json(before), "after": _json(after)}
    return int(connection.execute(insert(audit).values(row).returning(audit.c.id)).scalar_one())


def trail(
    connection: Connection,
    subject: str = "",
    who: str = "",
    action: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    older_than: int | None = None,
    limit: int = PAGE,
) -> list[Line]:
    """Lines, the last written first. subject: a whole one, or its kind and a colon (« lead: ») for
    all of that kind. since, until: from this moment on, before that one. older_than: written
    before the line of this number, to go on from the last one seen."""
    wanted = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if subject.endswith(":"):
        wanted = wanted.where(audit.c.subject.startswith(subject, autoescape=True))
    elif subject:
        wanted = wanted.where(audit.c.subject == subject)
    equal: Mapping[str, str] = {"who": who, "action": action}
    for name, value in equal.items():
        if value:
            wanted = wanted.where(audit.c[name] == value)
    if since is not None:
        wanted = wanted.where(audit.c.at >= since)
    if until is not None:
        wanted = wanted.where(audit.c.at < until)
    if older_than is not None:
        wanted = wanted.where(audit.c.id < older_than)
    return [_line(row) for row in connection.execute(wanted)]


def _json(value: Any) -> str:
    return "" if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _line(row: Row[Any]) -> Line:
    at = utc(row.at)
    before, after = (orjson.loads(told) if told else None for told in (row.before, row.after))
    return Line(row.id, at, row.who, row.action, row.subject, before, after)
