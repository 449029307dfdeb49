"""When a source is due: every period has one moment, whatever clocks do."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ingest.collect import Rhythm, last_due

ZONES = (
    "Europe/Paris", "Pacific/Apia", "Asia/Kathmandu", "Australia/Lord_Howe",
    "America/Santiago", "Asia/Beirut", "Africa/Casablanca", "America/St_Johns", "UTC",
)  # fmt: skip
MINUTE = timedelta(minutes=1)


def rhythm(**page: Any) -> Rhythm:
    """As a source's page says it."""
    return Rhythm.model_validate(page)


def moments(asked: Rhythm, start: datetime, end: datetime) -> list[datetime]:
    """Every moment due between two others, found from the last to the first."""
    found, now = [], end
    while (due := last_due(asked, now)) > start:
        found.append(due)
        now = due - timedelta(microseconds=1)
    return found[::-1]


def days(start: date, end: date) -> Iterator[date]:
    while start < end:
        yield start
        start += timedelta(days=1)


def shown(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", ["00:00", "00:30", "02:00", "02:30", "06:00", "23:30"])
def test_each_day_of_three_years_is_due_once(zone: str, at: str) -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
    due = moments(rhythm(at=at, timezone=zone), start, end)
    dates = Counter(one.astimezone(ZoneInfo(zone)).date() for one in due)
    assert set(dates.values()) == {1}
    assert set(days(date(2026, 1, 2), date(2028, 12, 31))) <= set(dates)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", ["mon", "sun"])
def test_each_week_of_three_years_is_due_once(zone: str, day: Any) -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
    weekly = rhythm(every="week", days=(day,), at="02:30", timezone=zone)
    due = [one.astimezone(ZoneInfo(zone)).date() for one in moments(weekly, start, end)]
    assert {after - before for before, after in pairwise(due)} == {timedelta(days=7)}
    assert len(due) in (156, 157)


@pytest.mark.parametrize("zone", ["Europe/Paris", "Asia/Kathmandu", "Australia/Lord_Howe"])
@pytest.mark.parametrize("minutes", ["00:00", "00:45"])
def test_each_hour_of_a_year_is_due_when_the_clock_shows_its_minutes(
    zone: str, minutes: str
) -> None:
    start, end = datetime(2026, 3, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)
    hourly = rhythm(every="hour", at=minutes, timezone=zone)
    due = moments(hourly, start, end)
    assert {one.astimezone(ZoneInfo(zone)).minute for one in due} == {hourly.at.minute}
    gaps = Counter(after - before for before, after in pairwise(due))
    # Where clocks change by half an hour, one hour a year lasts ninety minutes or thirty.
    odd = {timedelta(minutes=30), timedelta(minutes=90)} if zone.endswith("Lord_Howe") else set()
    assert set(gaps) <= {timedelta(hours=1)} | odd
    assert abs(len(due) - 365 * 24) <= 1


def test_paris_changes_its_clocks_and_no_night_is_lost_or_doubled() -> None:
    nightly = rhythm(at="02:30")
    spring = moments(nightly, datetime(2027, 3, 27, tzinfo=UTC), datetime(2027, 3, 30, tzinfo=UTC))
    assert [shown(one, "Europe/Paris") for one in spring] == [
        "2027-03-27 02:30", "2027-03-28 03:30", "2027-03-29 02:30",
    ]  # fmt: skip
    autumn = moments(nightly, datetime(2027, 10, 30, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC))
    assert [f"{one:%d %H:%M}" for one in autumn] == ["30 00:30", "31 00:30"]


def test_midnight_in_paris_is_due_on_the_days_when_clocks_change() -> None:
    asked = rhythm(every="week", days=("mon",), at="00:00")
    due = moments(asked, datetime(2027, 3, 20, tzinfo=UTC), datetime(2027, 4, 6, tzinfo=UTC))
    assert [shown(one, "Europe/Paris")[:10] for one in due] == [
        "2027-03-22", "2027-03-29", "2027-04-05",
    ]  # fmt: skip


def test_lord_howe_moves_its_clocks_by_half_an_hour() -> None:
    asked = rhythm(every="hour", at="00:45", timezone="Australia/Lord_Howe")
    night = datetime(2026, 4, 4, 13, 30, tzinfo=UTC), datetime(2026, 4, 4, 17, 0, tzinfo=UTC)
    due = [f"{one:%H:%M}" for one in moments(asked, *night)]
    # 01:45 comes twice, half an hour apart.
    assert due == ["13:45", "14:45", "15:15", "16:15"]


def test_the_day_that_apia_never_had_is_due_with_the_next_one() -> None:
    start, end = datetime(2010, 1, 1, tzinfo=UTC), datetime(2013, 1, 1, tzinfo=UTC)
    due = moments(rhythm(timezone="Pacific/Apia"), start, end)
    dates = Counter(one.astimezone(ZoneInfo("Pacific/Apia")).date() for one in due)
    assert set(dates.values()) == {1}
    missing = set(days(date(2010, 1, 2), date(2012, 12, 31))) - set(dates)
    assert missing == {date(2011, 12, 30)}


def test_a_friday_that_was_skipped_does_not_skip_its_week() -> None:
    asked = rhythm(every="week", days=("fri",), timezone="Pacific/Apia")
    due = moments(asked, datetime(2011, 12, 20, tzinfo=UTC), datetime(2012, 1, 8, tzinfo=UTC))
    assert [shown(one, "Pacific/Apia") for one in due] == [
        "2011-12-23 06:00", "2011-12-31 06:00", "2012-01-06 06:00",
    ]  # fmt: skip


def test_some_days_of_the_week_only() -> None:
    asked = rhythm(days=("tue", "sat"), timezone="UTC")
    due = moments(asked, datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 10, tzinfo=UTC))
    assert [one.day for one in due] == [2, 6, 9]


@given(
    zone=st.sampled_from(ZONES),
    every=st.sampled_from(["hour", "day", "week"]),
    at=st.times(),
    now=st.datetimes(datetime(2010, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    later=st.integers(0, 3 * 24 * 60),
)
def test_time_never_runs_back(zone: str, every: Any, at: time, now: datetime, later: int) -> None:
    asked = rhythm(every=every, at=f"{at:%H:%M}", timezone=zone)
    due = last_due(asked, now)
    assert due <= now
    assert last_due(asked, due) == due
    assert due <= last_due(asked, now + later * MINUTE)


@pytest.mark.parametrize(("written", "read"), [("06:00", time(6)), ("18:30", time(18, 30))])
def test_the_time_of_a_page_is_what_its_author_wrote(written: str, read: time) -> None:
    for page in (f"at: {written}", f'at: "{written}"'):
        assert Rhythm.model_validate(yaml.safe_load(page)).at == read


@pytest.mark.parametrize("written", ["18", "6h30", "24:00", "06:00+02:00", "18:30:15", "true"])
def test_a_time_that_is_none_is_refused_in_french(written: str) -> None:
    with pytest.raises(ValidationError, match="heure attendue"):
        Rhythm.model_validate(yaml.safe_load(f"at: {written}"))
