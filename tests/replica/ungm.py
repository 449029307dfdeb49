"""The UN Global Marketplace: the search behind its public list of notices.

Shape: public programs that ask it, 2026. Its traps: all the fields of the form are expected (else
500); pages have fifteen notices whatever is asked; a date that cannot be read is passed over; the
total is in a script at the end, which is absent when nothing was found.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from html import escape

from replica.material import Piece
from replica.retold import Retold, retold
from replica.server import Answer, Asked, Service

HOST = "www.ungm.org"
ROWS = 15
FIELDS = frozenset(
    "PageIndex PageSize Title Description Reference PublishedFrom PublishedTo DeadlineFrom"
    " DeadlineTo Countries Agencies UNSPSCs NoticeTypes SortField SortAscending isPicker"
    " IsSustainable IsActive NoticeDisplayType NoticeSearchTotalLabelId TypeOfCompetitions".split()
)
ROBOTS = b"User-agent: *\nDisallow: /Scripts/\nDisallow: /Content/\nDisallow: /SolveUrl?\n"

_AGENCIES = ("UNDP", "UNICEF", "WHO", "FAO", "UNOPS")
_KINDS = ("Request for proposal", "Invitation to bid", "Request for quotation", "Request for EOI")
_ZONES = ("(GMT 5.00)", "(GMT -4.00)", "(GMT 0.00)", "(GMT 5.75)")


def service(pieces: Sequence[Piece], today: date) -> Service:
    """Serves all the pieces."""
    notices = retold(pieces, today)

    def answer(asked: Asked) -> Answer:
        if asked.path == "/robots.txt":
            return Answer(ROBOTS)
        if (asked.method, asked.path) != ("POST", "/Public/Notice/Search"):
            return Answer(status=404)
        form = json.loads(asked.body)
        if not form.keys() >= FIELDS:
            return Answer(b"<html><title>Runtime Error</title></html>", 500)
        since, until = _day(form["PublishedFrom"]), _day(form["PublishedTo"])
        found = [
            one
            for one in notices
            if (since is None or one.published >= since)
            and (until is None or one.published <= until)
        ]
        start = form["PageIndex"] * ROWS
        rows = "".join(_row(one) for one in found[start : start + min(form["PageSize"], ROWS)])
        total = f'<script>var noticeTotal = "{len(found)}";</script>' if rows else ""
        return Answer((rows + total).encode(), headers={"Content-Type": "text/html"})

    return answer


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%d-%b-%Y").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _row(one: Retold) -> str:
    key, cell = 300_000 + one.number, '<div role="cell" class="tableCell'
    zone = _ZONES[one.number % len(_ZONES)]
    cells = (
        f'{cell} editable resultOptions"><input type="button" data-notice-id="{key}"></div>',
        f'{cell} resultTitle"><span class="ungm-title ungm-title--small">{escape(one.title)}</span>'
        f"<a target='_blank' href='/Public/Notice/{key}'>Open in a new window</a></div>",
        f'{cell} resultInfo1 deadline" data-description="Deadline">'
        f"<span>{one.deadline:%d-%b-%Y %H:%M} {zone}</span>"
        '<span class="remainingDaysToDeadline" style="display:none">35.07</span></div>',
        f'{cell}"><span>{one.published:%d-%b-%Y}</span></div>',
        f'{cell} resultAgency"><span>{_AGENCIES[one.number % len(_AGENCIES)]}</span></div>',
        f'{cell}"><span><label>{_KINDS[one.number % len(_KINDS)]}</label></span></div>',
        f'{cell} resultInfo1" data-description="Reference"><span>RFP/{one.number}</span></div>',
        f'{cell}"><span>{escape(one.country or "Multiple destinations (see description)")}</span>'
        "</div>",
    )
    row = (
        f'<div role="row" tabindex="0" data-noticeid="{key}" class="tableRow dataRow notice-table">'
    )
    return f"\n{row}\n{''.join(cells)}\n</div>"
