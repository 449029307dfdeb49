"""Tenders Electronic Daily: the search says which notices there are, the site gives their XML."""

import json
from typing import Any

from scrapy.http import Response

from crawlers.ask import Ask, PageError, Read
from crawlers.paged import parsed
from crawlers.walk import Walk

# In the order of dates, the service loses notices between its pages: 639 of 3,709 once. A date
# written otherwise than 20260531 is no error to it: it answers 200, and no notices.
QUERY = "publication-date>={:%Y%m%d} AND publication-date<={:%Y%m%d} SORT BY publication-number"
SEARCH = {
    "fields": ["publication-number", "notice-version"], "limit": 250, "scope": "ALL",
    "onlyLatestVersions": False, "paginationMode": "ITERATION",
}  # fmt: skip
NOTICE = "https://ted.europa.eu/en/notice/{}/xml"


class TedSpider(Walk):
    """Search API, version 3, in iterations (https://docs.ted.europa.eu/reuse/search-api.html)."""

    name = "ted"

    def first(self) -> tuple[Ask, ...]:
        """The search."""
        return (self._search(),)

    def read(self, ask: Ask, answer: Response) -> Read:
        """The notices of a page, and the page after it: one without notices is the last."""
        if ask.notices:
            return Read()
        try:
            return self._listed(parsed(answer.body))
        except (AttributeError, LookupError, TypeError) as error:
            raise PageError(f"not a page of the search: {error!r}") from error

    def _listed(self, page: Any) -> Read:
        if page["timedOut"] is not False:
            raise PageError("the search ran out of time, its answer lacks notices", "unavailable")
        numbers = tuple(str(notice["publication-number"]) for notice in page["notices"])
        details = tuple(map(_detail, page["notices"]))
        token = page["iterationNextToken"]
        lists = (self.unread(self._search(token)),) if token and details else ()
        return Read(len(numbers), numbers, page["totalNoticeCount"], (*lists, *details))

    def _search(self, token: str = "") -> Ask:
        body = {"query": QUERY.format(self.order.since, self.order.until), **SEARCH}
        body |= {"iterationNextToken": token} if token else {}
        return Ask(self.order.address, "POST", json.dumps(body), notices=False)


def _detail(notice: dict[str, Any]) -> Ask:
    number = str(notice["publication-number"])
    version = str(notice.get("notice-version") or number)  # none before eForms
    return Ask(NOTICE.format(number), alone=True, suffix="xml", version=version)
