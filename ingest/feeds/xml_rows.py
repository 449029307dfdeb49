"""Rows out of XML: the elements of one name, their parts as dotted columns."""

import re
from collections.abc import Callable, Collection, Iterator
from typing import BinaryIO

from lxml import etree

from ingest.encoding import looked_at, reading, rewound
from ingest.feeds.rows import Row
from ingest.feeds.xml import Element, elements, position

Cells = dict[str, list[str]]

_PROLOGUE = re.compile(rb"^\s*<\?xml[^>]{0,300}\?>")
_SCHEMA_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"


def xml_rows(
    stream: BinaryIO,
    names: Collection[str],
    cells: Callable[[Element], Cells],
    empty: Collection[str] = (),
) -> Iterator[Row]:
    """A row for each element of one of these local names, in any namespace.

    cells: what the columns of an element hold. empty: see ``xml.elements``.
    """
    head, stream = looked_at(stream)
    how = reading(head)
    if how.reason:
        yield Row("", reason=how.reason)
        return
    if how.remarks:
        # Without its declaration, which is wrong, libxml2 reads the document as UTF-8.
        stream = rewound(_PROLOGUE.sub(lambda found: b" " * len(found[0]), head), stream, len(head))
    remarks = how.remarks
    for one in elements(stream, tuple("{*}" + name for name in names), empty):
        if isinstance(one, str):
            yield Row("", reason=one, remarks=remarks)
        elif next(one.iter(etree.Entity), None) is not None:
            reason = "Entité XML non remplacée : texte incomplet."
            yield Row(position(one), reason=reason, remarks=remarks)
        else:
            yield Row(position(one), cells(one), remarks=remarks)
        remarks = ()


def as_written(element: Element) -> Cells:
    """The parts of an element, by the names and prefixes of the document."""
    found: Cells = {}
    _flatten("", element, found)
    return found


def _flatten(path: str, element: Element, cells: Cells) -> None:
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
