"""How much each partner may ask: so many requests a minute, so many demands a day.

Requests are counted in this process: of two that serve the site, each allows as many. Demands are
counted in the record, whatever serves.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from threading import Lock
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import and_, select

from index.store import LeadStore
from index.submission_tables import partner, partner_day
from ingest.submissions.record import Sender
from search_api.api_keys import Key
from search_api.callers import holding
from search_api.problems import Problem

_MINUTE, _DAY = 60, 86_400


@dataclass(frozen=True, slots=True)
class Allowance:
    """One limit as a caller stands to it. window, reset: seconds."""

    name: str
    quota: int
    window: int
    left: int
    reset: int


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime


class Meter:
    """The requests of the last minute, by partner. Safe to share between threads."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, bool], _Bucket] = {}
        self._lock = Lock()

    def take(self, caller: tuple[str, bool], quota: int, now: datetime) -> tuple[bool, Allowance]:
        """Count one request, if there is room; how the caller stands after it."""
        with self._lock:
            bucket = self._buckets.setdefault(caller, _Bucket(quota, now))
            # A clock that goes back gives nothing.
            passed = max((now - bucket.at).total_seconds(), 0.0)
            bucket.left = min(quota, bucket.left + passed * quota / _MINUTE)
            bucket.at = now
            allowed = bucket.left >= 1
            bucket.left -= allowed
            reset = -(-(1 - bucket.left) * _MINUTE // quota) if bucket.left < 1 else 0
            return allowed, Allowance("minute", quota, _MINUTE, int(bucket.left), int(reset))


def until_tomorrow(now: datetime) -> int:
    """Seconds until the day's demands are counted anew, at midnight UTC."""
    tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    return int((tomorrow - now).total_seconds()) + 1


def spent(allowance: Allowance, detail: str) -> Problem:
    """429 problem of one limit."""
    return Problem(429, "Trop de demandes", detail, headers={"Retry-After": str(allowance.reset)})


def metered(scope: str) -> Callable[..., Sender]:
    """A dependency that gives who calls, with a key of this scope, within its limits: 429."""

    def within(request: Request, key: Annotated[Key, Depends(holding(scope))]) -> Sender:
        now = request.app.state.clock()
        per_minute, per_day, accepted = _row(request.app.state.store, key, now)
        meter: Meter = request.app.state.meter
        allowed, minute = meter.take((key.partner, key.sandbox), per_minute, now)
        left = max(per_day - accepted, 0)
        day = Allowance("jour", per_day, _DAY, left, until_tomorrow(now))
        request.state.allowances = (minute, day)
        if not allowed:
            raise spent(minute, f"{per_minute} requêtes par minute au plus.")
        return Sender(key.partner, key.id, key.sandbox, per_day)

    return within


def _row(store: LeadStore, key: Key, now: datetime) -> tuple[int, int, int]:
    today = and_(
        partner_day.c.partner == partner.c.name,
        partner_day.c.sandbox == key.sandbox,
        partner_day.c.day == now.astimezone(UTC).date(),
    )
    told = select(partner.c.per_minute, partner.c.per_day, partner_day.c.accepted)
    with store.reading() as connection:
        row = connection.execute(
            told.outerjoin(partner_day, today).where(partner.c.name == key.partner)
        ).one()
    return row.per_minute, row.per_day, row.accepted or 0


def counted(request: Request, demands: int = 1) -> None:
    """So many more demands were accepted: what is left of the day is told accordingly."""
    minute, day = request.state.allowances
    left = max(day.left - demands, 0)
    request.state.allowances = (minute, Allowance(day.name, day.quota, day.window, left, day.reset))


def _headers(request: Request) -> dict[str, str]:
    """Of draft-ietf-httpapi-ratelimit-headers-10."""
    told: tuple[Allowance, ...] = getattr(request.state, "allowances", ())
    if not told:
        return {}
    policies = ", ".join(f'"{one.name}";q={one.quota};w={one.window}' for one in told)
    limits = ", ".join(f'"{one.name}";r={one.left};t={one.reset}' for one in told)
    return {"RateLimit-Policy": policies, "RateLimit": limits}


class MeteredRoute(APIRoute):
    """A route whose answers, refusals too, say how the caller stands to its limits."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See ``APIRoute``."""
        handle = super().get_route_handler()

        async def tell(request: Request) -> Response:
            try:
                answer = await handle(request)
            except Problem as problem:
                problem.headers.update(_headers(request))
                raise
            answer.headers.update(_headers(request))
            return answer

        return tell
