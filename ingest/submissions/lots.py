"""Batches: lines of JSON, kept before any is read, then given their verdicts in order.

A batch is worked at some lines at a time, each time in one transaction: whoever comes takes the
next ones, so that a batch whose sender left, or whose server died, is gone on with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, Row, insert, select, update

from index.store import LeadStore, utc
from index.submission_tables import partner, submission_line, submission_lot
from ingest.strict_json import JsonRefused
from ingest.submissions.demand import LARGEST, DemandRefused, read, wrong_reference
from ingest.submissions.record import Change, QuotaSpent, Sender, Submissions, hold

# Lines of one batch, and those taken in one transaction: others write in between.
MOST, _TOGETHER = 10_000, 50
# A batch that nobody touched for so long was left.
LEFT = timedelta(seconds=10)

_VERDICTS: dict[Change, str] = {"created": "reçue", "changed": "reçue", "unchanged": "inchangée"}


@dataclass(frozen=True, slots=True)
class Lot:
    """A batch. lines: with something on them. taken: those that have their verdict."""

    id: int
    partner: str
    sandbox: bool
    key: str
    lines: int
    taken: int
    received: datetime
    touched: datetime

    @property
    def whole(self) -> bool:
        """Whether every line has its verdict."""
        return self.taken == self.lines


class Lots:
    """The batches of the record."""

    def __init__(self, store: LeadStore) -> None:
        self.store, self.submissions = store, Submissions(store)

    def open(
        self, connection: Connection, sender: Sender, lines: Sequence[bytes], now: datetime
    ) -> int:
        """Keep the lines of a batch; blank ones are nothing. Gives its number back."""
        told = [(n, line) for n, line in enumerate(lines, 1) if line.strip()]
        row = {"partner": sender.partner, "sandbox": sender.sandbox, "key": sender.key}
        row |= {"lines": len(told), "taken": 0, "received": now, "touched": now}
        made = connection.execute(insert(submission_lot).values(row).returning(submission_lot.c.id))
        lot = int(made.scalar_one())
        rows = [
            {"lot": lot, "n": at, "line": number, "data": line, "verdict": ""}
            for at, (number, line) in enumerate(told)
        ]
        if rows:
            connection.execute(insert(submission_line), rows)
        return lot

    def get(self, number: int, partner_name: str, sandbox: bool) -> Lot | None:
        """A batch of this partner."""
        with self.store.reading() as connection:
            row = connection.execute(
                select(submission_lot).where(
                    submission_lot.c.id == number,
                    submission_lot.c.partner == partner_name,
                    submission_lot.c.sandbox == sandbox,
                )
            ).first()
        return _lot(row) if row else None

    def left(self, now: datetime) -> list[int]:
        """Batches that somebody began and nobody goes on with."""
        waiting = submission_lot.c.taken < submission_lot.c.lines
        with self.store.reading() as connection:
            rows = connection.execute(
                select(submission_lot.c.id)
                .where(waiting, submission_lot.c.touched < now - LEFT)
                .order_by(submission_lot.c.id)
            )
            return [int(number) for number in rows.scalars()]

    def go_on(self, number: int, now: datetime) -> bool:
        """Give the next lines of a batch their verdicts; False when none is left."""
        with self.store.writing() as connection:
            lot = connection.execute(
                select(submission_lot, partner.c.per_day)
                .join(partner, partner.c.name == submission_lot.c.partner)
                .where(submission_lot.c.id == number)
            ).one()
            hold(connection, lot.partner)
            rows = connection.execute(
                select(submission_line)
                .where(submission_line.c.lot == number, submission_line.c.n >= lot.taken)
                .order_by(submission_line.c.n)
                .limit(_TOGETHER)
            ).all()
            sender = Sender(lot.partner, lot.key, lot.sandbox, lot.per_day)
            for row in rows:
                verdict = self._verdict(connection, sender, row, now)
                kept = {"data": b""} if "erreurs" not in verdict else {}
                connection.execute(
                    update(submission_line)
                    .where(submission_line.c.lot == number, submission_line.c.n == row.n)
                    .values(verdict=orjson.dumps(verdict).decode(), **kept)
                )
            connection.execute(
                update(submission_lot)
                .where(submission_lot.c.id == number)
                .values(taken=lot.taken + len(rows), touched=now)
            )
        return bool(lot.taken + len(rows) < lot.lines)

    def verdicts(self, number: int, after: int) -> list[str]:
        """Verdicts (JSON) from the ``after``-th on, as far as there are."""
        with self.store.reading() as connection:
            rows = connection.execute(
                select(submission_line.c.verdict)
                .where(
                    submission_line.c.lot == number,
                    submission_line.c.n >= after,
                    submission_line.c.verdict != "",
                )
                .order_by(submission_line.c.n)
            )
            return [str(verdict) for verdict in rows.scalars()]

    def _verdict(
        self, connection: Connection, sender: Sender, row: Row[Any], now: datetime
    ) -> dict[str, Any]:
        told: dict[str, Any] = {"ligne": row.line}
        try:
            if len(row.data) > LARGEST:
                raise JsonRefused([("", f"plus de {LARGEST // 1_000} ko")])
            demand = read(row.data)
            reference = demand.reference
            if fault := wrong_reference(reference or ""):
                raise DemandRefused([("reference", fault)])
            assert reference is not None
            told["reference"] = reference
            change = self.submissions.put(
                connection, sender, reference, demand, row.data, now, lot=row.lot
            )
        except (JsonRefused, DemandRefused) as refused:
            faults = [{"parametre": name, "message": why} for name, why in refused.faults]
            return told | {"statut": "refusée", "erreurs": faults}
        except QuotaSpent:
            spent = {"parametre": "", "message": "quota du jour épuisé"}
            return told | {"statut": "refusée", "erreurs": [spent]}
        return told | {"statut": _VERDICTS[change]}


def _lot(row: Row[Any]) -> Lot:
    return Lot(
        id=row.id,
        partner=row.partner,
        sandbox=row.sandbox,
        key=row.key,
        lines=row.lines,
        taken=row.taken,
        received=utc(row.received),
        touched=utc(row.touched),
    )
