"""Tables: CSV, XLSX, JSON, XML and HTML rows, read by the mapping of the source's page."""

from collections.abc import Iterator
from typing import BinaryIO

from ingest.encoding import looked_at, reading
from ingest.feeds.html_rows import html_rows
from ingest.feeds.mapped import columns, lacking, parsed, received
from ingest.feeds.rows import Row, csv_rows, json_rows, xlsx_rows
from ingest.feeds.xml_rows import as_written, xml_rows
from ingest.notice import Received
from ingest.source import Mapping, Source


def read(stream: BinaryIO, source: Source, name: str) -> Iterator[Received]:
    """The notices of a table, or the reasons why not; never raises for what it holds. A column
    of the mapping that the header lacks is one reason for the whole document."""
    if source.mapping is None:
        yield Received("", reason="La page de la source ne dit pas comment lire ses colonnes.")
        return
    for row in rows(stream, source.mapping):
        if not row.header:
            yield received(row, source, source.mapping)
        elif reason := lacking(row, source.mapping):
            yield Received("", reason=reason)
            return


def rows(stream: BinaryIO, mapping: Mapping) -> Iterator[Row]:
    """The rows of a table, the names of its columns first if it has a header."""
    head, stream = looked_at(stream)
    start = head.decode(reading(head).encoding or "utf-8", "replace").lstrip("\ufeff \t\r\n")[:1]
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        yield Row("", reason="Ancien classeur Excel (.xls) : à enregistrer en .xlsx.")
    elif head.startswith(b"PK\x03\x04"):
        yield from xlsx_rows(stream, mapping)
    elif mapping.html:
        names = {part.name for _, path in columns(mapping) for part in parsed(path)}
        yield from html_rows(stream, mapping.rows, names)
    elif start == "<" and not mapping.rows:
        yield Row("", reason="La page de la source ne nomme pas l'élément XML d'une ligne.")
    elif start == "<":
        yield from xml_rows(stream, (mapping.rows,), as_written)
    elif start in ("{", "["):
        yield from json_rows(stream, mapping)
    else:
        yield from csv_rows(stream, head, mapping)
