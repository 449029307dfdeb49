"""Catalogues of files: whatever the form of the list, the addresses of the files are in it."""

import re
from calendar import monthrange
from datetime import date
from html import unescape

from scrapy.http import Response

from crawlers.ask import Ask, Read, possible
from crawlers.spiders.files import suffix
from crawlers.walk import Walk

_ADDRESS = re.compile(r"https?://[^\s\"'<>\\]+")


class CatalogueSpider(Walk):
    """A list (CKAN, RSS, any text), then the files whose address ``collect.details`` matches. Its
    groups year, month and day, where it has them, tell the last day that a file covers: those that
    end before the dates asked for are left."""

    name = "catalogue"

    def first(self) -> tuple[Ask, ...]:
        """The list."""
        return tuple(
            Ask(address, notices=False, suffix=suffix(address))
            for address in self.order.addresses()
        )

    def read(self, ask: Ask, answer: Response) -> Read:
        """The files of the list."""
        if ask.notices:
            return Read()
        # JSON may write each "/" as "\\/", XML each "&" as "&amp;".
        text = unescape(answer.body.decode("utf-8", "replace").replace("\\/", "/"))
        files = tuple(filter(self._wanted, dict.fromkeys(_ADDRESS.findall(text))))
        asked = {"alone": True, "conditional": True}
        follow, lost = possible({"address": one, "suffix": suffix(one), **asked} for one in files)
        return Read(len(files), files, follow=follow, lost=lost)

    def _wanted(self, address: str) -> bool:
        found = re.search(self.order.collect.details, address)
        return found is not None and ends(found.groupdict()) >= self.order.since


def ends(named: dict[str, str | None]) -> date:
    """The last day of a day, a month or a year; the end of time when there is none of these."""
    try:
        year, month = int(named.get("year") or ""), int(named.get("month") or 12)
        return date(year, month, int(named.get("day") or monthrange(year, month)[1]))
    except ValueError:
        return date.max
