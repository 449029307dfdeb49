"""The queue: versions not read yet, taken in turn from each partner, however many one sent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from index.curation_tables import frozen
from index.store import LeadStore, utc
from index.submission_tables import submission, submission_version
from ingest.submissions.demand import Demande

# Time without news after which what somebody took is another's: many times what a turn lasts.
PATIENCE = timedelta(seconds=60)
# Versions taken at once: what a single demand of another partner may have to wait for.
TURN = 32

_TABLE = submission_version


@dataclass(frozen=True, slots=True)
class Waiting:
    """A version to be read."""

    id: int
    partner: str
    reference: str
    sandbox: bool
    withdrawn: bool
    document: str
    demand: Demande
    received: datetime
    attempts: int


class Queue:
    """Several processes may share it: what one takes, the others leave."""

    def __init__(self, store: LeadStore) -> None:
        self.store = store

    def take(self, now: datetime) -> list[Waiting]:
        """The next versions, one of each partner in turn, their attempts counted. One that was
        begun before comes alone: it may have brought its reader down, others are not to blame."""
        # Looking costs nothing; writing queues behind every ingestion.
        with self.store.reading() as connection:
            if connection.execute(select(_TABLE.c.id).where(_free(now)).limit(1)).first() is None:
                return []
        with self.store.writing() as connection:
            taken = self._fair(connection, now)
            number = [row.id for row in taken]
            values = {"taken": now, "attempts": _TABLE.c.attempts + 1}
            connection.execute(update(_TABLE).where(_TABLE.c.id.in_(number)).values(values))
        return [_waiting(row) for row in taken]

    def _fair(self, connection: Connection, now: datetime) -> list[Row[Any]]:
        partners = select(_TABLE.c.partner).where(_TABLE.c.done.is_(None)).distinct()
        turns = [self._of(connection, name, now) for name in connection.execute(partners).scalars()]
        in_turn = (turn[at] for at in range(TURN) for turn in turns if at < len(turn))
        taken = list(islice(in_turn, TURN))
        suspects = [row for row in taken if row.attempts]
        return suspects[:1] or taken

    def _of(self, connection: Connection, partner: str, now: datetime) -> list[Row[Any]]:
        columns = (submission.c.reference, submission.c.sandbox)
        return list(
            connection.execute(
                select(_TABLE, *columns)
                .join(submission, submission.c.id == _TABLE.c.submission)
                .where(_TABLE.c.partner == partner, _free(now))
                .order_by(_TABLE.c.id)
                .limit(TURN)
            )
        )

    def spare(self, taken: list[Waiting]) -> None:
        """Give versions back as if they had never been taken."""
        numbers = [one.id for one in taken]
        mine = _TABLE.c.id.in_(numbers), _TABLE.c.done.is_(None)
        with self.store.writing() as connection:
            connection.execute(
                update(_TABLE).where(*mine).values(taken=None, attempts=_TABLE.c.attempts - 1)
            )

    def unseen(self) -> list[int]:
        """Versions read that the index has not shown yet."""
        seen = _TABLE.c.searchable.is_(None), _TABLE.c.done.is_not(None)
        with self.store.reading() as connection:
            return [
                int(one) for one in connection.execute(select(_TABLE.c.id).where(*seen)).scalars()
            ]

    def seen(self, versions: list[int], now: datetime) -> None:
        """The index has these versions."""
        with self.store.writing() as connection:
            for at in range(0, len(versions), 5_000):
                some = versions[at : at + 5_000]
                statement = update(_TABLE).where(_TABLE.c.id.in_(some)).values(searchable=now)
                connection.execute(statement)


def settle(
    connection: Connection,
    version: int,
    now: datetime,
    outcome: str,
    reason: str = "",
    told: dict[str, Any] | None = None,
) -> None:
    """A version was read; in the transaction of what came of it. The first who says so is right."""
    connection.execute(
        update(_TABLE)
        .where(_TABLE.c.id == version, _TABLE.c.done.is_(None))
        .values(done=now, outcome=outcome, reason=reason, told=orjson.dumps(told or {}).decode())
    )


def _free(now: datetime) -> ColumnElement[bool]:
    held = or_(_TABLE.c.taken.is_(None), _TABLE.c.taken < now - PATIENCE)
    thawed = _TABLE.c.partner.not_in(select(frozen.c.source))
    return _TABLE.c.done.is_(None) & held & thawed


def _waiting(row: Row[Any]) -> Waiting:
    return Waiting(
        id=row.id,
        partner=row.partner,
        reference=row.reference,
        sandbox=row.sandbox,
        withdrawn=row.action == "withdraw",
        document=row.document,
        demand=Demande.model_validate_json(row.body),
        received=utc(row.received),
        attempts=row.attempts,
    )
