"""Feeds of news to notices: RSS 2.0, RSS 1.0 and Atom, item by item.

The three are rows of the same columns, named in ``rss.yml``; a page's mapping says only what
differs. Standards: https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/,
RFC 4287.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, BinaryIO

import yaml
from lxml import etree

from ingest.feeds.mapped import completed, joined, received
from ingest.feeds.rows import Row
from ingest.feeds.xml import Element, words
from ingest.feeds.xml_rows import Cells, xml_rows
from ingest.notice import Received
from ingest.source import Mapping, Source

_ITEMS = ("item", "entry")
# A feed without news is a feed.
_FEEDS = ("rss", "RDF", "feed", "channel")
_BASE = "{http://www.w3.org/XML/1998/namespace}base"


def read(stream: BinaryIO, source: Source, name: str) -> Iterator[Received]:
    """The notices of a feed, or the reasons why not; never raises for what it holds."""
    mapping = mapping_of(source)
    for row in rows(stream, source):
        yield received(row, source, mapping)


@cache
def _table() -> dict[str, Any]:
    written: dict[str, Any] = yaml.safe_load(
        files("ingest.feeds").joinpath("rss.yml").read_text("utf-8")
    )
    return written


def mapping_of(source: Source) -> Mapping:
    """The columns of a feed, as the page of its source completes them."""
    return completed(Mapping.model_validate(_table()["mapping"]), source.mapping)


def rows(stream: BinaryIO, source: Source) -> Iterator[Row]:
    """The items of a feed; addresses relative to the feed are in full."""
    place = _Place(source.collect.address if source.collect else source.url)
    return xml_rows(stream, _ITEMS, place.cells, _FEEDS)


class _Place:
    """Where the items of a feed lie: what their relative addresses begin with."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._channel: str | None = None

    def cells(self, item: Element) -> Cells:
        """The columns of one item."""
        if self._channel is None:
            # What precedes the first item is gone when the next one is read.
            self._channel = _channel(item)
        cells: Cells = {}
        _flatten("", item, _namespace(item), cells)
        base = joined(self._address, self._channel, *_bases(item))
        for name in ("link", "feedburner:origLink"):
            if name in cells:
                cells[name] = [joined(base, link) for link in cells[name] if link]
        return cells


def _channel(item: Element) -> str:
    """The address of what the feed is about, "" when it does not say."""
    parent = item.getparent()
    around = parent if parent is not None else item
    # In RSS 1.0 the channel is a sibling of the items.
    for holder in (around, *around.iterchildren("{*}channel")):
        for link in holder.iterchildren("{*}link"):
            if link.get("rel", "alternate") in ("alternate", "self"):
                return (link.get("href") or words(link)).strip()
    return ""


def _bases(item: Element) -> list[str]:
    """The ``xml:base`` of an item and of what holds it, the outermost first."""
    holders = (item, *item.iterancestors())
    return [base for holder in holders if (base := holder.get(_BASE))][::-1]


def _namespace(element: Element) -> str:
    return etree.QName(element).namespace or ""


def _name(child: Element, home: str) -> str:
    """The column of a part; those of the item's own namespace need no prefix."""
    name, space = etree.QName(child).localname, _namespace(child)
    prefix = "" if space == home else _table()["namespaces"].get(space, child.prefix or "")
    return f"{prefix}:{name}" if prefix else name


def _flatten(path: str, element: Element, home: str, cells: Cells) -> None:
    """Depth is bounded by libxml2 (256)."""
    for name, value in element.attrib.items():
        cells.setdefault(f"{path}@{etree.QName(name).localname}", []).append(str(value))
    for child in element.iterchildren("*"):
        name = _name(child, home)
        named = f"{path}.{name}" if path else name
        if name == "link" and child.get("href"):
            other = child.get("rel", "alternate") != "alternate"
            cells.setdefault("links" if other else named, []).append(str(child.get("href")))
        elif child.get("type") == "xhtml":
            cells.setdefault(named, []).append(_markup(child))
        else:
            if written := (child.text or "").strip():
                cells.setdefault(named, []).append(written)
            _flatten(named, child, home, cells)


def _markup(element: Element) -> str:
    """What an element holds, as HTML that the cleaner understands."""
    copies = (etree.tostring(child, encoding="unicode") for child in element)
    return (element.text or "") + "".join(copies)
