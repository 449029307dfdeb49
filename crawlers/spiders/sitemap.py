"""The pages that a site lists for robots: robots.txt, sitemaps of sitemaps, sitemaps, pages."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from scrapy.http import Response

from crawlers.ask import Ask, PageError, Read, possible
from crawlers.markup import listing, sitemaps, tree, unpacked
from crawlers.walk import Walk

MAX_LISTS = 1_000  # sitemaps of one site; a site of 50 million pages has as many
_SUFFIXES = {"gz": "gz", "txt": "txt"}  # of lists; all others are XML
_PAGE: dict[str, Any] = {"alone": True, "suffix": "html", "conditional": True}


def _list(address: str) -> Ask:
    return Ask(address, notices=False, suffix=_SUFFIXES.get(address.rpartition(".")[2], "xml"))


class SitemapSpider(Walk):
    """Pages whose address matches ``details``, but those too old or unchanged.
    Standard: https://www.sitemaps.org/protocol.html. No other link is followed."""

    name = "sitemap"
    lists = 0

    def first(self) -> tuple[Ask, ...]:
        """robots.txt, or a sitemap."""
        return (_list(self.order.address),)

    def read(self, ask: Ask, answer: Response) -> Read:
        """Lists only: pages are for ingestion to read."""
        if ask.notices:
            return Read()
        body = unpacked(answer.body, self.order.collect.max_mb * 1024 * 1024)
        if answer.url.endswith("/robots.txt"):
            return Read(follow=self._lists(answer.url, sitemaps(body)))
        root = tree(body, ("sitemapindex", "urlset"))
        listed = listing(root, self.order.since)
        if str(root.tag).endswith("sitemapindex"):
            return Read(follow=self._lists(answer.url, [address for address, _ in listed]))
        pages, lost = possible(self._pages(answer.url, listed))
        return Read(len(pages), tuple(page.address for page in pages), follow=pages, lost=lost)

    def _pages(self, home: str, listed: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
        # A day that is not over may see another change, under the same date.
        today = self.order.until.isoformat()
        for address, changed in listed:
            if re.search(self.order.collect.details, address):
                version = changed if len(changed) > 10 or changed < today else ""
                yield {"address": urljoin(home, address), "version": version, **_PAGE}

    def _lists(self, home: str, addresses: list[str]) -> tuple[Ask, ...]:
        self.lists += len(addresses)
        if self.lists > MAX_LISTS:
            raise PageError(f"more than {MAX_LISTS} sitemaps", "endless")
        return tuple(_list(urljoin(home, address)) for address in addresses)
