"""Texts whose code a person said: analysts' corrections, imported lists. The coder takes them
without training, and training takes them too."""

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from index.coding import Coded, Coder, Wording
from index.concepts import concepts
from index.store import LeadStore, upsert, utc
from index.tables import labelled
from taxonomies.fold import fold

log = logging.getLogger(__name__)

SCHEMES: tuple[Coded, ...] = ("CPV", "HS")


class LabelledText(NamedTuple):
    """A text and the official code that a person gave it. language: ISO 639-1, "" when unknown."""

    scheme: Coded
    code: str
    title: str
    text: str = ""
    language: str = ""

    @property
    def wording(self) -> Wording:
        """As the coder reads it."""
        return Wording(self.title, self.text, self.language)

    @property
    def hash(self) -> str:
        """The same for texts that differ by case, accents or punctuation only."""
        return hashlib.sha256(f"{fold(self.title)}\n{fold(self.text)}".encode()).hexdigest()


def keep(connection: Connection, texts: Sequence[LabelledText], author: str, at: datetime) -> None:
    """Keep texts in a transaction. A text said again in its scheme has its last code."""
    last = {(one.scheme, one.hash): one for one in texts}
    rows = [
        {**one._asdict(), "hash": number, "author": author, "at": at}
        for (_, number), one in last.items()
    ]
    upsert(connection, labelled, rows, ["scheme", "hash"])


class Said(NamedTuple):
    """A text with who gave it its code, and when (UTC)."""

    text: LabelledText
    author: str
    at: datetime


def said(connection: Connection, one: LabelledText) -> Said | None:
    """What was said last of a text, in its scheme."""
    same = (labelled.c.scheme == one.scheme) & (labelled.c.hash == one.hash)
    row = connection.execute(select(labelled).where(same)).one_or_none()
    if row is None:
        return None
    text = LabelledText(*(getattr(row, name) for name in LabelledText._fields))
    at = utc(row.at)
    return Said(text, row.author, at)


def forget(connection: Connection, one: LabelledText, author: str) -> None:
    """Somebody takes back what he said of a text; what another said since stays."""
    same = (labelled.c.scheme == one.scheme) & (labelled.c.hash == one.hash)
    connection.execute(delete(labelled).where(same, labelled.c.author == author))


class LabelledTexts:
    """Their place in the record."""

    def __init__(self, store: LeadStore) -> None:
        self._store = store

    def add(self, texts: Sequence[LabelledText], author: str, at: datetime) -> None:
        """Keep them, all or none. A text said again in its scheme has its last code."""
        with self._store.writing() as connection:
            keep(connection, texts, author, at)

    def all(self) -> list[LabelledText]:
        """Every one, the last said last."""
        columns = [labelled.c[name] for name in LabelledText._fields]
        wanted = select(*columns).order_by(labelled.c.at, labelled.c.hash, labelled.c.scheme)
        with self._store.reading() as connection:
            return [LabelledText(*row) for row in connection.execute(wanted)]

    def taught(self, coder: Coder) -> Coder:
        """A coder that knows them. A code that the tables no longer have is left out, aloud."""
        known = self.all()
        for scheme in SCHEMES:
            told = [one for one in known if one.scheme == scheme]
            kept = [one for one in told if (scheme, one.code) in concepts().position]
            if lost := len(told) - len(kept):
                log.warning("%s labelled texts have a %s code that is no more", lost, scheme)
            codes = [one.code for one in kept]
            coder = coder.learning(scheme, [one.wording for one in kept], codes)
        return coder
