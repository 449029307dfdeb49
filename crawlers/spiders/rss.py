"""A feed of news, RSS or Atom, and the pages of it that are linked one to the next."""

from collections.abc import Iterator
from urllib.parse import urljoin

from lxml import etree
from scrapy.http import Response

from crawlers.ask import Ask, PageError, Read
from crawlers.markup import day, tree, words
from crawlers.walk import Walk

_NAMES, _DATES = ("guid", "id", "link"), ("updated", "pubDate", "date", "published", "modified")
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"


def _next(root: etree._Element) -> Iterator[str]:
    for link in root.iter("{http://www.w3.org/2005/Atom}link"):
        if link.get("rel") == "next" and link.get("href"):
            yield link.get("href", "")


class RssSpider(Walk):
    """The feed, unless it is the same as the last time; then its ``rel="next"`` (RFC 5005), as long
    as a page holds something of the dates asked for."""

    name = "rss"
    seen: tuple[str, ...] = ()
    accept = "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.1"

    def first(self) -> tuple[Ask, ...]:
        """The feed."""
        return (Ask(self.order.address, suffix="xml", conditional=True),)

    def read(self, ask: Ask, answer: Response) -> Read:
        """Its items, and the page after it."""
        root = tree(answer.body, ("rss", "RDF", "feed"))
        items = list(root.iter("{*}item", "{*}entry"))
        keys = tuple(item.get(_ABOUT) or words(item, *_NAMES) for item in items)
        days = [day(words(item, *_DATES)) for item in items]
        address = next(_next(root), None)
        old = all(one is not None and one < self.order.since for one in days)
        follow = () if address is None or old else (self._page(urljoin(answer.url, address), keys),)
        return Read(len(items), keys if all(keys) else (), follow=follow)

    def _page(self, address: str, keys: tuple[str, ...]) -> Ask:
        """The page after one with these items. Raises PageError when pages turn in circles."""
        ask = self.unread(Ask(address, suffix="xml"))
        if keys == self.seen:
            raise PageError(f"{address} was read before", "loop")
        self.seen = keys
        return ask
