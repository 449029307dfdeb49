"""Tables: CSV, XLSX, JSON, RSS and other XML rows to notices, by the mapping of the source's page.

A column of the mapping is a name, or a dotted path into JSON and XML ("Notice.Title", an attribute
after "@"). Two things may be added to it: « | » gives another column for when the first is empty
("Parent CN ID | CN ID"); « ~ » a pattern that a cell must match whole, of which the first group is
kept ("category ~ CPV/([0-9]+)").
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

from lxml import etree

from ingest.encoding import Remark, looked_at, reading, rewound
from ingest.feeds.rows import Row, csv_rows, json_rows, xlsx_rows
from ingest.feeds.xml import Element, read_each
from ingest.notice import Amount, Code, Notice, Received, Text
from ingest.source import Mapping, Source

_PROLOGUE = re.compile(rb"^\s*<\?xml[^>]{0,300}\?>")
_SCHEMA_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_NAMES = re.compile(r"[.@]")


def read(stream: BinaryIO, source: Source, name: str) -> Iterator[Received]:
    """The notices of a table, or the reasons why not; never raises for what it holds. A column
    of the mapping that the header lacks is one reason for the whole document."""
    if source.mapping is None:
        yield Received("", reason="La page de la source ne dit pas comment lire ses colonnes.")
        return
    head, stream = looked_at(stream)
    start = head.decode(reading(head).encoding or "utf-8", "replace").lstrip("\ufeff \t\r\n")[:1]
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        yield Received("", reason="Ancien classeur Excel (.xls) : à enregistrer en .xlsx.")
    elif start == "<":
        yield from _xml(stream, source, source.mapping)
    else:
        yield from _received_all(_rows(stream, head, start, source.mapping), source, source.mapping)


def _rows(stream: BinaryIO, head: bytes, start: str, mapping: Mapping) -> Iterator[Row]:
    if head.startswith(b"PK\x03\x04"):
        return xlsx_rows(stream, mapping)
    if start in ("{", "["):
        return json_rows(stream, mapping)
    return csv_rows(stream, head, mapping)


def _received_all(rows: Iterator[Row], source: Source, mapping: Mapping) -> Iterator[Received]:
    for row in rows:
        if row.header:
            if reason := _lacking(row, mapping):
                yield Received("", reason=reason)
                return
        else:
            yield _received(row, source, mapping)


def _lacking(header: Row, mapping: Mapping) -> str:
    """Why this header does not fit the mapping, "" when it does."""
    paths = [column for _, column in _columns(mapping)]
    missing = [
        path for path in paths if not any(part.name in header.cells for part in parsed(path))
    ]
    if not missing:
        return ""
    if len(header.cells) == 1:
        return f"Une seule colonne : le séparateur n'est sans doute pas « {mapping.delimiter} »."
    return f"Colonnes absentes : {', '.join(missing)}. Colonnes lues : {_list(header)}."


def _list(header: Row) -> str:
    names = list(header.cells)
    return ", ".join(name[:40] for name in names[:20]) + (", …" if len(names) > 20 else "")


# --- XML ----------------------------------------------------------------------------------------


def _xml(stream: BinaryIO, source: Source, mapping: Mapping) -> Iterator[Received]:
    if not mapping.rows:
        yield Received("", reason="La page de la source ne nomme pas l'élément XML d'une ligne.")
        return
    head, stream = looked_at(stream)
    how = reading(head)
    if how.reason:
        yield Received("", reason=how.reason)
        return
    if how.remarks:
        # Without its declaration, which is wrong, libxml2 reads the document as UTF-8.
        stream = rewound(_PROLOGUE.sub(lambda found: b" " * len(found[0]), head), stream, len(head))
    remarks = how.remarks
    for received in read_each(stream, ("{*}" + mapping.rows,), _reader(source, mapping)):
        yield Received(
            received.position, received.notice, received.reason, (*remarks, *received.remarks)
        )
        remarks = ()


def _reader(source: Source, mapping: Mapping) -> Callable[[Element, str], Received]:
    def reader(element: Element, position: str) -> Received:
        if next(element.iter(etree.Entity), None) is not None:
            return Received(position, reason="Entité XML non remplacée : texte incomplet.")
        cells: dict[str, list[str]] = {}
        _flatten("", element, cells)
        return _received(Row(position, cells), source, mapping)

    return reader


def _flatten(path: str, element: Element, cells: dict[str, list[str]]) -> None:
    """Depth is bounded by libxml2 (256)."""
    for name, value in element.attrib.items():
        if not str(name).startswith(_SCHEMA_INSTANCE):
            cells.setdefault(f"{path}@{etree.QName(name).localname}", []).append(str(value))
    children = list(element.iterchildren("*"))
    written = (element.text or "").strip()
    if path and (written or not (children or element.attrib)):
        cells.setdefault(path, []).append(written)
    for child in children:
        name = etree.QName(child).localname
        named = f"{child.prefix}:{name}" if child.prefix else name
        _flatten(f"{path}.{named}" if path else named, child, cells)


# --- columns ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    pattern: re.Pattern[str] | None


@lru_cache(maxsize=1_000)
def parsed(path: str) -> tuple[_Column, ...]:
    """The alternatives of one column of a mapping, in order."""
    columns = []
    for part in path.split(" | "):
        name, _, pattern = part.partition(" ~ ")
        columns.append(_Column(name.strip(), re.compile(pattern, re.S) if pattern else None))
    return tuple(columns)


_FIELDS = (
    "language", "kind", "process", "buyer", "country", "place", "published", "deadline",
    "amount", "currency", "url",
)  # fmt: skip


def _columns(mapping: Mapping) -> Iterator[tuple[str, str]]:
    """(field, column) of all that the mapping uses."""
    for field in ("key", "title", "body"):
        yield from ((field, column) for column in getattr(mapping, field))
    yield from ((field, getattr(mapping, field)) for field in _FIELDS if getattr(mapping, field))
    yield from (("codes", column) for column in mapping.codes.values())


@lru_cache(maxsize=1_000)
def _known(columns: tuple[str, ...], ignored: tuple[str, ...]) -> frozenset[str]:
    return frozenset(part.name for path in columns for part in parsed(path)) | frozenset(ignored)


def _unknown(row: Row, mapping: Mapping) -> tuple[str, ...]:
    """Columns that the page does not name, neither themselves nor what holds them."""
    known = _known(tuple(column for _, column in _columns(mapping)), mapping.ignored)
    return tuple(name for name in row.cells if name not in known and not _is_inside(name, known))


def _is_inside(name: str, known: frozenset[str]) -> bool:
    return any(name[: found.start()] in known for found in _NAMES.finditer(name))


def _values(row: Row, path: str) -> list[str]:
    """The cells of the first alternative that has any, without those left blank."""
    for column in parsed(path) if path else ():
        cells = [cell.strip() for cell in row.cells.get(column.name, ())]
        if column.pattern is not None:
            matches = (column.pattern.fullmatch(cell) for cell in cells)
            cells = [found[1].strip() for found in matches if found]
        if any(cells):
            return [cell for cell in cells if cell]
    return []


def _joined(row: Row, paths: tuple[str, ...], between: str) -> str:
    return between.join(cell for path in paths for cell in _values(row, path))


# --- notice -------------------------------------------------------------------------------------


def _received(row: Row, source: Source, mapping: Mapping) -> Received:
    if row.reason:
        return Received(row.position, reason=row.reason, remarks=row.remarks)
    key, title = _joined(row, mapping.key, "-"), _joined(row, mapping.title, " – ")
    if not key:
        reason = f"Ligne sans identifiant ({', '.join(mapping.key)})."
        return Received(row.position, reason=reason, remarks=row.remarks)
    if not title:
        reason = f"Ligne sans titre ({', '.join(mapping.title)})."
        return Received(row.position, reason=reason, remarks=row.remarks)
    notice, remarks = _notice(row, source, mapping, key, title)
    return Received(row.position, notice, remarks=(*row.remarks, *remarks))


def _notice(
    row: Row, source: Source, mapping: Mapping, key: str, title: str
) -> tuple[Notice, tuple[Remark, ...]]:
    said = {field: _said(row, mapping, field) for field in _FIELDS}
    kind = said["kind"]
    stage = mapping.stages.get(kind, mapping.constants.get("stage", ""))
    known = not mapping.stages or kind in mapping.stages or bool(stage)
    remarks: tuple[Remark, ...] = () if known else (("type d'avis inconnu", kind or "(absent)"),)
    texts = (Text(title, _joined(row, mapping.body, "\n"), said.pop("language")),)
    amount, currency = said.pop("amount"), said.pop("currency")
    fields: dict[str, Any] = {
        **said,
        "stage": stage,
        "change": mapping.changes.get(kind, mapping.constants.get("change", "")),
        "amount": Amount(amount, currency) if amount else None,
    }
    fields["url"] = said["url"] or source.notice_url.replace("{key}", key)
    notice = Notice(
        source=source.name,
        key=key,
        texts=texts,
        codes=tuple(_codes(row, mapping)),
        unknown=_unknown(row, mapping),
        **fields,
    )
    return notice, remarks


def _said(row: Row, mapping: Mapping, field: str) -> str:
    found = _values(row, getattr(mapping, field))
    return found[0] if found else mapping.constants.get(field, "")


def _codes(row: Row, mapping: Mapping) -> Iterator[Code]:
    seen = set()
    for scheme, path in mapping.codes.items():
        cells = (part.strip() for cell in _values(row, path) for part in _cut(cell, mapping))
        for value in cells:
            if value and (scheme, value) not in seen:
                seen.add((scheme, value))
                yield Code(scheme, value)


def _cut(cell: str, mapping: Mapping) -> list[str]:
    return cell.split(mapping.separator) if mapping.separator else [cell]
