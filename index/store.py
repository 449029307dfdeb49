"""The leads' place in the record: read them, write them under a sequence that only grows."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, Table, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from index.database import open_record
from index.lead import Lead
from index.tables import lead, sequence

# Seconds, as long as SQLite itself waits for another process.
_PATIENCE = 30

# The two dialects write the same clause, in classes that share no type.
_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insertion(connection: Connection, table: Table) -> Any:
    """An insertion that may say what to do on conflict, in the database's dialect."""
    return _INSERTS[connection.dialect.name](table)


def upsert(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], keys: Sequence[str]
) -> None:
    """Insert the rows; where one with the same ``keys`` exists, overwrite its other columns."""
    if not rows:
        return
    statement = insertion(connection, table)
    others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    update_others = statement.on_conflict_do_update(index_elements=list(keys), set_=others)
    connection.execute(update_others, rows)


def utc(moment: datetime) -> datetime:
    """SQLite gives moments back without their zone, PostgreSQL in that of the server; all are
    written in UTC."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many leads the record holds, by the questions a home page asks."""

    total: int
    domestic: int
    fictitious: int
    by_source: dict[str, int]
    latest: datetime | None


class LeadStore:
    """Leads in the record. Safe to share between threads; several processes may write."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # SQLite lets write whoever happens to look at the right moment; a thread that writes often
        # would keep the others of its process waiting for seconds. Here they write in turn.
        self._turn = Lock() if engine.dialect.name == "sqlite" else None

    @classmethod
    def open(cls, url: str) -> "LeadStore":
        """Open (and migrate) the record at an SQLAlchemy URL. Raises RecordError."""
        return cls(open_record(url))

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read on."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; writers queue on the sequence row, one at a time."""
        with self.writing_aside() as connection:
            connection.execute(
                update(sequence).where(sequence.c.name == "lead").values(value=sequence.c.value)
            )
            yield connection

    @contextmanager
    def writing_aside(self) -> Iterator[Connection]:
        """A transaction that writes no lead; it does not queue behind those that do, where the
        database lets several write."""
        with (
            self._in_turn(),
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        # Whoever waited so long asks the database, which says what keeps it busy.
        taken = self._turn is not None and self._turn.acquire(timeout=_PATIENCE)
        try:
            yield
        finally:
            if taken and self._turn is not None:
                self._turn.release()

    def get(self, identifier: str) -> Lead | None:
        """The lead of this id, whatever its status; None when unknown."""
        with self.reading() as connection:
            found = self.read(connection, [identifier])
        return found.get(identifier)

    def read(self, connection: Connection, identifiers: Iterable[str]) -> dict[str, Lead]:
        """Leads by id; unknown ids are left out."""
        wanted = list(identifiers)
        rows = connection.execute(select(lead.c.body).where(lead.c.id.in_(wanted))).scalars()
        return {one.id: one for one in map(Lead.model_validate_json, rows)}

    def bodies(self, connection: Connection, identifiers: Iterable[str]) -> Iterator[Any]:
        """The same one by one, as plain JSON objects, in a tenth of the time."""
        wanted = list(identifiers)
        for body in connection.execute(select(lead.c.body).where(lead.c.id.in_(wanted))).scalars():
            yield orjson.loads(body)

    def put(self, connection: Connection, leads: Sequence[Lead]) -> tuple[Lead, ...]:
        """Write the leads, each with the next sequence; gives them back with it."""
        if not leads:
            return ()
        last = connection.execute(
            update(sequence)
            .where(sequence.c.name == "lead")
            .values(value=sequence.c.value + len(leads))
            .returning(sequence.c.value)
        ).scalar_one()
        numbered = tuple(
            one.model_copy(update={"sequence": number})
            for number, one in enumerate(leads, last - len(leads) + 1)
        )
        upsert(connection, lead, [_row(one) for one in numbered], ["id"])
        return numbered

    def save(self, leads: Sequence[Lead]) -> tuple[Lead, ...]:
        """``put`` in a transaction of its own."""
        with self.writing() as connection:
            return self.put(connection, leads)

    def changed_since(self, number: int, batch: int = 1_000) -> Iterator[list[Lead]]:
        """Leads written after a sequence, oldest write first, in lists of at most ``batch``."""
        while True:
            statement = (
                select(lead.c.body)
                .where(lead.c.sequence > number)
                .order_by(lead.c.sequence)
                .limit(batch)
            )
            with self.reading() as connection:
                bodies = connection.execute(statement).scalars().all()
            if not bodies:
                return
            leads = [Lead.model_validate_json(body) for body in bodies]
            yield leads
            number = leads[-1].sequence

    def last_sequence(self) -> int:
        """Sequence of the last write, 0 when nothing was ever written."""
        with self.reading() as connection:
            last = select(sequence.c.value).where(sequence.c.name == "lead")
            return int(connection.execute(last).scalar_one())

    def tally(self, fictitious_sources: Iterable[str] = ()) -> Tally:
        """Counts for the home page and ``debouches sources``."""
        count = func.count()
        with self.reading() as connection:
            by_source = {
                str(name): int(number)
                for name, number in connection.execute(
                    select(lead.c.source, count).group_by(lead.c.source)
                )
            }
            domestic = connection.execute(select(count).where(lead.c.domestic)).scalar_one()
            latest = connection.execute(select(func.max(lead.c.published))).scalar_one()
        return Tally(
            total=sum(by_source.values()),
            domestic=domestic,
            fictitious=sum(by_source.get(name, 0) for name in fictitious_sources),
            by_source=by_source,
            latest=latest,
        )


def _row(one: Lead) -> dict[str, Any]:
    return {
        "id": one.id,
        "sequence": one.sequence,
        "status": one.status,
        "stage": one.stage,
        "source": one.source,
        "country": one.country,
        "domestic": one.domestic,
        "published": one.published,
        "body": one.model_dump_json(),
    }
