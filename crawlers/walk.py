"""Asking one thing after another: land each answer, read it, go on with what it says.

A spider says what to ask first and how to read an answer. The rest is here: a run says "finished"
only once nothing is left to ask, and as many notices were seen as the service announced.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider, IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawlers.ask import Ask, PageError, Read
from crawlers.faults import fault
from crawlers.journal import Step
from crawlers.landing import Run
from crawlers.order import Order

# Details that fail one after the other: it is the service that fails.
MAX_MISSED = 5
_HTML = (b"<!doctype html", b"<html")
_MARK = b"\xef\xbb\xbf"


class Walk(Spider):
    """The base of all spiders. accept: what answers should be, as said to the service."""

    accept: ClassVar[str] = "*/*"

    def __init__(self, order: Order, run: Run, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.order, self.run = order, run
        self.hosts = (urlsplit(order.address).hostname or "", *order.collect.hosts)
        self.missed = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Called by Scrapy."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.stay, signals.request_scheduled)
        crawler.signals.connect(spider.idle, signals.spider_idle)
        return spider

    def first(self) -> tuple[Ask, ...]:
        """What to ask first."""
        return tuple(map(Ask, self.order.addresses()))

    def read(self, ask: Ask, answer: Response) -> Read:
        """What an answer says; by default, nothing but its own words. Raises ValueError (PageError
        to say why) when it cannot be read."""
        return Read()

    async def start(self) -> AsyncIterator[Request]:
        """Called by Scrapy."""
        self.run.journal.begin(self.first())
        for request in self._next():
            yield request

    def land(self, answer: Response, ask: Ask) -> Iterator[Request]:
        """Stores an answer, then reads it and asks for what comes next."""
        try:
            self._take(ask, answer)
        except OSError as error:
            self.run.fail("disk", answer.url, str(error))
        yield from self._next()

    def stumble(self, failure: Failure) -> Iterator[Request]:
        """Notes a request that brought nothing, once its retries are spent."""
        error, request = failure.value, failure.request  # type: ignore[attr-defined]
        status = f"HTTP {error.response.status}" if isinstance(error, HttpError) else ""
        detail = status or f"{type(error).__name__}: {error}"
        self._lose(request.cb_kwargs["ask"], fault(error), detail)
        yield from self._next()

    def stay(self, request: Request) -> None:
        """Called by Scrapy before each request: refuses other sites, given by an answer or by a
        redirection. Scrapy's own filter (``allowed_domains``) does, but tells nobody."""
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and any(
            _within(parts.hostname, host) for host in self.hosts
        ):
            return
        # Journals and reports give the address as it was asked; this one is where it leads.
        if (ask := request.cb_kwargs.get("ask")) is not None:
            self._lose(ask, "offsite", request.url)
        raise IgnoreRequest("another site")

    def idle(self) -> None:
        """Called by Scrapy when it has nothing to do: goes on, when what it dropped was one of
        the details."""
        engine = self.crawler.engine
        assert engine is not None
        for request in self._next():
            engine.crawl(request)
            raise DontCloseSpider

    def closed(self, reason: str) -> None:
        """Called by Scrapy at the end, whatever the end."""
        if self.run.reason == "interrupted" and reason.startswith("closespider"):
            self.run.fail("endless", self.order.address)
        assert self.crawler.stats is not None
        self.run.requests = self.crawler.stats.get_value("downloader/request_count", 0)
        self.run.retries = self.crawler.stats.get_value("retry/count", 0)
        self.run.close()

    def _next(self) -> Iterator[Request]:
        """The next request, unless the run has ended."""
        try:
            while self.run.reason == "interrupted":
                ask = self.run.journal.next()
                if ask is None:
                    self._finish()
                elif (state := self._unchanged(ask)) is None:
                    yield self._request(ask)
                    return
                else:
                    self.run.step(Step(ask, unchanged=True, state=state))
        except OSError as error:
            self.run.fail("disk", self.order.address, str(error))

    def _unchanged(self, ask: Ask) -> dict[str, str] | None:
        """What was known of this when it was read last, if its list says that it is the same."""
        state = self.run.known.get(ask.name)
        return state if state and ask.version and state.get("version") == ask.version else None

    def _request(self, ask: Ask) -> Request:
        headers = {"Accept": self.accept}
        state = self.run.known.get(ask.name, {}) if ask.conditional else {}
        for name, header in (("etag", "If-None-Match"), ("modified", "If-Modified-Since")):
            if name in state:
                headers[header] = state[name]
        if ask.body:
            headers["Content-Type"] = "application/json"
        return Request(
            ask.address,
            method=ask.method,
            body=ask.body,
            headers=headers,
            callback=self.land,
            errback=self.stumble,
            cb_kwargs={"ask": ask},
            meta={"handle_httpstatus_list": [304]} if state else {},
        )

    def _take(self, ask: Ask, answer: Response) -> None:
        if answer.status == 304:
            state = self.run.known.get(ask.name, {})
            self.run.step(Step(ask, unchanged=True, state=state))
            return
        self.run.land(ask, answer.body)
        try:
            _data(ask, answer.body)
            read = self.read(ask, answer)
        except (ValueError, RecursionError) as error:
            reason = error.reason if isinstance(error, PageError) else "unreadable"
            self._lose(ask, reason, str(error), len(answer.body))
            return
        self.missed = 0
        self.run.step(Step(ask, read, len(answer.body), state=_state(ask, answer)))

    def _lose(self, ask: Ask, reason: str, detail: str, landed: int | None = None) -> None:
        """A request came to nothing: the run ends there, or does without."""
        self.missed += 1
        if not ask.alone:
            self.run.fail(reason, ask.address, detail)
        elif self.missed >= MAX_MISSED:
            self.run.fail("unavailable" if reason == "absent" else reason, ask.address, detail)
        else:
            self.run.miss(ask, reason, detail, landed)

    def _finish(self) -> None:
        told = self.run.journal
        if told.declared is not None and told.items < told.declared:
            self.run.fail("short", self.order.address, f"{told.items} of {told.declared}")
        else:
            self.run.reason = "finished"


def _within(host: str | None, site: str) -> bool:
    return host is not None and (host == site or host.endswith(f".{site}"))


def _data(ask: Ask, body: bytes) -> None:
    """Raises PageError for nothing, and for a page for people where data was due (a captcha, a
    maintenance notice, often with status 200)."""
    start = body[:1_000].removeprefix(_MARK).lstrip()[:20].lower()
    if not start:
        raise PageError("an empty answer")
    if ask.suffix != "html" and start.startswith(_HTML):
        raise PageError("a web page", "html")


def _state(ask: Ask, answer: Response) -> dict[str, str]:
    """What to give back next time, to be told that nothing changed."""
    state = {"version": ask.version} if ask.version else {}
    if ask.conditional:
        for name, header in (("etag", "ETag"), ("modified", "Last-Modified")):
            if value := answer.headers.get(header):
                state[name] = value.decode("latin-1")
    return state
