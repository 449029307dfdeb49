"""Any portal whose notices are a list in HTML, on one page or on several that lead to each other.

The rows are where the mapping of the source's page says (``rows``, ``key``): what the crawl counts
is what ingestion will read.
"""

from urllib.parse import urljoin

from scrapy import Selector
from scrapy.http import Response

from crawlers.ask import Ask, PageError, Read
from crawlers.walk import Walk
from ingest.source import alternatives


class ListSpider(Walk):
    """``collect.paging.link`` is the XPath of the next page's address; a page without rows is no
    end, but a portal that answers something else."""

    name = "list"
    accept = "text/html"

    def first(self) -> tuple[Ask, ...]:
        """The first page; the only one, unless it is the same as the last time."""
        alone = self.order.collect.paging is None
        return (Ask(self.order.address, suffix="html", conditional=alone),)

    def read(self, ask: Ask, answer: Response) -> Read:
        """The notices of a page, and the page after it."""
        page = Selector(text=answer.body.decode("utf-8", "replace") or "<p>")
        keys = self._keys(page)
        if not keys:
            raise PageError("no list in the page")
        paging = self.order.collect.paging
        link = page.xpath(paging.link).get() if paging else None
        if link is None:
            return Read(len(keys), keys)
        following = self.unread(Ask(urljoin(ask.address, link.strip()), suffix="html"))
        return Read(len(keys), keys, follow=(following,))

    def _keys(self, page: Selector) -> tuple[str, ...]:
        mapping = self.order.source.mapping
        if mapping is None:
            raise PageError("the page of the source does not say where the rows are")
        (name, _), *_ = alternatives(mapping.key[0])
        return tuple(key for row in page.xpath(mapping.rows) if (key := row.xpath(name).get()))
