"""Reading a service page by page: land each body, then look for the next page in it."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawlers.landing import Run
from ingest.source import Source, SourceError

MAX_EMPTY = 3  # pages without any item, in a row
MAX_ADDRESS = 2083  # characters; beyond it, Scrapy drops the request in silence
ADDRESS = re.compile(r"https?://[^\s/]+\S*")

# What went wrong: exception, words of its message, HTTP status → key of landing.REASONS.
FAULTS: tuple[tuple[type[Exception], str, tuple[int, ...], str], ...] = (
    (HttpError, "", (403, 429), "refused"),
    (HttpError, "", (), "unavailable"),
    (IgnoreRequest, "robots.txt", (), "robots"),
    (IgnoreRequest, "max redirections", (), "redirects"),
    (IgnoreRequest, "exceeded DOWNLOAD_MAXSIZE", (), "oversize"),
    (DownloadCancelledError, "", (), "oversize"),
)


class PageError(ValueError):
    """A page that cannot be read on."""


@dataclass(frozen=True, slots=True)
class Paging:
    """How a service cuts its answers. Every field but ``parameter`` is a dotted path in a page.

    link: address of the next page; absent, null or "" on the last one.
    cursor: token of the next page, to be put in the query ``parameter`` of the address.
    items: lists of items; a page has at least one of them.
    total: number of items in all pages together, where the service counts them.
    """

    items: tuple[str, ...]
    link: str = ""
    cursor: str = ""
    parameter: str = ""
    total: str = ""


def at(page: Any, path: str) -> Any:
    """The value at a dotted path, None where there is none."""
    for name in path.split("."):
        page = page.get(name) if isinstance(page, dict) else None
    return page


def count(page: Any, paging: Paging) -> int:
    """Number of items in a page. Raises PageError when it has none of the lists."""
    lists = [found for path in paging.items if isinstance(found := at(page, path), list)]
    if not lists:
        raise PageError(f"none of {', '.join(paging.items)} in the page")
    return sum(map(len, lists))


def next_address(page: Any, paging: Paging, address: str) -> str | None:
    """Address of the page after this one, None on the last. Raises ValueError when it is unfit."""
    if paging.cursor:
        return _with_cursor(at(page, paging.cursor), paging.parameter, address)
    link = at(page, paging.link)
    if link is None or link == "":
        return None
    if not isinstance(link, str):
        raise PageError(f"the next page is not an address: {str(link)[:100]}")
    following = urljoin(address, link.strip())
    if len(following) > MAX_ADDRESS:
        raise PageError(f"the next address has {len(following)} characters")
    return following


def _with_cursor(token: Any, parameter: str, address: str) -> str | None:
    if token is None or token == "":
        return None
    if not isinstance(token, str | int):
        raise PageError(f"the cursor is not a word: {str(token)[:100]}")
    parts = urlsplit(address)
    query = [(name, value) for name, value in parse_qsl(parts.query, True) if name != parameter]
    return parts._replace(query=urlencode([*query, (parameter, token)])).geturl()


def start_address(source: Source, since: date | None) -> str:
    """First address to ask: the page's ``access``, its ``{since}`` replaced by the date.

    Raises SourceError, in French, when the page gives no such address.
    """
    if not ADDRESS.fullmatch(source.access):
        raise SourceError(
            f"La source « {source.name} » n'a pas d'adresse de service (champ « access »)."
        )
    dated = "{since}" in source.access
    if dated and since is None:
        raise SourceError(f"La source « {source.name} » se lit à partir d'une date : --depuis.")
    if since is not None and not dated:
        raise SourceError(f"La source « {source.name} » ne se lit pas à partir d'une date.")
    return source.access.replace("{since}", since.isoformat() if since else "")


def fault(error: BaseException | None) -> str:
    """Why a request brought nothing, as a key of landing.REASONS."""
    status = error.response.status if isinstance(error, HttpError) else 0
    for kind, words, statuses, reason in FAULTS:
        if isinstance(error, kind) and words in str(error) and (not statuses or status in statuses):
            return reason
    return "unavailable"


def _within(host: str | None, site: str) -> bool:
    return host is not None and (host == site or host.endswith(f".{site}"))


class PagedSpider(Spider):
    """A spider is a name and a Paging; the rest is here.

    The run says "finished" only once a page without next page was landed and read.
    """

    paging: ClassVar[Paging]

    def __init__(self, address: str, run: Run, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.address, self.run = address, run
        self.host = urlsplit(address).hostname or ""
        self.asked: set[str] = set()
        self.empty = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Called by Scrapy."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.stay, signals.request_scheduled)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Called by Scrapy: the first request."""
        yield self._ask(self.address)

    def land(self, response: Response) -> Iterator[Request]:
        """Stores an answer, then reads it and asks for the next page."""
        try:
            self.run.land(response.body)
            following = self._follow(response)
        except OSError as error:
            self.run.fail("disk", response.url, str(error))
        except (ValueError, RecursionError) as error:
            self.run.fail("unreadable", response.url, str(error))
        else:
            yield from following

    def stumble(self, failure: Failure) -> None:
        """Notes a request that brought nothing, once its retries are spent."""
        error, request = failure.value, failure.request  # type: ignore[attr-defined]
        status = f"HTTP {error.response.status}" if isinstance(error, HttpError) else ""
        detail = status or f"{type(error).__name__}: {error}"
        self.run.fail(fault(error), request.url, detail)

    def stay(self, request: Request) -> None:
        """Called by Scrapy before each request: refuses other sites, given by a page or by a
        redirection. Scrapy's own filter (``allowed_domains``) does, but tells nobody."""
        parts = urlsplit(request.url)
        if parts.scheme not in ("http", "https") or not _within(parts.hostname, self.host):
            self.run.fail("offsite", request.url)
            raise IgnoreRequest("another site")

    def closed(self, reason: str) -> None:
        """Called by Scrapy at the end, whatever the end."""
        if self.run.reason == "interrupted" and reason.startswith("closespider"):
            self.run.reason = "endless"
        assert self.crawler.stats is not None
        self.run.retries = self.crawler.stats.get_value("retry/count", 0)
        self.run.close()

    def _ask(self, address: str) -> Request:
        request = Request(address, callback=self.land, errback=self.stumble)
        self.asked.add(address)
        return request

    def _follow(self, response: Response) -> tuple[Request, ...]:
        # Not response.json(): it decodes with the charset of the headers, and JSON is UTF-8.
        page = json.loads(response.body)
        self._tally(page)
        address = next_address(page, self.paging, response.url)
        if address is None:
            self._finish()
        elif address in self.asked:
            self.run.fail("loop", address)
        elif self.empty >= MAX_EMPTY:
            self.run.fail("empty", address)
        else:
            return (self._ask(address),)
        return ()

    def _tally(self, page: Any) -> None:
        items = count(page, self.paging)
        self.run.items += items
        self.empty = 0 if items else self.empty + 1
        total = at(page, self.paging.total) if self.paging.total else None
        self.run.declared = total if type(total) is int else self.run.declared

    def _finish(self) -> None:
        if self.run.declared is not None and self.run.items < self.run.declared:
            self.run.fail("short", self.address, f"{self.run.items} of {self.run.declared}")
        else:
            self.run.reason = "finished"
