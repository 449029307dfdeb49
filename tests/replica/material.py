"""What the replica serves: the real notices of a folder, as documents and as what they say."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ingest.document import Limits
from ingest.documents import Document, documents
from ingest.notice import Notice
from ingest.readers import READERS
from ingest.recognise import recognise
from ingest.source import sources


@dataclass(frozen=True, slots=True)
class Piece:
    """A real notice. format: of the document that holds it; body: that document, whole."""

    format: str
    notice: Notice
    path: Path
    body: bytes


@cache
def pieces(folder: Path) -> tuple[Piece, ...]:
    """All notices that can be read in a folder of real notices, in alphabetical order of files."""
    return tuple(_pieces(folder))


def _pieces(folder: Path) -> Iterator[Piece]:
    for document in documents([folder], Limits()):
        found = recognise(document, sources()) if isinstance(document, Document) else None
        if found is None or not isinstance(document, Document):
            continue
        page, form = found
        path = Path(document.name)
        body = path.read_bytes() if path.is_file() else b""
        with document.open() as stream:
            for received in READERS[form](stream, page, document.name):
                if received.notice is not None:
                    yield Piece(form, received.notice, path, body)
