"""The World Bank's procurement notices: pages of JSON, the newest notice first.

Service: https://search.worldbank.org/api/v2/procnotices, with ``rows``, ``os``, ``srt``, ``order``
and ``fl``. It passes in silence over a parameter that it does not know, dates among them, and its
total counts all that it ever published: the order of the dates tells that a crawl is complete.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from crawlers.ask import PageError, Read
from crawlers.paged import PagedSpider
from ingest.collect import Paging


def published(notice: dict[str, Any]) -> date:
    """Its day of publication ("22-Jul-2026"). Raises ValueError, LookupError, TypeError."""
    return datetime.strptime(notice["noticedate"], "%d-%b-%Y").replace(tzinfo=UTC).date()


class WorldBankSpider(PagedSpider):
    """Reads until the first page that is older than what was asked."""

    name = "worldbank"
    paging = Paging(items=("procnotices",), key="id", counts="offset", parameter="os")

    def of_items(self, read: Read, items: list[Any]) -> Read:
        """Nothing follows a page that is too old."""
        try:
            days = [published(notice) for notice in items]
        except (ValueError, LookupError, TypeError) as error:
            raise PageError(f"a notice without its date: {error}") from error
        if days and days[0] < days[-1]:
            raise PageError("the newest notice is not the first: where to stop is unknown")
        old = bool(days) and max(days) < self.order.since
        return replace(read, follow=() if old else read.follow)
