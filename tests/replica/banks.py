"""Development banks whose notices are a list: the Islamic (IsDB), the EBRD, the Asian (ADB).

Shapes: public programs that read them, 2026. IsDB: pages of teasers, each leading to the next one.
EBRD: one table of ten cells a row, of which the browser hides four; the hour of noon is written 00.
ADB: one feed, where the facts of a notice are in one « category ».
"""

from collections.abc import Sequence
from datetime import date
from html import escape

from replica.material import Piece
from replica.retold import Retold, retold
from replica.server import Answer, Asked, Service

ISDB, EBRD, ADB = "www.isdb.org", "ecepp.ebrd.com", "feeds.feedburner.com"
PAGE = 10  # teasers of one page of IsDB

_HTML = {"Content-Type": "text/html; charset=utf-8"}
_ISDB_KINDS = ("Specific Procurement Notice", "General Procurement Notice", "Prequalification")
_EBRD_KINDS = ("Invitation For Tenders", "General Procurement Notice", "Contract Award Notice")


def services(pieces: Sequence[Piece], today: date) -> dict[str, Service]:
    """The three banks, by host."""
    return {
        ISDB: isdb(pieces, today),
        EBRD: ebrd(pieces, today),
        ADB: adb(pieces, today),
    }


def isdb(pieces: Sequence[Piece], today: date) -> Service:
    """Serves all the pieces."""
    notices = retold(pieces, today)

    def answer(asked: Asked) -> Answer:
        number = asked.query.get("page", "0")
        if asked.path != "/project-procurement/tenders" or not number.isdigit():
            return Answer(status=404)
        start = int(number) * PAGE
        teasers = "".join(_teaser(one) for one in notices[start : start + PAGE])
        more = start + PAGE < len(notices)
        following = (
            '<nav><ul><li class="pager__item pager__item--next">'
            f'<a href="?page={int(number) + 1}" rel="next">Next ›</a></li></ul></nav>'
        )
        page = f"<div class='view-content'>{teasers}</div>{following if more else ''}"
        return Answer(f"<!DOCTYPE html><html><body>{page}</body></html>".encode(), headers=_HTML)

    return answer


def _teaser(one: Retold) -> str:
    address = f"/project-procurement/tenders/{one.published.year}/spn/notice-{one.number}"

    def field(name: str, words: str) -> str:
        classes = f"field field--name-field-{name} field--label-hidden field--item"
        return f'<div class="{classes}">{escape(words)}</div>'

    classes = "node type-tender display-teaser"
    return (
        f'<article about="{address}" data-nid="{one.number}" class="{classes}">'
        + f'<div class="field-title"><h2><a href="{address}">{escape(one.title)}</a></h2></div>'
        + field("tender-status", "Active")
        + field("tender-type", _ISDB_KINDS[one.number % len(_ISDB_KINDS)])
        + (field("world-country", one.country) if one.country else "")
        + field("close-date", f"{one.deadline.day} {one.deadline:%B %Y}")
        + "</article>\n"
    )


def ebrd(pieces: Sequence[Piece], today: date) -> Service:
    """Serves all the pieces, in no order."""
    notices = sorted(retold(pieces, today), key=lambda one: one.number * 7 % 11)
    rows = "".join(_row(one) for one in notices)
    heads = "".join(f"<th>{n}</th>" for n in range(10))
    table = f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>"
    page = (
        f'<!DOCTYPE html><html><body><table id="noticeResultsTable">{table}</table></body></html>'
    )

    def answer(asked: Asked) -> Answer:
        if asked.path != "/delta/noticeSearchResults.html":
            return Answer(status=404)
        return Answer(page.encode(), headers=_HTML)

    return answer


def _row(one: Retold) -> str:
    kind, hour = _EBRD_KINDS[one.number % len(_EBRD_KINDS)], one.deadline.hour % 12
    facts = (f"Project {one.number}", str(50_000 + one.number), one.country or "Regional")
    told = ", ".join((*facts, "Public", one.buyer or "Client", "Transport", kind))
    closing = "" if "General" in kind else f"{one.deadline:%d/%m/%Y} {hour:02d}:30"
    link = f"viewNotice.html?displayNoticeId={39_000_000 + one.number}"
    cells = (
        f'<a href="{link}">{escape(one.country or "Regional")}: {escape(one.title)}</a>',
        kind.replace(" ", "     "),
        escape(one.title),
        f"{one.published:%d/%m/%Y} 00:18",
        closing,
        "Open",
        f"{one.published:%d/%m/%Y}",
        f"{one.published:%Y%m%d}0018",
        f"{one.deadline:%Y%m%d%H%M}",
        f"[{escape(told)}]",
    )
    return "<tr>" + "".join(f"<td>\n  {cell}\n</td>" for cell in cells) + "</tr>\n"


def adb(pieces: Sequence[Piece], today: date) -> Service:
    """Serves all the pieces."""
    items = "".join(_item(one) for one in retold(pieces, today))
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel>'
        "<title>ADB Procurement Notices</title><link>https://www.adb.org/projects/tenders</link>"
        f"<description>Tenders</description>{items}</channel></rss>"
    ).encode()

    def answer(asked: Asked) -> Answer:
        if asked.path != "/procurement-notices":
            return Answer(status=404)
        return Answer(body, headers={"Content-Type": "text/xml; charset=UTF-8", "ETag": '"a1"'})

    return answer


def _item(one: Retold) -> str:
    key = 900_000 + one.number
    facts = (
        f"Date: {one.published}|Project Number: {50_000 + one.number}-001|Status: Active"
        f"|Countries: {one.country or 'Regional'}|Sectors: Transport"
    )
    return (
        f"<item><title>{escape(one.title)}</title><link>https://www.adb.org/node/{key}</link>"
        f"<description>{escape(one.body)}</description><category>{escape(facts)}</category>"
        f'<guid isPermaLink="false">{key} at https://www.adb.org</guid></item>\n'
    )
