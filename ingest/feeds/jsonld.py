"""Linked data to notices: each schema.org/Demand of a page of HTML, or of a document of JSON-LD.

Demands are rows of the columns named in ``jsonld.yml``, dotted paths into the demand; a page's
mapping says only what differs. Contact persons are never read. Standards: https://schema.org/Demand,
JSON-LD 1.1.
"""

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, BinaryIO

import yaml

from ingest.encoding import Remark, looked_at, reading
from ingest.feeds.demands import Cells, Demand, cells_of, demands, languages, nodes
from ingest.feeds.html import html_page
from ingest.feeds.json_items import Item, items
from ingest.feeds.mapped import completed, received, text_of
from ingest.feeds.rows import Row
from ingest.notice import Received
from ingest.source import Mapping, Source

# How far into a document the parts are looked for to which demands refer by their ``@id``.
REFERRED = 4_000_000

# What pages write around a block for browsers of the last century.
_WRAPPING = re.compile(r"\A\s*(?://\s*)?(?:<!\[CDATA\[|<!--)|(?://\s*)?(?:\]\]>|-->)[\s;]*\Z")


@dataclass(frozen=True, slots=True)
class _Told:
    """A demand as a row, and as rows in its other languages."""

    row: Row
    others: tuple[Row, ...] = ()


def read(stream: BinaryIO, source: Source, name: str) -> Iterator[Received]:
    """The notices of a document, one a demand, or the reasons why not; never raises for what it
    holds. A document without any demand gives nothing."""
    mapping = mapping_of(source)
    for told in _told(stream, source):
        one = received(told.row, source, mapping)
        texts = tuple(text_of(row, mapping) for row in told.others)
        if one.notice is not None and texts:
            spoken = tuple(text for text in texts if text.title)
            one = replace(one, notice=replace(one.notice, texts=(*one.notice.texts, *spoken)))
        yield one


def rows(stream: BinaryIO, source: Source) -> Iterator[Row]:
    """The demands of a document, each in the first of its languages."""
    return (told.row for told in _told(stream, source))


@cache
def _table() -> dict[str, Any]:
    text = files("ingest.feeds").joinpath("jsonld.yml").read_text("utf-8")
    written: dict[str, Any] = yaml.safe_load(text)
    return written


@cache
def _persons() -> frozenset[str]:
    return frozenset(_table()["persons"])


@cache
def _schemes() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(words, re.I) for name, words in _table()["schemes"].items()}


def mapping_of(source: Source) -> Mapping:
    """The columns of a demand, as the page of its source completes them."""
    return completed(Mapping.model_validate(_table()["mapping"]), source.mapping)


def _told(stream: BinaryIO, source: Source) -> Iterator[_Told]:
    head, stream = looked_at(stream)
    start = head.decode(reading(head).encoding or "utf-8", "replace").lstrip("\ufeff \t\r\n")[:1]
    home = source.collect.address if source.collect else source.url
    return _of_html(stream, home) if start == "<" else _of_json(stream, home)


# --- documents ----------------------------------------------------------------------------------


def _of_json(stream: BinaryIO, home: str) -> Iterator[_Told]:
    lists = tuple((name,) for name in _table()["lists"])
    head, stream = looked_at(stream, REFERRED)
    known = nodes(item.value for item in items(io.BytesIO(head), lists))
    for item in items(stream, lists):
        yield from _in_item(item, known, home, "")


def _of_html(stream: BinaryIO, home: str) -> Iterator[_Told]:
    page = html_page(stream)
    found = [item for number, block in enumerate(page.blocks, 1) for item in _block(number, block)]
    known = nodes(item.value for item in found)
    remarks = page.remarks
    for item in _readable(found, page.blocks):
        for told in _in_item(item, known, home, page.address):
            yield _Told(replace(told.row, remarks=(*remarks, *told.row.remarks)), told.others)
            remarks = ()
    if page.reason:
        yield _Told(Row("", reason=page.reason, remarks=remarks))


def _block(number: int, text: str) -> Iterator[Item]:
    """The values in one block of a page."""
    data = _WRAPPING.sub("", text).encode()
    for item in items(io.BytesIO(data), ()) if data.strip() else ():
        place = f"bloc JSON-LD {number}"
        yield replace(item, position=f"{place}, {item.position}" if item.position else place)


def _readable(found: list[Item], blocks: tuple[str, ...]) -> Iterator[Item]:
    """The values, and those unreadable ones that may have been a demand: the blocks of a page also
    tell its menu, and a slip in them loses nothing."""
    mute = not any("Demand" in block for block in blocks)
    for item in found:
        number = int(re.findall(r"\d+", item.position)[0])
        if not item.reason or mute or "Demand" in blocks[number - 1]:
            yield item


# --- demands ------------------------------------------------------------------------------------


def _in_item(item: Item, known: dict[str, Any], home: str, page: str) -> Iterator[_Told]:
    remarks: tuple[Remark, ...] = item.remarks
    if item.reason:
        yield _Told(Row(item.position, reason=item.reason, remarks=remarks))
        return
    for demand in demands(item.value):
        position = " ".join(filter(None, (item.position, demand.place)))
        made = [Row(position, cells) for cells in _in_languages(demand, known, home, page)]
        yield _Told(replace(made[0], remarks=remarks), tuple(made[1:]))
        remarks = ()


def _in_languages(demand: Demand, known: dict[str, Any], home: str, page: str) -> Iterable[Cells]:
    for language in languages(demand.value) or [""]:
        yield cells_of(demand, language, known, _persons(), _schemes(), (home, page))
