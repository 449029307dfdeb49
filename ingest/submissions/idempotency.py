"""Requests that may be sent again: the answer to the first is the answer to all."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from index.submission_tables import idempotent
from ingest.submissions.record import Sender

# How long a request may be sent again.
KEPT = timedelta(hours=48)


class KeyReused(Exception):  # noqa: N818 - reads as what happened
    """The same key came with other words."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered (JSON), or the batch whose verdicts are the answer."""

    answer: str
    lot: int | None


def answered(connection: Connection, sender: Sender, key: str, data: bytes) -> Answered | None:
    """The answer that this request had, None when it is new. Raises KeyReused. In the transaction
    that will ``remember`` it: of two at once, the second waits and finds the answer."""
    row = connection.execute(
        select(idempotent).where(
            idempotent.c.partner == sender.partner,
            idempotent.c.sandbox == sender.sandbox,
            idempotent.c.key == key,
        )
    ).first()
    if row is None:
        return None
    if row.digest != _digest(data):
        raise KeyReused
    return Answered(row.answer, row.lot)


def remember(
    connection: Connection, sender: Sender, key: str, data: bytes, told: Answered, now: datetime
) -> None:
    """The answer to a request, for when it is sent again."""
    row = {"partner": sender.partner, "sandbox": sender.sandbox, "key": key}
    row |= {"digest": _digest(data), "answer": told.answer, "lot": told.lot, "at": now}
    connection.execute(insert(idempotent).values(row))


def forget(connection: Connection, now: datetime) -> int:
    """Drop what is older than ``KEPT``; how many."""
    return connection.execute(delete(idempotent).where(idempotent.c.at < now - KEPT)).rowcount


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
