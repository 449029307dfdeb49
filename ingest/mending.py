"""Corrected copies of documents: somebody mends what a reader refused; the original is kept.

From then on, whenever the original is met, its last copy is read in its place: a partner who sends
the same broken file every day need not be mended every day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from sqlalchemy import Connection, insert, select, update

from index.audit import note
from index.curation_tables import mended
from index.store import utc
from index.tables import document
from ingest.document import Document
from ingest.ledger import Ledger, Weighed, weigh


class MendingRefused(Exception):  # noqa: N818 - reads as what happened
    """A copy cannot be taken; the message is French and meant for people."""


@dataclass(frozen=True, slots=True)
class Mending:
    """A copy, by its SHA-256, that somebody made of an original, and why."""

    original: str
    copy: str
    source: str
    who: str
    why: str
    at: datetime


def mended_copies(connection: Connection, originals: Sequence[str]) -> dict[str, str]:
    """Original → the copy to read in its place, for the originals that have one."""
    rows = connection.execute(
        select(mended.c.original, mended.c.copy)
        .where(mended.c.original.in_(originals))
        .order_by(mended.c.id)
    )
    last = {str(original): str(copy) for original, copy in rows}
    return {original: copy for original, copy in last.items() if copy != original}


def mendings(connection: Connection, original: str) -> list[Mending]:
    """All that was done to a document, the last first."""
    rows = connection.execute(
        select(mended).where(mended.c.original == original).order_by(mended.c.id.desc())
    )
    return [
        Mending(one.original, one.copy, one.source, one.who, one.why, utc(one.at)) for one in rows
    ]


def mend(
    ledger: Ledger, source: str, original: str, data: bytes, who: str, why: str, now: datetime
) -> str:
    """Keep a copy of a document, to be read in its place; gives back its SHA-256. The bytes of the
    original themselves undo what was mended. Raises MendingRefused."""
    if not data:
        raise MendingRefused("La copie corrigée est vide.")
    with ledger.store.writing() as connection:
        name = connection.execute(
            select(document.c.name).where(document.c.sha256 == original)
        ).scalar()
        if name is None:
            raise MendingRefused("Les octets de cet élément n’ont jamais été reçus.")
        copy = weigh(Document(f"{name} (corrigé)", lambda: BytesIO(data)))
        before = mended_copies(connection, [original]).get(original, original)
        if copy.sha256 == before:
            raise MendingRefused("Rien n’a changé dans le document.")
        if copy.sha256 != original:
            _keep(ledger, connection, copy, now)
        row = {"original": original, "copy": copy.sha256, "source": source}
        connection.execute(insert(mended).values(**row, who=who, why=why, at=now))
        told = {"document": name, "original": original}
        after = {**told, "copie": copy.sha256, "raison": why}
        subject = f"source:{source}"
        note(connection, now, who, "document corrigé", subject, {**told, "copie": before}, after)
    return copy.sha256


def _keep(ledger: Ledger, connection: Connection, copy: Weighed, now: datetime) -> None:
    ledger.keep(connection, [copy], now)
    # It is never begun under its own name: who counts attempts counts those at the original.
    unbegun = update(document).where(document.c.sha256 == copy.sha256)
    connection.execute(unbegun.values(attempts=0, read=now))
