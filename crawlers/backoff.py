"""Waiting longer after each failure: Scrapy retries, but at the same pace."""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

CEILING = 300.0  # seconds; a service that asks for more is left for the next run


def next_delay(delay: float, retry_after: bytes | None = None) -> float:
    """Seconds to wait after a failure: twice as long, or what ``Retry-After`` asks (in seconds;
    its other form, a date, counts as absent). At most CEILING. See RFC 9110, section 10.2.3."""
    asked = retry_after.strip() if retry_after else b""
    # Nine digits are thirty years; more would only be a long number to read.
    seconds = float(asked) if asked.isdigit() and len(asked) < 10 else 0.0
    return min(max(2 * delay, seconds), CEILING)


class Backoff:
    """Downloader middleware: lengthens the delay of a service that fails.

    AutoThrottle shortens it again, by half at each good answer.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.codes = {int(code) for code in crawler.settings.getlist("RETRY_HTTP_CODES")}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Called by Scrapy."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """Called by Scrapy with every answer."""
        if response.status in self.codes:
            self._wait(request, response.headers.get("Retry-After"))
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Called by Scrapy when no answer came."""
        self._wait(request, None)

    def _wait(self, request: Request, retry_after: bytes | None) -> None:
        engine = self.crawler.engine
        assert engine is not None
        slot = engine.downloader.slots.get(request.meta.get("download_slot", ""))
        if slot is not None:
            slot.delay = next_delay(slot.delay, retry_after)
