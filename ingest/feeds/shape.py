"""The shape of a table nobody described: its separator and header, or where its rows are."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, BinaryIO, cast

from lxml import etree

from ingest.document import Document
from ingest.encoding import looked_at, reading
from ingest.feeds.json_items import items
from ingest.feeds.xml import Element, local
from ingest.source import Mapping

_PROLOGUE = re.compile(r"^\s*<\?xml[^>]{0,300}\?>")
_DELIMITERS = ",;\t|"
_LINES = 30  # of a CSV, looked at
# Where services put their rows, in a document too large to be held whole.
_USUAL = ("data", "results", "items", "records", "rows", "value", "notices", "tenders", "avis")


def shape(document: Document) -> Mapping:
    """A mapping that says where the rows are, and nothing of their columns. Raises DocumentError
    when the document cannot be opened or read."""
    with document.open() as stream:
        head, stream = looked_at(stream)
        how = reading(head)
        text = head[how.mark :].decode(how.encoding or "utf-8", "replace")
        start = text.lstrip()[:1]
        if head.startswith(b"PK\x03\x04"):
            return Mapping()
        if start in ("{", "["):
            return Mapping(rows=_json_rows(stream))
        if start == "<":
            return Mapping(rows=_xml_rows(text))
        return _csv_shape(text.splitlines()[:_LINES])


# --- CSV ----------------------------------------------------------------------------------------


def _csv_shape(lines: list[str]) -> Mapping:
    """The separator that cuts most lines in as many cells, and the lines before the first."""
    best = (0, 0, 0, ",")
    for rank, delimiter in enumerate(_DELIMITERS):
        widths = _widths(lines, delimiter)
        if not widths:
            continue
        [(width, times)] = Counter(width for _, width in widths).most_common(1)
        skip = next(line for line, found in widths if found == width)
        if width > 1:
            best = max(best, (times * width, -skip, -rank, delimiter))
    return Mapping(delimiter=best[3], skip=-best[1])


def _widths(lines: list[str], delimiter: str) -> list[tuple[int, int]]:
    """(lines before it, cells) of each record that is not blank."""
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter)
    found, before = [], 0
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                found.append((before, len(record)))
            before = reader.line_num
    except csv.Error:
        return found
    return found


# --- JSON ---------------------------------------------------------------------------------------


def _json_rows(stream: BinaryIO) -> str:
    """The path of the longest array of objects; "" when the rows are the document's own items."""
    first = list(islice(items(stream, ()), 2))
    if len(first) == 1 and isinstance(first[0].value, dict) and not first[0].position:
        arrays = sorted(_arrays(first[0].value), key=lambda one: (-one[1], one[0].count(".")))
        return arrays[0][0] if arrays else ""
    if first and first[0].reason and not first[0].position:
        return _USUAL[0]
    return ""


def _arrays(value: dict[str, Any], path: str = "") -> Iterator[tuple[str, int]]:
    """(path, length) of the arrays of objects, but those inside the rows of another."""
    for name, one in value.items():
        here = f"{path}.{name}" if path else name
        if isinstance(one, dict):
            yield from _arrays(one, here)
        elif isinstance(one, list) and any(isinstance(row, dict) for row in one):
            yield here, len(one)


# --- XML ----------------------------------------------------------------------------------------


def _xml_rows(text: str) -> str:
    """The name of the outermost elements that come again and have parts; "" when there is none."""
    parser = etree.XMLPullParser(events=("start",), resolve_entities=False, no_network=True)
    depths: Counter[tuple[int, str]] = Counter()
    parts: Counter[str] = Counter()
    with suppress(etree.XMLSyntaxError):  # the beginning of a document is never whole
        parser.feed(_PROLOGUE.sub("", text).encode())
    for _, element in cast("Iterator[tuple[str, Element]]", parser.read_events()):
        above = list(element.iterancestors())
        depths[len(above), local(element)] += 1
        if above:
            parts[local(above[0])] += 1
    inside = [(depth, -times, name) for (depth, name), times in depths.items() if depth]
    rows = [one for one in inside if parts[one[2]]]
    return min([one for one in rows if one[1] < -1] or rows, default=(0, 0, ""))[2]
