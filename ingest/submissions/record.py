"""The demands of the record: put, withdrawn, read. Each version is kept, with its bytes, in the
transaction that acknowledges it."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, Row, and_, func, insert, select, update

from index import reviews
from index.lead import Lead
from index.store import LeadStore, insertion, utc
from index.submission_tables import partner, partner_day, submission, submission_version
from ingest.decide import verdict
from ingest.document import Document
from ingest.freeze import WAITS, frozen_now
from ingest.ledger import Ledger, weigh
from ingest.submissions.demand import Demande

# Versions of a demand that are shown.
SHOWN = 20

Change = Literal["created", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who submits: a partner, by which key, for good or only to try. per_day: demands accepted."""

    partner: str
    key: str
    sandbox: bool
    per_day: int


class QuotaSpent(Exception):  # noqa: N818 - reads as what happened
    """The partner sent today all that it may."""


class ConditionFailed(Exception):  # noqa: N818 - reads as what happened
    """The demand is not, or no longer, what the sender believes."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What the sender believes. match: tags of which the demand must have one, or "*" for any;
    absent: there must be no demand yet."""

    match: tuple[str, ...] = ()
    absent: bool = False

    def check(self, tag: str | None) -> None:
        """tag: of the demand as it stands, None without any. Raises ConditionFailed."""
        if self.absent and tag is not None:
            raise ConditionFailed
        if self.match and (tag is None or not {tag, "*"} & set(self.match)):
            raise ConditionFailed


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a demand. told: what was understood of it (JSON object)."""

    version: int
    action: str
    received: datetime
    attempts: int
    done: datetime | None
    outcome: str
    reason: str
    told: dict[str, Any]
    searchable: datetime | None
    body: str


@dataclass(frozen=True, slots=True)
class Submission:
    """A demand: its last versions, the last one first, and the lead it became, if any. rejected:
    why somebody rejected that lead (French), "" when nothing was said. waits: what keeps what is
    not read yet waiting (French), "" normally."""

    id: int
    partner: str
    reference: str
    sandbox: bool
    version: int
    digest: str
    present: bool
    created: datetime
    changed: datetime
    versions: tuple[Version, ...]
    lead: Lead | None = None
    rejected: str = ""
    waits: str = ""

    @property
    def tag(self) -> str:
        """Strong tag of what the sender wrote; what becomes of it does not change it."""
        return tag_of(self.version, self.digest)


def hold(connection: Connection, name: str) -> None:
    """Until the end of the transaction, others who would write demands of this partner wait."""
    same = {"per_day": partner.c.per_day}
    connection.execute(update(partner).where(partner.c.name == name).values(same))


def tag_of(version: int, digest: str) -> str:
    """The tag of a version."""
    return f'"{version}-{digest[:16]}"'


class Submissions:
    """All demands of the record. Methods that write need the transaction of ``writing``."""

    def __init__(self, store: LeadStore) -> None:
        self.store, self.ledger = store, Ledger(store)

    @contextmanager
    def writing(self, name: str) -> Iterator[Connection]:
        """A transaction in which nobody else writes demands of this partner; those that write
        leads do not hold it up, where the database lets several write."""
        with self.store.writing_aside() as connection:
            hold(connection, name)
            yield connection

    def put(
        self,
        connection: Connection,
        sender: Sender,
        reference: str,
        demand: Demande,
        data: bytes,
        now: datetime,
        condition: Condition = Condition(),
        lot: int | None = None,
    ) -> Change:
        """A demand under its reference, new or in the place of the one before. Raises
        ConditionFailed, QuotaSpent; then nothing was written."""
        body = demand.canonical()
        digest = hashlib.sha256(body.encode()).hexdigest()
        held = self._row(connection, sender, reference)
        condition.check(tag_of(held.version, held.digest) if held and held.present else None)
        if held and held.present and held.digest == digest:
            return "unchanged"
        self._count(connection, sender, now.date())
        document = self._keep(connection, f"demandes/{sender.partner}/{reference}.json", data, now)
        number, moment = self._next(connection, sender, reference, held, digest, True, now)
        self._version(connection, sender, number, "put", document, body, lot, moment)
        return "changed" if held else "created"

    def withdraw(
        self,
        connection: Connection,
        sender: Sender,
        reference: str,
        now: datetime,
        condition: Condition = Condition(),
    ) -> bool | None:
        """Take a demand back: True, False when it was taken back already, None when there is none
        of this reference. Raises ConditionFailed."""
        held = self._row(connection, sender, reference)
        condition.check(tag_of(held.version, held.digest) if held and held.present else None)
        if held is None or not held.present:
            return None if held is None else False
        last = connection.execute(
            select(submission_version.c.document, submission_version.c.body).where(
                submission_version.c.submission == held.id,
                submission_version.c.version == held.version,
            )
        ).one()
        number, moment = self._next(connection, sender, reference, held, held.digest, False, now)
        self._version(connection, sender, number, "withdraw", last[0], last[1], None, moment)
        return True

    def _row(self, connection: Connection, sender: Sender, reference: str) -> Row[Any] | None:
        return connection.execute(select(submission).where(_is(sender, reference))).first()

    def _count(self, connection: Connection, sender: Sender, day: date) -> None:
        row = {"partner": sender.partner, "sandbox": sender.sandbox, "day": day, "accepted": 1}
        one_more = insertion(connection, partner_day).values(row)
        counted = connection.execute(
            one_more.on_conflict_do_update(
                index_elements=["partner", "sandbox", "day"],
                set_={"accepted": partner_day.c.accepted + 1},
                where=partner_day.c.accepted < sender.per_day,
            ).returning(partner_day.c.accepted)
        ).first()
        if counted is None or counted[0] > sender.per_day:
            raise QuotaSpent

    def _keep(self, connection: Connection, name: str, data: bytes, now: datetime) -> str:
        weighed = weigh(Document(name, lambda: io.BytesIO(data)))
        self.ledger.keep(connection, [weighed], now)
        return weighed.sha256

    def _next(
        self,
        connection: Connection,
        sender: Sender,
        reference: str,
        held: Row[Any] | None,
        digest: str,
        present: bool,
        now: datetime,
    ) -> tuple[tuple[int, int], datetime]:
        """Move the demand to its next version: (demand, version), moment."""
        values = {"digest": digest, "present": present}
        if held is None:
            row = {"partner": sender.partner, "sandbox": sender.sandbox, "reference": reference}
            row |= values | {"version": 1, "created": now, "changed": now}
            made = connection.execute(insert(submission).values(row).returning(submission.c.id))
            return (int(made.scalar_one()), 1), now
        # Clocks may stand still or go back; versions never do.
        moment = max(now, utc(held.changed) + timedelta(microseconds=1))
        values |= {"version": held.version + 1, "changed": moment}
        connection.execute(update(submission).where(submission.c.id == held.id).values(values))
        return (held.id, held.version + 1), moment

    def _version(
        self,
        connection: Connection,
        sender: Sender,
        number: tuple[int, int],
        action: str,
        document: str,
        body: str,
        lot: int | None,
        moment: datetime,
    ) -> None:
        connection.execute(
            insert(submission_version).values(
                submission=number[0],
                version=number[1],
                partner=sender.partner,
                action=action,
                key=sender.key,
                document=document,
                body=body,
                lot=lot,
                received=moment,
                attempts=0,
                outcome="",
                reason="",
                told="{}",
            )
        )

    def get(self, connection: Connection, sender: Sender, reference: str) -> Submission | None:
        """One demand of a partner."""
        row = self._row(connection, sender, reference)
        return self._whole(connection, [row])[0] if row else None

    def page(
        self, connection: Connection, sender: Sender, before: int | None, limit: int
    ) -> list[Submission]:
        """Demands of a partner, the newest first; those before the one of this number."""
        mine = and_(submission.c.partner == sender.partner, submission.c.sandbox == sender.sandbox)
        wanted = select(submission).where(mine).order_by(submission.c.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(submission.c.id < before)
        return self._whole(connection, connection.execute(wanted).all())

    def accepted(self, connection: Connection, sender: Sender, day: date) -> int:
        """Demands of a partner accepted on a day (UTC)."""
        told = select(partner_day.c.accepted).where(
            partner_day.c.partner == sender.partner,
            partner_day.c.sandbox == sender.sandbox,
            partner_day.c.day == day,
        )
        return int(connection.execute(told).scalar() or 0)

    def _whole(self, connection: Connection, rows: Sequence[Row[Any]]) -> list[Submission]:
        versions: dict[int, list[Version]] = {row.id: [] for row in rows}
        table = submission_version
        order = func.row_number().over(
            partition_by=table.c.submission, order_by=table.c.version.desc()
        )
        ranked = select(table, order.label("rank")).where(table.c.submission.in_(versions))
        inner = ranked.subquery()
        last = select(inner).where(inner.c.rank <= SHOWN).order_by(inner.c.rank)
        for row in connection.execute(last):
            versions[row.submission].append(_version(row))
        leads = self._leads(connection, [row for row in rows if not row.sandbox])
        rejected, still = _rejected(connection, list(leads.values())), frozen_now(connection)
        return [
            Submission(
                id=row.id,
                partner=row.partner,
                reference=row.reference,
                sandbox=row.sandbox,
                version=row.version,
                digest=row.digest,
                present=row.present,
                created=utc(row.created),
                changed=utc(row.changed),
                versions=tuple(versions[row.id]),
                lead=lead,
                rejected=rejected.get(lead.id, "") if lead else "",
                waits=WAITS if row.partner in still else "",
            )
            for row in rows
            for lead in [leads.get(row.reference)]
        ]

    def _leads(self, connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, Lead]:
        """Reference → lead, for the demands of one partner."""
        if not rows:
            return {}
        names = [row.reference for row in rows]
        known = self.ledger.leads_known(connection, rows[0].partner, names)
        leads = self.store.read(connection, set(known.values()))
        return {name: leads[lead] for name, lead in known.items() if lead in leads}


def _rejected(connection: Connection, leads: Sequence[Lead]) -> dict[str, str]:
    """Lead → why it was rejected, for those that were."""
    told = reviews.of(connection, [one.id for one in leads if one.status == "rejected"])
    decisions = {lead: verdict(reviews.in_force(decided)) for lead, decided in told.items()}
    return {lead: one.why for lead, one in decisions.items() if one}


def _is(sender: Sender, reference: str) -> Any:
    return and_(
        submission.c.partner == sender.partner,
        submission.c.sandbox == sender.sandbox,
        submission.c.reference == reference,
    )


def _version(row: Row[Any]) -> Version:
    return Version(
        version=row.version,
        action=row.action,
        received=utc(row.received),
        attempts=row.attempts,
        done=utc(row.done) if row.done else None,
        outcome=row.outcome,
        reason=row.reason,
        told=orjson.loads(row.told),
        searchable=utc(row.searchable) if row.searchable else None,
        body=row.body,
    )
