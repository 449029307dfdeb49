"""Who reads which format. Whatever goes wrong in a document stays in it."""

import logging
from collections.abc import Callable, Iterator

from ingest.document import Document, DocumentError
from ingest.feeds import eforms, fbo, jsonld, ocds, rss, tabular, ted
from ingest.notice import Received
from ingest.source import Format, Source

log = logging.getLogger(__name__)

READERS: dict[Format, Callable[..., Iterator[Received]]] = {
    "ted": ted.read,
    "eforms": eforms.read,
    "ocds": ocds.read,
    "fbo": fbo.read,
    "tabular": tabular.read,
    "rss": rss.read,
    "jsonld": jsonld.read,
}


def read_document(document: Document, page: Source, form: Format) -> Iterator[Received]:
    """The items of a document. Whatever goes wrong in it stays in it."""
    try:
        with document.open() as stream:
            yield from READERS[form](stream, page, document.name)
    except (DocumentError, OSError) as error:
        yield Received("", reason=str(error))
    except Exception as error:  # one bad document must never stop its batch
        log.exception("reader %s failed on %s", form, document.name)
        yield Received("", reason=f"Lecture impossible ({type(error).__name__})")
