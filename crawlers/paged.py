"""Reading a service page by page: each page of JSON holds notices and tells the next one."""

import hashlib
import json
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urljoin, urlsplit

from scrapy.http import Response

from crawlers.address import with_parameter
from crawlers.ask import Ask, PageError, Read
from crawlers.landing import Run
from crawlers.order import Order
from crawlers.walk import Walk
from ingest.collect import Paging

MAX_EMPTY = 3  # pages without any item, in a row


def parsed(body: bytes) -> Any:
    """A page of JSON. Raises ValueError.

    Not ``Response.json()``: it decodes with the charset of the headers, and JSON is UTF-8. A text
    badly encoded in one notice (Contracts Finder has some) must not hide where the next page is.
    """
    return json.loads(body.decode(json.detect_encoding(body), "replace"))


def at(page: Any, path: str) -> Any:
    """The value at a dotted path, the page itself at "", None where there is none."""
    for name in path.split(".") if path else ():
        page = page.get(name) if isinstance(page, dict) else None
    return page


def items_of(page: Any, paging: Paging) -> list[Any]:
    """The items of a page. Raises PageError when it has none of the lists."""
    if paging.feed and page == {}:
        return []
    lists = [found for path in paging.items if isinstance(found := at(page, path), list)]
    if not lists:
        raise PageError(f"none of {', '.join(paging.items)} in the page")
    return [item for found in lists for item in found]


def total(page: Any, paging: Paging) -> int | None:
    """Number of items in all pages, None when the page does not say (some write it as a word)."""
    said = at(page, paging.total) if paging.total else None
    if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < 10:
        return int(said)
    return said if type(said) is int else None


def next_address(page: Any, paging: Paging, address: str) -> str | None:
    """Address of the page after this one by its link or cursor, None on the last. Raises ValueError
    when it is unfit."""
    if paging.cursor:
        token = at(page, paging.cursor)
        if token is None or token == "":
            return None
        if not isinstance(token, str | int):
            raise PageError(f"the cursor is not a word: {str(token)[:100]}")
        return with_parameter(address, paging.parameter, str(token))
    link = at(page, paging.link) if paging.link else None
    if link is None or link == "":
        return None
    if not isinstance(link, str):
        raise PageError(f"the next page is not an address: {str(link)[:100]}")
    return urljoin(address, link.strip())


def counted_on(paging: Paging, address: str, items: int) -> str:
    """Address of the page after this one, by counting. Raises PageError when the address does not
    say where it starts."""
    said = dict(parse_qsl(urlsplit(address).query)).get(paging.parameter, "")
    if not (said.isascii() and said.isdigit()):
        raise PageError(f"no number {paging.parameter} in the address")
    step = items if paging.counts == "offset" else 1
    return with_parameter(address, paging.parameter, str(int(said) + step))


class PagedSpider(Walk):
    """A spider is a name and a Paging, or takes its Paging from the source's page."""

    accept = "application/json"
    paging: ClassVar[Paging | None] = None

    def __init__(self, order: Order, run: Run, **kwargs: Any) -> None:
        super().__init__(order, run, **kwargs)
        self.empty, self.seen = 0, b""

    def read(self, ask: Ask, answer: Response) -> Read:
        """The items of a page, and the page after it."""
        page, paging = parsed(answer.body), self._paging()
        found, declared = items_of(page, paging), total(page, paging)
        items = len(found)
        self.empty = 0 if items else self.empty + 1
        if paging.counts:
            done = not items or self._reached(declared, items)
            address = None if done else counted_on(paging, answer.url, items)
        elif paging.feed and not items:
            address = None
        else:
            address = next_address(page, paging, answer.url)
        follow = () if address is None else (self._go_on(address, answer.body),)
        keys = (at(item, paging.key) or f"{answer.url}#{n}" for n, item in enumerate(found))
        read = Read(items, tuple(map(str, keys)) if paging.key else (), declared, follow)
        return self.of_items(read, found)

    def of_items(self, read: Read, items: list[Any]) -> Read:
        """What a page says, once its items are looked at. Raises ValueError."""
        return read

    def _paging(self) -> Paging:
        paging = self.order.collect.paging or self.paging
        if paging is None:
            raise PageError("the page of the source does not say how the service cuts its answers")
        return paging

    def _reached(self, declared: int | None, items: int) -> bool:
        return declared is not None and self.run.journal.items + items >= declared

    def _go_on(self, address: str, body: bytes) -> Ask:
        """The next page. Raises PageError when pages turn in circles or bring nothing."""
        ask, seen = self.unread(Ask(address)), hashlib.sha256(body).digest()
        if seen == self.seen:
            raise PageError(f"{address} was read before", "loop")
        if self.empty >= MAX_EMPTY:
            raise PageError(f"{MAX_EMPTY} empty pages before {address}", "empty")
        self.seen = seen
        return ask
