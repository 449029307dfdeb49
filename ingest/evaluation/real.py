"""The real notices of a folder as ingestion understands them, in two parts: one to work on, one
to judge by."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ingest.document import Document, DocumentError, Limits
from ingest.documents import documents
from ingest.normalise import Draft, normalise
from ingest.price import Rates
from ingest.readers import READERS
from ingest.recognise import recognise
from ingest.source import sources

Part = Literal["dev", "test"]
PARTS: tuple[Part, ...] = ("dev", "test")

# Notices are dated; only those that are not take the day of reception.
RECEIVED = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Real:
    """A notice understood, and the name of its file, without folders."""

    file: str
    draft: Draft


def part_of(file: str) -> Part:
    """The part of a file, by the SHA-256 of its name: about half of them in each."""
    return PARTS[hashlib.sha256(file.encode()).digest()[0] % 2]


def real_notices(folder: Path) -> Iterator[Real]:
    """The notices under a folder that can be read and have words. Never raises for what is
    there."""
    pages, rates = sources(), Rates.load()
    for document in documents([folder], Limits()):
        found = isinstance(document, Document) and recognise(document, pages)
        if not found or not isinstance(document, Document):
            continue
        page, form = found
        try:
            with document.open() as stream:
                notices = [one.notice for one in READERS[form](stream, page, document.name)]
        except (DocumentError, OSError):
            continue
        for notice in notices:
            draft = normalise(notice, page, rates, RECEIVED) if notice else None
            if draft is not None and draft.texts:
                yield Real(Path(document.name).name, draft)
