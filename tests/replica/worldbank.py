"""The World Bank's service of procurement notices.

Shape: public programs that ask it, September and October 2026. Its traps: the total is a word and
counts everything whatever is asked; unknown parameters are passed over; pages are as long as it
pleases; without ``order=desc`` the oldest come first; ``DESC`` is an error.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import orjson

from replica.material import Piece
from replica.retold import Retold, retold
from replica.server import Answer, Asked, Service

HOST = "search.worldbank.org"
LONGEST = 1_000  # notices of one page

_KINDS = (
    "Invitation for Bids",
    "Request for Expression of Interest",
    "Contract Award",
    "General Procurement Notice",
)
_LANGUAGES = {"en": "English", "fr": "French", "es": "Spanish; Castilian", "pt": "Portuguese"}
_PERSON = {"contact_name": "Jane Doe", "contact_email": "jane.doe@example.org"}


def service(pieces: Sequence[Piece], today: date, longest: int = LONGEST) -> Service:
    """Serves all the pieces. longest: notices of one page, whatever is asked."""
    notices = [_notice(one) for one in retold(pieces, today)]

    def answer(asked: Asked) -> Answer:
        query = asked.query
        if asked.path != "/api/v2/procnotices":
            return Answer(status=404)
        if query.get("order", "asc") not in ("asc", "desc"):
            return Answer(b'{"error": "Syntax error"}', 400)
        ordered = notices if query.get("order") == "desc" else notices[::-1]
        start, rows = int(query.get("os", 0)), int(query.get("rows", 10))
        page = ordered[start : start + min(rows, longest)]
        told = {
            "rows": rows,
            "os": start,
            "page": start // rows + 1,
            "total": str(len(notices)),
            "procnotices": [_asked_for(one, query.get("fl", "")) for one in page],
        }
        return Answer(orjson.dumps(told), headers={"Content-Type": "application/json"})

    return answer


def _asked_for(notice: dict[str, Any], fields: str) -> dict[str, Any]:
    names = fields.split(",") if fields else list(notice)
    return {name: value for name, value in notice.items() if name in names}


def _notice(one: Retold) -> dict[str, Any]:
    kind = _KINDS[one.number % len(_KINDS)]
    told = {
        "id": f"OP{one.number:08d}",
        "notice_type": kind,
        "noticedate": f"{one.published:%d-%b-%Y}",
        "notice_lang_name": _LANGUAGES.get(one.language, "English"),
        "notice_status": "Published",
        "submission_date": f"{one.published}T00:00:00Z",
        "project_ctry_name": one.country or "World",
        "project_id": f"P{one.number:06d}",
        "project_name": f"Project {one.number}",
        "contact_organization": one.buyer or "Ministry of Finance",
        "notice_text": f"<p>{one.body}</p>",
        **_PERSON,
    }
    if kind != "General Procurement Notice":
        told |= {
            "bid_reference_no": f"REF-{one.number}",
            "bid_description": one.title,
            "procurement_group": "GO",
            "procurement_method_code": "RFB",
            "procurement_method_name": "Request for Bids",
        }
    if kind in _KINDS[:2]:
        told |= {
            "submission_deadline_date": f"{one.deadline:%Y-%m-%d}T00:00:00Z",
            "submission_deadline_time": "00:00" if one.number % 5 == 0 else f"{one.deadline:%H:%M}",
        }
    return told
