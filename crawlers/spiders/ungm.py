"""The UN Global Marketplace: one POST a page of fifteen notices, answered by a fragment of HTML.

Service: https://www.ungm.org/Public/Notice/Search. All the fields below are expected, whatever they
hold; a larger page is cut to fifteen in silence, and a date that is not understood is ignored. The
fragment ends with a script that says how many notices there are, absent when there are none.
"""

import json
import re
from datetime import date

from scrapy import Selector
from scrapy.http import Response

from crawlers.ask import Ask, PageError, Read
from crawlers.walk import Walk

ROWS = 15
_TOTAL = re.compile(r'noticeTotal\s*=\s*"(\d{1,9})"')
_FORM = """{"Title": "", "Description": "", "Reference": "", "DeadlineFrom": "", "DeadlineTo": "",
"Countries": [], "Agencies": [], "UNSPSCs": [], "NoticeTypes": [], "TypeOfCompetitions": [],
"SortField": "DatePublished", "SortAscending": false, "isPicker": false, "IsSustainable": false,
"IsActive": true, "NoticeDisplayType": null, "NoticeSearchTotalLabelId": "noticeSearchTotal"}"""


def _day(day: date) -> str:
    return f"{day:%d-%b-%Y}"


class UngmSpider(Walk):
    """The list says all that is read of a notice; its own page would add a text, one by one."""

    name = "ungm"
    accept = "text/html"

    def first(self) -> tuple[Ask, ...]:
        """The first page of what was published between two dates."""
        return (self._page(0),)

    def read(self, ask: Ask, answer: Response) -> Read:
        """The notices of a page, and the page after it until all are seen."""
        text = answer.body.decode("utf-8", "replace")
        keys = tuple(Selector(text=text).css(".dataRow::attr(data-noticeid)").getall())
        said, number = _TOTAL.search(text), json.loads(ask.body)["PageIndex"]
        # Nothing at all in some days is not to be believed of forty organisations.
        if said is None and not number:
            raise PageError("no list in the answer")
        rest = said is not None and (number + 1) * ROWS < int(said[1])
        follow = (self._page(number + 1),) if rest else ()
        return Read(len(keys), keys, int(said[1]) if said else None, follow)

    def _page(self, number: int) -> Ask:
        dates = {"PublishedFrom": _day(self.order.since), "PublishedTo": _day(self.order.until)}
        page = {"PageIndex": number, "PageSize": ROWS}
        form = json.dumps({**json.loads(_FORM), **page, **dates})
        return Ask(self.order.address, method="POST", body=form, suffix="html")
