"""The ledger of what was received: every byte, every notice, every refusal, every run.

Bytes are stored, content-addressed and compressed, before anything is read in them.
"""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, TypeVar, cast

import orjson
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from index.lead import Joining
from index.store import LeadStore, upsert, utc
from index.tables import chunk, document, lead_key, notice, quarantine, run
from ingest.document import Document
from ingest.notice import Notice

# One chunk is what stays in memory while a document of any size is stored.
CHUNK = 1 << 20
# Half the time of the usual level 6, for a tenth more room.
_LEVEL = 3

# A document that was begun this many times and never finished brings the reader down.
MAX_ATTEMPTS = 3

Key = TypeVar("Key", str, int)

# Bytes of a document that are read again in memory; beyond, on the disk.
_SPOOLED = 8 << 20

# Chunks and keys that go in one statement.
_PIECES, _KEYS = 64, 5_000


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while data := stream.read(CHUNK):
        yield data


@dataclass(frozen=True, slots=True)
class Weighed:
    """A document with its SHA-256 and size in bytes; ``data`` when one chunk holds it all."""

    document: Document
    sha256: str
    size: int
    data: bytes | None

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, compressed, chunk by chunk."""
        if self.data is not None:
            yield from (zlib.compress(one, _LEVEL) for one in (self.data,) if one)
            return
        with self.document.open() as stream:
            for data in _chunks(stream):
                yield zlib.compress(data, _LEVEL)


def weigh(received: Document) -> Weighed:
    """Read a document once, to the end. Raises DocumentError, OSError."""
    with received.open() as stream:
        first = stream.read(CHUNK)
        sha, size = hashlib.sha256(first), len(first)
        for data in _chunks(stream):
            sha.update(data)
            size += len(data)
    whole = first if size == len(first) else None
    return Weighed(received, sha.hexdigest(), size, whole)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A notice as it came: in which document (SHA-256), where in it, and when (UTC). joined: why
    it joined the lead of other notices, if no identifier says so."""

    notice: Notice
    sha256: str
    position: str
    received: datetime
    joined: Joining | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """What could not be read: which part of which document, and why (French)."""

    source: str
    document: str
    sha256: str
    position: str
    reason: str


class Ledger:
    """What came in, on the same record as the leads."""

    def __init__(self, store: LeadStore) -> None:
        self.store = store

    def keep(
        self, connection: Connection, received: Sequence[Weighed], now: datetime
    ) -> dict[str, int]:
        """Store the bytes of documents, once each. SHA-256 → how many times the document was begun
        before without being read to its end."""
        wanted = {one.sha256: one for one in received}
        columns = (document.c.sha256, document.c.attempts, document.c.read)
        rows = connection.execute(select(*columns).where(document.c.sha256.in_(wanted))).all()
        begun = {str(sha256): 0 if read else int(attempts) for sha256, attempts, read in rows}
        again = [sha256 for sha256, attempts in begun.items() if not attempts]
        if again:
            known = update(document).where(document.c.sha256.in_(again))
            connection.execute(known.values(attempts=1, read=None))
        fresh = [one for one in wanted.values() if one.sha256 not in begun]
        self._store(connection, fresh, now)
        return begun | {one.sha256: 0 for one in fresh}

    def _store(self, connection: Connection, fresh: Sequence[Weighed], now: datetime) -> None:
        if not fresh:
            return
        rows = [
            {"sha256": one.sha256, "name": one.document.name, "size": one.size}
            | {"received": now, "attempts": 1}
            for one in fresh
        ]
        connection.execute(insert(document), rows)
        pieces = (
            {"sha256": one.sha256, "n": n, "data": data}
            for one in fresh
            for n, data in enumerate(one.chunks())
        )
        while some := list(islice(pieces, _PIECES)):
            connection.execute(insert(chunk), some)

    def attempt(self, sha256: str) -> None:
        """Count one more attempt at a document, before the work that may bring us down."""
        with self.store.writing() as connection:
            connection.execute(
                update(document)
                .where(document.c.sha256 == sha256)
                .values(attempts=document.c.attempts + 1)
            )

    def spare(self, sha256s: Sequence[str]) -> None:
        """Forget the attempts at documents not read to their end: nothing happened because of
        them. Says nothing when the record itself is out of reach."""
        unread = update(document).where(document.c.sha256.in_(sha256s), document.c.read.is_(None))
        with suppress(SQLAlchemyError), self.store.writing() as connection:
            connection.execute(unread.values(attempts=0))

    def finished(
        self,
        connection: Connection,
        run_id: int,
        documents: Sequence[tuple[str, str]],
        now: datetime,
    ) -> None:
        """These documents (SHA-256, name) were read to their end; what they had in quarantine and
        this run did not refuse again leaves it."""
        if not documents:
            return
        sha256s, names = zip(*documents, strict=True)
        read = update(document).where(document.c.sha256.in_(sha256s))
        connection.execute(read.values(read=now))
        accepted = update(quarantine).where(
            # An entry without bytes (an empty file, an unreadable path) is known by its name.
            quarantine.c.raw.in_(sha256s)
            | ((quarantine.c.raw == "") & quarantine.c.document.in_(names)),
            quarantine.c.run != run_id,
            quarantine.c.released.is_(None),
        )
        connection.execute(accepted.values(released=now))

    def raw(self, sha256: str) -> Iterator[bytes]:
        """The bytes of a document as received, chunk by chunk; nothing when unknown."""
        statement = select(chunk.c.data).where(chunk.c.sha256 == sha256).order_by(chunk.c.n)
        with self.store.reading() as connection:
            for data in connection.execution_options(stream_results=True).execute(statement):
                yield zlib.decompress(data[0])

    def document(self, sha256: str, name: str) -> Document:
        """A document as it was received; without a byte when it is unknown."""

        def opened() -> BinaryIO:
            file = SpooledTemporaryFile(max_size=_SPOOLED)  # noqa: SIM115 - the caller closes it
            for data in self.raw(sha256):
                file.write(data)
            file.seek(0)
            return cast(BinaryIO, file)

        return Document(name, opened)

    def leads_known(
        self, connection: Connection, source: str, keys: Sequence[str]
    ) -> dict[str, str]:
        """Key → id of the lead known by it, for the keys known."""
        found: dict[str, str] = {}
        for some in batched(keys):
            rows = connection.execute(
                select(lead_key.c.key, lead_key.c.lead).where(
                    lead_key.c.source == source, lead_key.c.key.in_(some)
                )
            )
            found |= {str(key): str(lead) for key, lead in rows}
        return found

    def words_known(
        self, connection: Connection, source: str, keys: Sequence[str]
    ) -> set[tuple[str, str]]:
        """(key, fingerprint) of every notice recorded under these keys."""
        found: set[tuple[str, str]] = set()
        for some in batched(keys):
            rows = connection.execute(
                select(notice.c.key, notice.c.fingerprint).where(
                    notice.c.source == source, notice.c.key.in_(some)
                )
            )
            found |= {(str(key), str(fingerprint)) for key, fingerprint in rows}
        return found

    def name(self, connection: Connection, names: Sequence[tuple[str, str, str]]) -> None:
        """From now on leads are known by these names: (source, key, lead)."""
        rows = {(source, key): lead for source, key, lead in names}
        told = [
            {"source": source, "key": key, "lead": lead} for (source, key), lead in rows.items()
        ]
        upsert(connection, lead_key, told, ["source", "key"])

    def hand_over(self, connection: Connection, lost: str, kept: str) -> None:
        """Everything known of one lead now belongs to another."""
        for table in (lead_key, notice):
            connection.execute(update(table).where(table.c.lead == lost).values(lead=kept))

    def record(self, connection: Connection, arrivals: Sequence[tuple[Arrival, str, str]]) -> None:
        """Write notices down: (arrival, fingerprint, lead)."""
        rows = [
            {
                "source": one.notice.source,
                "key": one.notice.key,
                "fingerprint": fingerprint,
                "lead": lead,
                "document": one.sha256,
                "position": one.position,
                "received": one.received,
                "body": orjson.dumps(one.notice).decode(),
                "joined": one.joined.model_dump_json() if one.joined else "",
            }
            for one, fingerprint, lead in arrivals
        ]
        if rows:
            connection.execute(insert(notice), rows)

    def arrivals(self, connection: Connection, lead: str) -> list[Arrival]:
        """The notices of a lead, first recorded first."""
        rows = connection.execute(select(notice).where(notice.c.lead == lead).order_by(notice.c.id))
        return [
            Arrival(
                Notice.from_json(orjson.loads(row.body)),
                row.document,
                row.position,
                utc(row.received),
                Joining.model_validate_json(row.joined) if row.joined else None,
            )
            for row in rows
        ]

    def refuse(self, connection: Connection, run_id: int, refused: Refused, now: datetime) -> None:
        """Put an item in quarantine; one already there counts one more attempt."""
        again = connection.execute(
            update(quarantine)
            .where(
                quarantine.c.source == refused.source,
                quarantine.c.document == refused.document,
                quarantine.c.raw == refused.sha256,
                quarantine.c.position == refused.position,
            )
            .values(
                attempts=quarantine.c.attempts + 1,
                last=now,
                reason=refused.reason,
                run=run_id,
                released=None,
            )
        )
        if not again.rowcount:
            connection.execute(
                insert(quarantine).values(
                    source=refused.source,
                    document=refused.document,
                    raw=refused.sha256,
                    position=refused.position,
                    reason=refused.reason,
                    run=run_id,
                    attempts=1,
                    first=now,
                    last=now,
                )
            )

    def start(self, source: str, now: datetime) -> int:
        """Open a run; gives back its number."""
        with self.store.writing() as connection:
            made = connection.execute(
                insert(run).values(source=source, started=now, report="{}").returning(run.c.id)
            )
            return int(made.scalar_one())

    def finish(self, run_id: int, report: bytes, now: datetime) -> None:
        """Close a run with its report."""
        with self.store.writing() as connection:
            connection.execute(
                update(run).where(run.c.id == run_id).values(finished=now, report=report.decode())
            )


def batched(keys: Sequence[Key], size: int = _KEYS) -> Iterator[Sequence[Key]]:
    """Keys in lots, of what one statement can hold unless said."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
