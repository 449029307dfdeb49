"""Days on which the replica's notices appear: the real ones come from ten different years."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

LAST = date(2026, 5, 29)  # a Friday
DAYS = 20  # working days, the last four weeks


def working_days(last: date = LAST) -> tuple[date, ...]:
    """The last DAYS working days until ``last``, the first first."""
    back = (last - timedelta(days=days) for days in range(2 * DAYS))
    return tuple(islice((day for day in back if day.weekday() < 5), DAYS))[::-1]


def moments(number: int, last: date = LAST) -> Sequence[datetime]:
    """So many moments of working hours (UTC), all different, in order: as many each day."""
    return tuple(_moments(number, last))


def _moments(number: int, last: date) -> Iterator[datetime]:
    days, each = working_days(last), -(-number // DAYS)
    for place in range(number):
        start = datetime.combine(days[place // each], time(8), UTC)
        yield start + timedelta(seconds=36_000 * (place % each) // each)
