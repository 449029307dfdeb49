"""Asking one thing after another: land each answer, read it, go on with what it says.

A spider says what to ask first and how to read an answer. The rest is here: a run says "finished"
only once nothing is left to ask, and as many notices were seen as the service announced.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider, IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.ask import Ask, PageError, Read
from crawlers.faults import Fault, fault, told
from crawlers.journal import Step
from crawlers.landing import Run
from crawlers.networks import private
from crawlers.order import Order
from crawlers.walls import wall

# Details that fail one after the other: it is the service that fails.
MAX_MISSED = 5


class Walk(Spider):
    """The base of all spiders. accept: what answers should be, as said to the service."""

    accept: ClassVar[str] = "*/*"

    def __init__(self, order: Order, run: Run, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.order, self.run = order, run
        self.hosts = (urlsplit(order.address).hostname or "", *order.collect.hosts)
        # Where links may lead: the ports of the web, and that of the service.
        self.ports = (None, 80, 443, urlsplit(order.address).port)
        self.missed, self.asked = 0, ""

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

    def unread(self, ask: Ask) -> Ask:
        """The page after this one. Raises PageError when it was read before: pages turn in
        circles."""
        ask = self._without_key(ask)
        if self.run.journal.asked(ask):
            raise PageError(f"{ask.address} was read before", "loop")
        return ask

    async def start(self) -> AsyncIterator[Request]:
        """Called by Scrapy."""
        try:
            self.run.journal.begin(self.first())
        except Exception as error:  # noqa: BLE001 - logged, and told
            self._surprise("unreadable", error)
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
        final = isinstance(error, Fault) and error.final
        try:
            self._lose(request.cb_kwargs["ask"], fault(error), told(error), final=final)
        except OSError as failed:
            self.run.fail("disk", request.url, str(failed))
        yield from self._next()

    def stay(self, request: Request) -> None:
        """Called by Scrapy before each request: refuses other sites and private networks, given by
        an answer or by a redirection. Scrapy's own filter (``allowed_domains``) does, but tells
        nobody. Whatever happens here, IgnoreRequest alone keeps Scrapy from making the request."""
        if not (reason := self._astray(request.url)):
            return
        # Journals and reports give the address as it was asked; this one is where it leads.
        try:
            if (ask := request.cb_kwargs.get("ask")) is not None:
                self._lose(ask, reason, request.url)
        except OSError as error:
            self.run.fail("disk", request.url, str(error))
        raise IgnoreRequest(reason)

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
                elif ask.name == self.asked:
                    # Nothing said what became of it: asking again would never end.
                    self.run.fail("unreadable", ask.address, "no answer was taken")
                elif (state := self._unchanged(ask)) is None:
                    self.asked = ask.name
                    if (request := self._request(ask)) is not None:
                        yield request
                        return
                else:
                    self.run.step(Step(ask, unchanged=True, state=state))
        except OSError as error:
            self.run.fail("disk", self.order.address, str(error))

    def _astray(self, address: str) -> str:
        """Why a request is not to be made, as a key of collect.ENDINGS, "" when it may be."""
        try:
            parts = urlsplit(address)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return "offsite"
        if private(host):
            return "private"
        known = any(_within(host, site) for site in self.hosts) and port in self.ports
        # Readers of addresses do not all agree on where credentials end and the host begins.
        plain = parts.scheme in ("http", "https") and "@" not in parts.netloc
        return "" if known and plain else "offsite"

    def _unchanged(self, ask: Ask) -> dict[str, str] | None:
        """What was known of this when it was read last, if its list says that it is the same."""
        state = self.run.known.get(ask.name)
        return state if state and ask.version and state.get("version") == ask.version else None

    def _request(self, ask: Ask) -> Request | None:
        headers = {"Accept": self.accept}
        state = self.run.known.get(ask.name, {}) if ask.conditional else {}
        for name, header in (("etag", "If-None-Match"), ("modified", "If-Modified-Since")):
            if name in state:
                headers[header] = state[name]
        if ask.body:
            headers["Content-Type"] = "application/json"
        try:
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
        except ValueError as error:  # Scrapy reads addresses more strictly than we do
            self._lose(ask, "unreadable", str(error))
            return None

    def _take(self, ask: Ask, answer: Response) -> None:
        if answer.status == 304:
            state = self.run.known.get(ask.name, {})
            self.run.step(Step(ask, unchanged=True, state=state))
            return
        self.run.land(ask, answer.body)
        try:
            _data(ask, answer)
            read = self.read(ask, answer)
            read = replace(read, follow=tuple(map(self._without_key, read.follow)))
        except (ValueError, RecursionError) as error:
            reason = error.reason if isinstance(error, PageError) else "unreadable"
            self._lose(ask, reason, str(error), len(answer.body))
        except Exception as error:  # noqa: BLE001 - logged, and told
            self._surprise("unreadable", error, ask, len(answer.body))
        else:
            self.missed = 0
            self.run.step(Step(ask, read, len(answer.body), state=_state(ask, answer)))

    def _without_key(self, ask: Ask) -> Ask:
        return replace(ask, address=self.order.unkeyed(ask.address))

    def _surprise(
        self, reason: str, error: Exception, ask: Ask | None = None, landed: int | None = None
    ) -> None:
        """A fault of ours, not of the service: the log shows where, the report that it is."""
        self.logger.error("Unexpected: %s", type(error).__name__, exc_info=error)
        detail = f"{type(error).__name__}: {error}"
        if ask is None:
            self.run.fail(reason, self.order.address, self.order.hide(detail))
        else:
            self._lose(ask, reason, detail, landed)

    def _lose(
        self, ask: Ask, reason: str, detail: str, landed: int | None = None, final: bool = False
    ) -> None:
        """A request came to nothing: the run ends there, or does without."""
        self.missed, detail = self.missed + 1, self.order.hide(detail)
        if final or not ask.alone:
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


def _within(host: str, site: str) -> bool:
    return host == site or host.endswith(f".{site}")


def _data(ask: Ask, answer: Response) -> None:
    """Raises PageError for nothing, and for what is no data though it came with status 200."""
    if not answer.body[:1_000].removeprefix(b"\xef\xbb\xbf").strip():
        raise PageError("an empty answer")
    if found := wall(answer.body, ask.suffix):
        raise PageError(found.words, found.reason)


def _state(ask: Ask, answer: Response) -> dict[str, str]:
    """What to give back next time, to be told that nothing changed."""
    state = {"version": ask.version} if ask.version else {}
    if ask.conditional:
        for name, header in (("etag", "ETag"), ("modified", "Last-Modified")):
            if value := answer.headers.get(header):
                state[name] = value.decode("latin-1")
    return state
