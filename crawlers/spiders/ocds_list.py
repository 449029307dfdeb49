"""OCDS publishers who list what they have: identifiers first, then each record."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from scrapy.http import Response

from crawlers.ask import Ask, Read, possible
from crawlers.paged import PagedSpider, at

_FIELD = re.compile(r"\{([\w.-]+)\}")


class OcdsListSpider(PagedSpider):
    """Pages of a list (``collect.paging``), then the address that ``collect.details`` makes of each
    item. An item without the fields it takes is told as missed."""

    name = "ocds_list"

    def first(self) -> tuple[Ask, ...]:
        """The first pages of the list."""
        return tuple(replace(ask, notices=False) for ask in super().first())

    def read(self, ask: Ask, answer: Response) -> Read:
        """A page of the list; records are for ingestion to read."""
        return Read() if ask.notices else super().read(ask, answer)

    def of_items(self, read: Read, items: list[Any]) -> Read:
        """The page after it, and a record for each item."""
        lists = (replace(one, notices=False) for one in read.follow)
        details, lost = possible(self._details(items))
        return replace(read, follow=(*lists, *details), lost=lost)

    def _details(self, rows: list[Any]) -> Iterator[dict[str, Any]]:
        version = self._paging().version
        for row in rows:
            said = str(at(row, version) or "") if version else ""
            # A row is no address: without its fields, it is told as it is.
            address = filled(self.order.collect.details, row) or str(row)
            yield {"address": address, "alone": True, "version": said, "conditional": not said}


def filled(template: str, row: Any) -> str | None:
    """An address with the fields of an item in their places, None when one of them is missing."""
    values = {name: at(row, name) for name in _FIELD.findall(template)}
    if not all(isinstance(value, str | int) and value != "" for value in values.values()):
        return None
    return _FIELD.sub(lambda found: quote(str(values[found[1]]), safe=""), template)
