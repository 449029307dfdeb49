"""What waits in quarantine, by source and reason, and what becomes of it when it is read again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from index.audit import note
from index.curation_tables import rereading
from index.store import LeadStore, utc
from index.tables import notice, quarantine
from ingest.ledger import Ledger, batched
from ingest.mending import mended_copies
from ingest.pipeline import AUTO, Ingestion
from ingest.report import Report

# Reasons told apart on a page, and entries that one order may name.
REASONS, ORDERED = 200, 10_000
_COLUMNS = quarantine.c

Became = Literal["lead", "known", "notices", "again", "waiting"]


class QuarantineRefused(Exception):  # noqa: N818 - reads as what happened
    """What cannot be done; the message is French and meant for people."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: see ``index.tables.quarantine``. raw: "" when no byte of it was received."""

    number: int
    source: str
    document: str
    raw: str
    position: str
    reason: str
    attempts: int
    first: datetime
    last: datetime
    released: datetime | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why entries wait: how many, of which so many have bytes to be read again."""

    words: str
    entries: int
    readable: int


@dataclass(frozen=True, slots=True)
class Rereading:
    """An order to read entries again: see ``index.curation_tables.rereading``."""

    number: int
    source: str
    entries: tuple[int, ...]
    who: str
    at: datetime
    run: int | None
    finished: datetime | None
    failure: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an entry that was read again. lead: "" unless it is one; notices: how many
    its document gave, where the whole of it had been refused."""

    entry: Entry
    became: Became
    lead: str = ""
    notices: int = 0


class Quarantine:
    """Its place in the record."""

    def __init__(self, store: LeadStore) -> None:
        self.store = store

    def sources(self) -> dict[str, int]:
        """Entries that wait, by source; ``auto`` for documents that no page describes."""
        counted = select(_COLUMNS.source, func.count()).where(_COLUMNS.released.is_(None))
        with self.store.reading() as connection:
            rows = connection.execute(counted.group_by(_COLUMNS.source)).all()
        return {str(source): int(number) for source, number in rows}

    def reasons(self, source: str) -> list[Reason]:
        """Why the entries of a source wait, the most frequent first."""
        number = func.count()
        counted = select(_COLUMNS.reason, number, func.count().filter(_COLUMNS.raw != ""))
        rows = counted.where(_waiting(source)).group_by(_COLUMNS.reason)
        with self.store.reading() as connection:
            found = connection.execute(rows.order_by(number.desc(), _COLUMNS.reason).limit(REASONS))
            return [Reason(*row) for row in found]

    def entries(
        self, source: str, reason: str = "", after: int = 0, limit: int = 50
    ) -> list[Entry]:
        """Those that wait, in order of number, from the one after ``after``; of one reason when it
        is said."""
        wanted = select(quarantine).where(_waiting(source, reason), _COLUMNS.id > after)
        with self.store.reading() as connection:
            rows = connection.execute(wanted.order_by(_COLUMNS.id).limit(limit))
            return [_entry(row) for row in rows]

    def get(self, source: str, number: int) -> Entry | None:
        """An entry of a source, released or not."""
        wanted = select(quarantine).where(_COLUMNS.source == source, _COLUMNS.id == number)
        with self.store.reading() as connection:
            row = connection.execute(wanted).first()
        return _entry(row) if row else None

    def order(
        self,
        source: str,
        who: str,
        now: datetime,
        *,
        numbers: Sequence[int] = (),
        reason: str = "",
    ) -> int:
        """Ask for entries to be read again: these, or all those of a reason, or of the source.
        Gives back the number of the order. Raises QuarantineRefused when none has bytes."""
        wanted = select(_COLUMNS.id).where(_waiting(source, reason), _COLUMNS.raw != "")
        if numbers:
            wanted = wanted.where(_COLUMNS.id.in_(numbers[:ORDERED]))
        with self.store.writing() as connection:
            rows = connection.execute(wanted.order_by(_COLUMNS.id).limit(ORDERED))
            found = [int(number) for number in rows.scalars()]
            if not found:
                raise QuarantineRefused("Rien de ce choix n’attend plus, ou n’a d’octets à relire.")
            row = {"source": source, "entries": orjson.dumps(found).decode(), "who": who}
            made = insert(rereading).values(**row, at=now, failure="").returning(rereading.c.id)
            number = int(connection.execute(made).scalar_one())
            told = {"relecture": number, "éléments": len(found), "raison": reason}
            note(connection, now, who, "relecture demandée", f"source:{source}", None, told)
        return number

    def ordered(self, number: int) -> Rereading | None:
        """An order by its number."""
        with self.store.reading() as connection:
            row = connection.execute(select(rereading).where(rereading.c.id == number)).first()
        return _order(row) if row else None

    def orders(self, source: str, limit: int = 5) -> list[Rereading]:
        """The last orders of a source, the last one first."""
        wanted = select(rereading).where(rereading.c.source == source)
        with self.store.reading() as connection:
            rows = connection.execute(wanted.order_by(rereading.c.id.desc()).limit(limit))
            return [_order(row) for row in rows]

    def some(self, numbers: Sequence[int]) -> list[Entry]:
        """Entries by number, in order."""
        with self.store.reading() as connection:
            return [entry for some in batched(numbers) for entry in _some(connection, some)]

    def fates(self, order: Rereading, limit: int) -> list[Fate]:
        """What became of the first entries of an order."""
        entries = self.some(order.entries[:limit])
        with self.store.reading() as connection:
            return [_fate(connection, one, order) for one in entries]


def reread(ledger: Ledger, order: Rereading, ingestion: Ingestion) -> Report | None:
    """Do an order: the documents go through the usual pipeline again, corrected copies and words
    explained since included. None when it cannot be done; the order says why. Raises what the
    ingestion raises; then the order may be done again."""
    waiting = Quarantine(ledger.store)
    name = order.source
    if name != AUTO and name not in ingestion.pages:
        _close(ledger.store, order, ingestion, None, "La fiche de cette source n’existe plus.")
        return None
    documents = {one.raw: one.document for one in waiting.some(order.entries) if one.raw}
    # Put aside because it brought the program down: a person wants it to be tried again.
    ledger.spare(list(documents))
    report = ingestion.read(name, [ledger.document(raw, told) for raw, told in documents.items()])
    _close(ledger.store, order, ingestion, report, "")
    return report


def _close(
    store: LeadStore, order: Rereading, ingestion: Ingestion, report: Report | None, failure: str
) -> None:
    now, number = ingestion.clock(), report.number if report else None
    closed = update(rereading).where(rereading.c.id == order.number)
    with store.writing() as connection:
        connection.execute(closed.values(run=number, finished=now, failure=failure))
        counts = {"échec": failure}
        if report:
            counts = {name: getattr(report, name) for name in ("received", "new", "quarantined")}
        told = {"relecture": order.number, **counts}
        note(connection, now, order.who, "relecture faite", f"source:{order.source}", None, told)


def _fate(connection: Connection, entry: Entry, order: Rereading) -> Fate:
    if entry.released is None:
        return Fate(entry, "again" if entry.last >= order.at else "waiting")
    copy = mended_copies(connection, [entry.raw]).get(entry.raw, entry.raw)
    made = notice.c.document.in_((entry.raw, copy))
    if not entry.position:
        counted = connection.execute(select(func.count()).select_from(notice).where(made))
        return Fate(entry, "notices", notices=int(counted.scalar_one()))
    found = select(notice.c.lead).where(made, notice.c.position == entry.position)
    lead = connection.execute(found.limit(1)).scalar()
    return Fate(entry, "lead", str(lead)) if lead else Fate(entry, "known")


def _waiting(source: str, reason: str = "") -> ColumnElement[bool]:
    waiting = (_COLUMNS.source == source) & _COLUMNS.released.is_(None)
    return waiting & (_COLUMNS.reason == reason) if reason else waiting


def _some(connection: Connection, numbers: Sequence[int]) -> list[Entry]:
    rows = select(quarantine).where(_COLUMNS.id.in_(numbers)).order_by(_COLUMNS.id)
    return [_entry(row) for row in connection.execute(rows)]


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        number=row.id,
        source=row.source,
        document=row.document,
        raw=row.raw,
        position=row.position,
        reason=row.reason,
        attempts=row.attempts,
        first=utc(row.first),
        last=utc(row.last),
        released=utc(row.released) if row.released else None,
    )


def _order(row: Row[Any]) -> Rereading:
    return Rereading(
        number=row.id,
        source=row.source,
        entries=tuple(orjson.loads(row.entries)),
        who=row.who,
        at=utc(row.at),
        run=row.run,
        finished=utc(row.finished) if row.finished else None,
        failure=row.failure,
    )
