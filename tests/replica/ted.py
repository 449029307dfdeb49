"""Tenders Electronic Daily: the search API (version 3), and the XML of each notice on the site.

https://docs.ted.europa.eu/reuse/search-api.html. Traps as observed on the real service: a date in
another form than 20260531 gives 200 and no notices, an altered token 500, an order by date loses
the notices that share the date on which a page ends, a page after the last one has a token too.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import eq, ge, le
from typing import Any
from zlib import crc32

from replica.days import LAST, moments
from replica.material import Piece
from replica.server import Answer, Asked, Service

API, SITE = "api.ted.europa.eu", "ted.europa.eu"
MOST = 250  # notices a page
FIELDS = ("publication-number", "publication-date", "notice-version")

_CONDITION = re.compile(r"publication-date\s*(>=|<=|=)\s*(\S+)")
_COMPARE = {">=": ge, "<=": le, "=": eq}
_NUMBER = re.compile(r"[0-9]{6,8}-[0-9]{4}")


@dataclass(frozen=True, slots=True)
class Published:
    """A notice on the site. number: of publication; version: of its eForms notice, "" before."""

    number: str
    day: date
    version: str
    xml: bytes

    @property
    def order(self) -> tuple[str, str]:
        """Its place in the order of numbers: by year first."""
        number, _, year = self.number.partition("-")
        return year, number.zfill(8)


def published(pieces: Sequence[Piece], last: date = LAST) -> tuple[Published, ...]:
    """All notices of TED, over the last days until ``last``. Examples that were never published,
    and copies, are given a number, as the service gives one to all."""
    held, made = [one for one in pieces if one.notice.source == "ted"], {}
    for place, (piece, moment) in enumerate(zip(held, moments(len(held), last), strict=True)):
        own, spare = piece.notice.key, f"{900_000 + place}-{moment.year}"
        number = own if _NUMBER.fullmatch(own) and own not in made else spare
        version = "01" if piece.format == "eforms" else ""
        made[number] = Published(number, moment.date(), version, piece.body)
    return tuple(made.values())


def services(pieces: Sequence[Piece], last: date = LAST, size: int = MOST) -> dict[str, Service]:
    """The search and the site. size: notices a page at most, less than what is asked for."""
    notices = published(pieces, last)
    xml = {f"/en/notice/{one.number}/xml": one.xml for one in notices}
    return {API: lambda asked: search(asked, notices, size), SITE: lambda asked: site(asked, xml)}


def site(asked: Asked, xml: Mapping[str, bytes]) -> Answer:
    """GET /en/notice/{number}/xml. xml: by path."""
    if asked.path == "/robots.txt":
        return Answer(b"User-agent: *\nDisallow: /en/search/\n")
    found = xml.get(asked.path)
    if found is None:
        return Answer(b"<!DOCTYPE html><p>Page not found", 404, {"Content-Type": "text/html"})
    return Answer(found, headers={"Content-Type": "application/xml"})


def search(asked: Asked, notices: Sequence[Published], size: int = MOST) -> Answer:
    """POST /v3/notices/search."""
    if asked.path != "/v3/notices/search":
        return Answer(status=404)
    if asked.method != "POST":
        return Answer(status=405)
    try:
        body = json.loads(asked.body)
        limit, fields, query = body["limit"], body["fields"], body["query"]
        wanted, _, sort = query.partition(" SORT BY ")
        conditions = [_condition(one) for one in wanted.split(" AND ")]
    except (LookupError, TypeError, ValueError) as error:
        return _refusal(str(error))
    if not 0 < limit <= MOST or not set(fields) <= {*FIELDS, "links"}:
        return _refusal("limit or fields")
    token = body.get("iterationNextToken")
    after = _after(token, query) if token else None
    if token and after is None:
        return Answer(b'{"message":"Internal Server Error"}', 500)
    found = [one for one in notices if all(test(one.day) for test in conditions)]
    page, end = _page(found, sort.split(" ")[0], after, min(limit, size))
    told = {
        "notices": [_row(one, fields) for one in page],
        "totalNoticeCount": len(found),
        "iterationNextToken": _token(end, query),
        "timedOut": False,
    }
    return Answer(json.dumps(told).encode(), headers={"Content-Type": "application/json"})


def _condition(written: str) -> Any:
    """A test of a day. Raises ValueError for a query that the service does not understand."""
    found = _CONDITION.fullmatch(written.strip())
    if found is None:
        raise ValueError(f"QUERY_SYNTAX_ERROR: {written}")
    compare, day = _COMPARE[found[1]], found[2]
    if not re.fullmatch("[0-9]{8}", day):
        return lambda one: False
    return lambda one: compare(f"{one:%Y%m%d}", day)


def _page(
    found: list[Published], sort: str, after: list[str] | None, limit: int
) -> tuple[list[Published], list[str]]:
    """A page, and where the next one starts: after a number, or after a whole day."""

    def place(one: Published) -> list[str]:
        return list(one.order) if sort == "publication-number" else [one.day.isoformat()]

    ordered = sorted(found, key=lambda one: (place(one), crc32(one.number.encode())))
    left = [one for one in ordered if after is None or place(one) > after]
    page = left[:limit]
    return page, place(page[-1]) if page else after or []


def _row(one: Published, fields: Sequence[str]) -> dict[str, Any]:
    values = {
        "publication-number": one.number,
        "publication-date": f"{one.day}+02:00",
        "notice-version": one.version,
    }
    links = {
        "xml": {"MUL": f"https://{SITE}/en/notice/{one.number}/xml"},
        "html": {"FRA": f"https://{SITE}/fr/notice/-/detail/{one.number}"},
    }
    return {name: values[name] for name in fields if values.get(name)} | {"links": links}


def _token(after: list[str], query: str) -> str:
    return urlsafe_b64encode(json.dumps([after, crc32(query.encode())]).encode()).decode()


def _after(token: str, query: str) -> list[str] | None:
    try:
        after, check = json.loads(urlsafe_b64decode(token))
    except ValueError:
        return None
    return after if check == crc32(query.encode()) else None


def _refusal(message: str) -> Answer:
    told = {"message": message, "error": {"type": "QUERY_SYNTAX_ERROR"}}
    return Answer(json.dumps(told).encode(), 400, {"Content-Type": "application/json"})
