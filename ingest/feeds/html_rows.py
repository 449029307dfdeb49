"""Rows out of a page of HTML: the elements that an XPath finds, and what XPaths find in each.

The columns of a row are XPaths from its element ("td[2]", ".//h2/a/@href"): the page of a source
names them, and nothing else of the row is read. Pages are the published lists of a portal, some
megabytes at most: they are held in memory, where a tree is needed.
"""

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any, BinaryIO, cast

from lxml import etree

from ingest.encoding import looked_at, reading
from ingest.feeds.rows import Row
from ingest.feeds.xml import Element

LARGEST = 32_000_000  # bytes; a list of 4,050 notices has 3.8 million


def html_rows(stream: BinaryIO, rows: str, columns: Collection[str]) -> Iterator[Row]:
    """The rows of a page; none when it lists nothing. Never raises for its content."""
    head, stream = looked_at(stream)
    page = stream.read(LARGEST + 1)
    if len(page) > LARGEST:
        yield Row("", reason=f"Page HTML de plus de {LARGEST // 1_000_000} Mo.")
        return
    how = reading(head)
    text = page[how.mark :].decode(how.encoding or "cp1252", "replace")
    for number, element in enumerate(found(text, rows), 1):
        cells = ((column, _cells(element, column)) for column in columns)
        yield Row(f"ligne {number}", {column: words for column, words in cells if words})


def found(page: str, path: str) -> list[Element]:
    """The elements of a page at an XPath; none when it is no page at all."""
    # HTML has no entities of its own to fetch; libxml2 ends at a NUL, and builds no tree that is
    # too deep.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True)
    root = etree.HTML(page.replace("\0", "\ufffd").encode(), parser)
    return [] if root is None else cast("list[Element]", _xpath(path)(root))


@lru_cache(maxsize=1_000)
def _xpath(path: str) -> etree.XPath:
    return etree.XPath(path)


def _cells(element: Element, column: str) -> list[str]:
    """The words at a column of a row, one text for each element or attribute."""
    result = _xpath(column)(element)
    return [_words(one) for one in result] if isinstance(result, list) else [str(result)]


def _words(one: Any) -> str:
    if isinstance(one, Element):
        etree.strip_elements(one, "script", "style", with_tail=False)
        one = one.xpath("string()")  # without the comments
    return " ".join(str(one).split())
