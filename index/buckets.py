"""The ranges behind the deadline and value facets."""

from dataclasses import dataclass
from datetime import datetime, timedelta

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Bucket:
    """``lower`` ≤ x < ``upper``; None is open."""

    name: str
    lower: float | None
    upper: float | None


def deadline_buckets(now: datetime) -> tuple[Bucket, ...]:
    """By days left, in seconds since 1970; "none" is 0, the mark of a lead without deadline."""
    start = now.timestamp()
    week, month, quarter = ((now + timedelta(days=days)).timestamp() for days in (7, 30, 90))
    return (
        Bucket("d7", start, week),
        Bucket("d30", week, month),
        Bucket("d90", month, quarter),
        Bucket("later", quarter, None),
        Bucket("past", 1, start),
        Bucket("none", 0, 1),
    )


VALUE_BUCKETS = (
    Bucket("v0", 0, 100_000),
    Bucket("v100k", 100_000, 1_000_000),
    Bucket("v1m", 1_000_000, 10_000_000),
    Bucket("v10m", 10_000_000, None),
    Bucket("none", None, 0),
)
