"""SAM.gov: the public service of federal opportunities of the United States (v2).

Shape: its public documentation (open.gsa.gov, « Get Opportunities Public API ») and public programs
that ask it. Its traps: ``offset`` is the number of a page; dates are required, months first, a year
apart at most; without a key, 403; above the quota, 429 with the moment to come back.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import orjson

from replica.material import Piece
from replica.retold import Retold, retold
from replica.server import Answer, Asked, Service

HOST = "api.sam.gov"
KEY = "s3cret"
THROTTLED = {
    "code": "900804",
    "message": "Message throttled out",
    "description": "You have exceeded your quota",
    "nextAccessTime": "2026-Jun-02 00:00:00+0000 UTC",
}

_KINDS = ("Solicitation", "Combined Synopsis/Solicitation", "Presolicitation", "Award Notice")
_NAICS, _PSC = ("332510", "541330", "236220"), ("53", "C211", "Y1AA")


def service(pieces: Sequence[Piece], today: date, key: str = KEY, quota: int = 1_000) -> Service:
    """Serves all the pieces. quota: requests that get an answer."""
    notices = retold(pieces, today)
    left = [quota]

    def answer(asked: Asked) -> Answer:
        query = asked.query
        if asked.path != "/opportunities/v2/search":
            return Answer(status=404)
        if query.get("api_key") != key:
            code = "API_KEY_INVALID" if "api_key" in query else "API_KEY_MISSING"
            return _json({"error": {"code": code, "message": "No api_key was supplied"}}, 403)
        left[0] -= 1
        if left[0] < 0:
            return _json(THROTTLED, 429)
        if fault := _fault(query):
            return _json({"errorCode": "400", "errorMessage": fault}, 400)
        since, until = _day(query["postedFrom"]), _day(query["postedTo"])
        assert since is not None and until is not None
        found = [one for one in notices if since <= one.published <= until]
        limit, offset = int(query["limit"]), int(query.get("offset", "0"))
        page = found[limit * offset : limit * (offset + 1)]
        told = {
            "totalRecords": len(found),
            "limit": limit,
            "offset": offset,
            "opportunitiesData": [_opportunity(one) for one in page],
            "links": [{"rel": "self", "href": f"https://{HOST}{asked.path}"}],
        }
        return _json(told)

    return answer


def _json(body: dict[str, Any], status: int = 200) -> Answer:
    return Answer(orjson.dumps(body), status, {"Content-Type": "application/json"})


def _fault(query: Any) -> str:
    """What is wrong with a request, in the words of the service; "" for nothing."""
    if "postedFrom" not in query or "postedTo" not in query:
        return "PostedFrom and PostedTo are mandatory"
    since, until = _day(query["postedFrom"]), _day(query["postedTo"])
    if since is None or until is None:
        return "Invalid Date Entered. Expected date format is MM/dd/yyyy"
    if (until - since).days > 366:
        return "Date range must be 1 year(s) apart"
    if not (query.get("limit", "").isdigit() and query.get("offset", "0").isdigit()):
        return "limit/offset must be a positive number."
    return "Limit valid range is 0-1000. Please provide valid input." * (int(query["limit"]) > 1000)


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _opportunity(one: Retold) -> dict[str, Any]:
    kind, key = _KINDS[one.number % len(_KINDS)], f"{one.number:032x}"
    award = {"date": str(one.published), "number": f"W{one.number}", "amount": "800620.50"}
    naics = one.codes_of("NAICS") or [_NAICS[one.number % len(_NAICS)]]
    return {
        "noticeId": key,
        "title": one.title,
        "solicitationNumber": f"SOL-{one.number}",
        "fullParentPathName": f"DEPT OF DEFENSE.{(one.buyer or 'DLA').upper()}",
        "fullParentPathCode": "097.97AS",
        "postedDate": str(one.published),
        "type": kind,
        "baseType": kind,
        "archiveType": "autocustom",
        "archiveDate": None,
        "typeOfSetAsideDescription": None,
        "typeOfSetAside": None,
        "responseDeadLine": None if "Award" in kind else f"{one.deadline:%Y-%m-%dT%H:%M:%S}-05:00",
        "naicsCode": naics[0],
        "naicsCodes": naics,
        "classificationCode": _PSC[one.number % len(_PSC)],
        "active": "Yes",
        "award": award if "Award" in kind else None,
        "pointOfContact": [
            {"type": "primary", "email": "jane.doe@example.org", "fullName": "Jane Doe"}
        ],
        "description": f"https://{HOST}/prod/opportunities/v1/noticedesc?noticeid={key}",
        "organizationType": "OFFICE",
        "officeAddress": {"zipcode": "43218", "city": "COLUMBUS", "countryCode": "USA"},
        "placeOfPerformance": {"country": {"code": "USA", "name": "UNITED STATES"}},
        "additionalInfoLink": None,
        "uiLink": f"https://sam.gov/opp/{key}/view",
        "links": [{"rel": "self", "href": f"https://{HOST}/x", "hreflang": None, "title": None}],
        "resourceLinks": [f"https://sam.gov/api/prod/opps/v3/{key}/download"],
    }
