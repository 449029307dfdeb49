"""« /curation/journal »: who decided what, when, before and after."""

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from index import audit
from search_api.access import Lecteur
from search_api.curating import integer
from search_api.curation_pages import show
from search_api.trail_words import ACTIONS, FIELDS
from search_api.words import PARIS

router = APIRouter(include_in_schema=False)

_FILTERS = ("sujet", "qui", "action", "du", "au")


def _day(written: str, after: int = 0) -> datetime | None:
    """Midnight in Paris of a day, None for what is no day."""
    try:
        day = date.fromisoformat(written) + timedelta(days=after)
        return datetime.combine(day, time(), PARIS)
    except (ValueError, OverflowError):
        return None


def rows(line: audit.Line) -> list[tuple[str, Any, Any]]:
    """Field, before, after: what a line of the trail tells, in a fixed order."""
    before, after = (
        one if isinstance(one, dict) else ({} if one is None else {"": one})
        for one in (line.before, line.after)
    )
    names = dict.fromkeys((*before, *after))
    return [(FIELDS.get(name, name), before.get(name), after.get(name)) for name in names]


@router.get("/curation/journal")
def journal(request: Request, person: Lecteur) -> Response:
    """The trail, the last line first, narrowed as the address says."""
    given = {name: request.query_params.get(name, "").strip()[:200] for name in _FILTERS}
    older = integer(request.query_params.get("avant", ""))
    with request.app.state.store.reading() as connection:
        lines = audit.trail(
            connection,
            subject=given["sujet"],
            who=given["qui"],
            action=given["action"],
            since=_day(given["du"]),
            until=_day(given["au"], 1),
            older_than=older if older > 0 else None,
            limit=audit.PAGE + 1,
        )
    more = lines[audit.PAGE :]
    lines = lines[: audit.PAGE]
    said = {name: value for name, value in given.items() if value}
    context = {
        "lines": [(line, rows(line)) for line in lines],
        "given": given,
        "ACTIONS": ACTIONS,
        "following": "?" + urlencode(said | {"avant": lines[-1].id}) if more else "",
        "first": "?" + urlencode(said) if older > 0 else "",
    }
    return show(request, person, "curation/journal.html", context)
