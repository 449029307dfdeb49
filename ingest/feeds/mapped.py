"""Rows to notices, by the mapping of the source's page.

A column of the mapping is a name, a dotted path into JSON and XML ("Notice.Title", an attribute
after "@"), or an XPath in pages of HTML. Three things may be added to it: « | » gives another
column for when the first is empty ("Parent CN ID | CN ID"); « ~ » a pattern that a cell must match
whole, of which the first group is kept ("category ~ CPV/([0-9]+)"); « + » a column to put after it
("Date + Hour").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

from ingest.encoding import Remark
from ingest.feeds.rows import Row
from ingest.notice import Amount, Code, Notice, Received, Text
from ingest.source import FIELDS, Mapping, Source, Wording, alternatives, paths

_NAMES = re.compile(r"[.@]")
# What an address within its own site begins with. "www.exemple.test" is a host without its scheme.
_RELATIVE = re.compile(r"\.{0,2}/|\?")

# --- columns ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    pattern: re.Pattern[str] | None


@lru_cache(maxsize=1_000)
def parsed(path: str) -> tuple[_Column, ...]:
    """The alternatives of one column of a mapping, in order."""
    return tuple(
        _Column(name, re.compile(pattern, re.S) if pattern else None)
        for name, pattern in alternatives(path)
    )


def columns(mapping: Mapping) -> Iterator[tuple[str, str]]:
    """(field, column as the page writes it) of all that the mapping uses."""
    for field in ("key", "title", "body", "translations", *FIELDS, "codes"):
        yield from ((field, path) for path in paths(getattr(mapping, field)))


@lru_cache(maxsize=1_000)
def _known(columns: tuple[str, ...], ignored: tuple[str, ...]) -> frozenset[str]:
    return frozenset(part.name for path in columns for part in parsed(path)) | frozenset(ignored)


def named(mapping: Mapping) -> frozenset[str]:
    """All the columns that the page names, those it ignores among them."""
    return _known(tuple(column for _, column in columns(mapping)), mapping.ignored)


def unknown(row: Row, mapping: Mapping) -> tuple[str, ...]:
    """Columns that the page does not name, neither themselves nor what holds them."""
    known = named(mapping)
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


def lacking(header: Row, mapping: Mapping) -> str:
    """Why this header does not fit the mapping, "" when it does."""
    missing = [
        path
        for _, path in columns(mapping)
        if not any(part.name in header.cells for part in parsed(path))
    ]
    if not missing:
        return ""
    if len(header.cells) == 1:
        return f"Une seule colonne : le séparateur n'est sans doute pas « {mapping.delimiter} »."
    return f"Colonnes absentes : {', '.join(missing)}. Colonnes lues : {_list(header)}."


def _list(header: Row) -> str:
    names = list(header.cells)
    return ", ".join(name[:40] for name in names[:20]) + (", …" if len(names) > 20 else "")


def completed(builtin: Mapping, page: Mapping | None) -> Mapping:
    """The mapping that a format brings, with what the page of a source says otherwise; what either
    of them ignores is ignored."""
    if page is None:
        return builtin
    said = {field: getattr(page, field) for field in page.model_fields_set}
    return builtin.model_copy(update=said | {"ignored": (*builtin.ignored, *page.ignored)})


# --- notice -------------------------------------------------------------------------------------


def received(row: Row, source: Source, mapping: Mapping) -> Received:
    """The notice that a row tells, or the reason why it tells none."""
    if row.reason:
        return Received(row.position, reason=row.reason, remarks=row.remarks)
    key = _joined(row, mapping.key, "-")
    if not key:
        reason = f"Ligne sans identifiant ({', '.join(mapping.key)})."
        return Received(row.position, reason=reason, remarks=row.remarks)
    texts = tuple(_texts(row, mapping))
    if not texts:
        reason = f"Ligne sans titre ({', '.join(mapping.title)})."
        return Received(row.position, reason=reason, remarks=row.remarks)
    notice, remarks = _notice(row, source, mapping, key, texts)
    return Received(row.position, notice, remarks=(*row.remarks, *remarks))


def _notice(
    row: Row, source: Source, mapping: Mapping, key: str, texts: tuple[Text, ...]
) -> tuple[Notice, tuple[Remark, ...]]:
    said = {field: _said(row, mapping, field) for field in FIELDS if field != "language"}
    kind = said["kind"]
    stage = mapping.stages.get(kind, mapping.constants.get("stage", ""))
    known = not mapping.stages or kind in mapping.stages or bool(stage)
    remarks: tuple[Remark, ...] = () if known else (("type d'avis inconnu", kind or "(absent)"),)
    amount, currency = said.pop("amount"), said.pop("currency")
    fields: dict[str, Any] = {
        **said,
        "stage": stage,
        "change": mapping.changes.get(kind, mapping.constants.get("change", "")),
        "amount": Amount(amount, currency) if amount else None,
    }
    fields["url"] = address(said["url"], source) or source.notice_url.replace("{key}", key)
    notice = Notice(
        source=source.name,
        key=key,
        texts=texts,
        codes=tuple(_codes(row, mapping)),
        unknown=unknown(row, mapping),
        **fields,
    )
    return notice, remarks


def text_of(row: Row, mapping: Mapping) -> Text:
    """The title and the body of a row, and their language as written."""
    return _text(row, mapping, _said(row, mapping, "language"))


def _texts(row: Row, mapping: Mapping) -> Iterator[Text]:
    """What the row says, in each language in which it has a title."""
    other = (_text(row, words, language) for language, words in mapping.translations.items())
    yield from (text for text in (text_of(row, mapping), *other) if text.title)


def _text(row: Row, words: Mapping | Wording, language: str) -> Text:
    return Text(_joined(row, words.title, " – "), _joined(row, words.body, "\n"), language)


def address(written: str, source: Source) -> str:
    """An address as written; one within the site of its source, in full."""
    home = source.collect.address if source.collect else source.url
    return joined(home, written) if _RELATIVE.match(written) else written


def joined(*addresses: str) -> str:
    """The last address, in full where it is relative to those before it; one that cannot be read
    ("http://[") is left as it is."""
    address = ""
    for following in addresses:
        try:
            address = urljoin(address, following.strip())
        except ValueError:
            address = following
    return address


def _said(row: Row, mapping: Mapping, field: str) -> str:
    parts = (_values(row, path) for path in paths(getattr(mapping, field)))
    found = " ".join(cells[0] for cells in parts if cells)
    return found or mapping.constants.get(field, "")


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
