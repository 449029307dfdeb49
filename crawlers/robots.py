"""robots.txt, as RFC 9309 reads it.

Scrapy's own reader takes a robots.txt that cannot be had for one that allows everything. Here, one
that the site has not (4xx) allows everything, one that cannot be reached (5xx, no answer) nothing.
"""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser, RobotParser
from scrapy.utils.httpobj import urlparse_cached

from crawlers.faults import Fault, fault, told

MAX_BYTES = 1_000_000  # RFC 9309, section 2.5, asks for 500 KiB at least
PATH = "/robots.txt"


class Robots:
    """Downloader middleware: asks each site once, and leaves alone what it forbids."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        # By the product token: the rest of the user agent is for people.
        self.agent = crawler.settings["USER_AGENT"].partition("/")[0]
        self.rules: dict[str, RobotParser | Fault] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Called by Scrapy."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Called by Scrapy before each request. Raises Fault to forbid it."""
        if request.callback is NO_CALLBACK:  # that for robots.txt
            return
        parts = urlparse_cached(request)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self.rules:
            self.rules[site] = await self._ask(site)
        rules = self.rules[site]
        if isinstance(rules, Fault):
            raise Fault(rules.reason, str(rules))
        if not rules.allowed(request.url, self.agent):
            raise Fault("robots", "forbidden by robots.txt")

    async def _ask(self, site: str) -> RobotParser | Fault:
        meta = {"download_maxsize": MAX_BYTES}
        ask = Request(f"{site}{PATH}", callback=NO_CALLBACK, meta=meta)
        engine = self.crawler.engine
        assert engine is not None
        try:
            answer = await engine.download_async(ask)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing is allowed
            if isinstance(error, IgnoreRequest) and fault(error) == "redirects":
                return self._read(b"")  # RFC 9309, section 2.3.1.2: as if there were none
            return Fault(fault(error), f"robots.txt: {told(error)}")
        return self._judge(answer)

    def _judge(self, answer: Response) -> RobotParser | Fault:
        # 429 says that there is one, and when to come back.
        if answer.status >= 500 or answer.status == 429:
            reason = "refused" if answer.status == 429 else "unavailable"
            return Fault(reason, f"robots.txt: HTTP {answer.status}")
        return self._read(answer.body if answer.status < 300 else b"")

    def _read(self, body: bytes) -> RobotParser:
        return ProtegoRobotParser(body, self.crawler.spider)
