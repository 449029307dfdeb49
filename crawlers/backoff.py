"""Waiting longer after each failure, and as long as a service asks: Scrapy retries at its pace."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawlers.faults import Fault

CEILING = 300.0  # seconds; a service that asks for more is left for the next run


def asked_wait(retry_after: bytes | None, now: datetime) -> float:
    """Seconds that ``Retry-After`` asks to wait: a number of them, or a date, HTTP's or another;
    0 when it is neither. See RFC 9110, section 10.2.3."""
    asked = (retry_after or b"").decode("latin-1").strip()
    # Nine digits are thirty years; more would only be a long number to read.
    if asked.isascii() and asked.isdigit():
        return float(asked[:10])
    moment = _moment(asked)
    return max(0.0, (moment - now).total_seconds()) if moment else 0.0


def next_delay(delay: float, asked: float = 0.0) -> float:
    """Seconds to wait after a failure: twice as long, or what was asked. At most CEILING."""
    return min(max(2 * delay, asked), CEILING)


def _moment(written: str) -> datetime | None:
    """An HTTP date, None when it is none."""
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, OverflowError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Backoff:
    """Downloader middleware: lengthens the delay of a service that fails.

    AutoThrottle shortens it again, by half at each good answer. A service that asks for more than
    CEILING ends the run.
    """

    def __init__(self, crawler: Crawler, clock: Callable[[], datetime]) -> None:
        self.crawler, self.clock = crawler, clock
        self.codes = {int(code) for code in crawler.settings.getlist("RETRY_HTTP_CODES")}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Called by Scrapy."""
        return cls(crawler, lambda: datetime.now(UTC))

    def process_response(self, request: Request, response: Response) -> Response:
        """Called by Scrapy with every answer, before it retries."""
        if response.status in self.codes:
            # By the service's own clock where it gives it: ours may differ.
            now = _moment((response.headers.get("Date") or b"").decode("latin-1")) or self.clock()
            asked = asked_wait(response.headers.get("Retry-After"), now)
            if asked > CEILING:
                reason = "refused" if response.status == 429 else "unavailable"
                raise Fault(reason, f"HTTP {response.status}, back in {asked:.0f} s", final=True)
            self._wait(request, asked)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Called by Scrapy when no answer came."""
        self._wait(request, 0.0)

    def _wait(self, request: Request, asked: float) -> None:
        engine = self.crawler.engine
        assert engine is not None
        slot = engine.downloader.slots.get(request.meta.get("download_slot", ""))
        if slot is not None:
            slot.delay = next_delay(slot.delay, asked)
