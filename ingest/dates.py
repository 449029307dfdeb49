"""Dates as sources write them, read in one known order and given a time zone."""

import csv
import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import get_day_names, get_month_names

Order = Literal["ymd", "dmy", "mdy"]

# Outside of these years a date is a default value (1970, 0001) or a slip (22020).
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_LONGEST = 80
_WIDTHS: tuple[Literal["wide"], Literal["abbreviated"]] = ("wide", "abbreviated")
_LANGUAGES = ("en", "fr", "de", "es", "it", "pt", "nl")

_YEAR, _SHORT_YEAR = "(?P<y>[0-9]{4})", "(?P<y>[0-9]{2})"
_MONTH, _DAY = "(?P<m>[0-9]{1,2})", "(?P<d>[0-9]{1,2})"
_NAME = r"(?P<name>[^\W\d_]{3,10})\.?"
_WEEKDAY = r"(?:(?P<weekday>[^\W\d_]{2,10})\.?,? +)?"
_SURE_WEEKDAY = r"(?P<weekday>[^\W\d_]{2,10})\.?,? +"
_SEPARATOR = "(?P<s>[-/.])"

# A year of four digits in front leaves no doubt, whatever the order of the source.
_ALWAYS = (
    f"{_YEAR}{_SEPARATOR}{_MONTH}(?P=s){_DAY}",
    # 19 to 21 is no month, so that 8 digits are never a date in two orders.
    "(?P<y>(?:19|20|21)[0-9]{2})(?P<m>0[1-9]|1[0-2])(?P<d>[0-9]{2})",
    f"{_WEEKDAY}{_DAY}(?:st|nd|rd|th|er|\\.)?[ -]{_NAME},?[ -]{_YEAR}",
    f"{_WEEKDAY}{_NAME} {_DAY}(?:st|nd|rd|th)?,? {_YEAR}",
    f"{_YEAR}[-/ ]{_NAME}[-/ ]{_DAY}",
    # RFC 822 writes the year in two digits; the day of the week in front tells its dates apart.
    f"{_SURE_WEEKDAY}{_DAY} {_NAME} {_SHORT_YEAR}",
)
_ORDERED: dict[Order, tuple[str, ...]] = {
    "ymd": (),
    "dmy": (
        f"{_DAY}{_SEPARATOR}{_MONTH}(?P=s){_YEAR}",
        f"{_DAY}{_SEPARATOR}{_MONTH}(?P=s){_SHORT_YEAR}",
        "(?P<d>[0-9]{2})(?P<m>[0-9]{2})(?P<y>[0-9]{4})",
    ),
    "mdy": (
        f"{_MONTH}{_SEPARATOR}{_DAY}(?P=s){_YEAR}",
        f"{_MONTH}{_SEPARATOR}{_DAY}(?P=s){_SHORT_YEAR}",
        "(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?P<y>[0-9]{4})",
        "(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?P<y>[0-9]{2})",
    ),
}
# « (GMT -4.00) », « (GMT 5.50) »: hours and their hundredths (UN Global Marketplace).
_IN_HOURS = r"\(GMT ?[+-]?[0-9]{1,2}\.[0-9]{2}\)"
_OFFSET = r"[+-][0-9]{2}:?[0-9]{2}|Z"
# "2019-11-21+01:00" is a date in a zone; xsd:date and xsd:time are at times joined as they stand.
_REST = (
    rf"(?P<datezone>{_OFFSET})?"
    r"(?:(?:T|,? +(?:at +|à +)?)(?P<H>[0-9]{1,2})(?:[:h](?P<M>[0-9]{2}))?"
    r"(?::(?P<S>[0-9]{2})(?:[.,](?P<F>[0-9]{1,9}))?)?"
    r"(?: ?(?P<half>[ap])\.?m\b\.?)?"
    rf" ?(?P<zone>(?:{_OFFSET})(?: \([A-Za-z]{{1,5}}\))?"
    rf"|{_IN_HOURS}|[^\W\d_][^\W\d_ ]*(?: [^\W\d_]+)* ?(?:\([^\W\d_]{{1,5}}\))?)?)?\.?"
)


@cache
def _patterns(order: Order) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(form + _REST, re.I) for form in _ALWAYS + _ORDERED[order])


@cache
def _months() -> dict[str, int]:
    """Month names and abbreviations, casefolded; none means two months in these languages."""
    tables = (get_month_names(width, locale=name) for name in _LANGUAGES for width in _WIDTHS)
    return {word.casefold().rstrip("."): month for table in tables for month, word in table.items()}


@cache
def _weekdays() -> frozenset[str]:
    tables = (get_day_names(width, locale=name) for name in _LANGUAGES for width in _WIDTHS)
    return frozenset(word.casefold().rstrip(".") for table in tables for word in table.values())


@cache
def _zones() -> dict[str, tzinfo]:
    """Zone names, casefolded, to their offsets."""
    table = files("ingest").joinpath("zones.csv").read_text("utf-8").splitlines()
    rows = csv.DictReader(line for line in table if not line.startswith("#"))
    return {row["name"]: _offset(row["offset"]) for row in rows}


def _offset(text: str) -> tzinfo:
    """Zone of a written offset. Raises ValueError on hours or minutes that no clock has."""
    zone = datetime.strptime(text.upper(), "%z").tzinfo
    assert zone is not None
    return zone


def _zone(text: str) -> tzinfo:
    """Zone of an offset or of a name. Raises KeyError or ValueError when it is not known."""
    offset, _, _ = text.partition(" (")  # the name after an offset is a comment (RFC 5322)
    if re.fullmatch(_OFFSET, offset, re.I):
        return _offset(offset)
    if re.fullmatch(_IN_HOURS, text, re.I):
        return timezone(timedelta(hours=float(text[4:-1])))
    name, _, short = text.casefold().rstrip(")").partition("(")
    known = _zones()[name.strip()]
    if short and _zones()[short] != known:
        raise ValueError(text)
    return known


def _year(written: str) -> int:
    if len(written) == 4:
        return int(written)
    return int(written) + (1900 if int(written) >= 90 else 2000)


def _date(found: re.Match[str]) -> date:
    """The calendar day. Raises KeyError on an unknown word, ValueError on an impossible day."""
    parts = found.groupdict()
    if (weekday := parts.get("weekday")) and weekday.casefold() not in _weekdays():
        raise KeyError(weekday)
    month = _months()[parts["name"].casefold()] if parts.get("name") else int(parts["m"])
    year = _year(parts["y"])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(year)
    return date(year, month, int(parts["d"]))


def _clock(found: re.Match[str]) -> timedelta | None:
    """Time since midnight, None when no time is written; 24:00 ends the day (ISO 8601)."""
    hour, minute, second, fraction, half = found.group("H", "M", "S", "F", "half")
    if hour is None:
        return None
    if (minute is None and half is None) or (half and not 1 <= int(hour) <= 12):
        raise ValueError(hour)
    hours = int(hour) % 12 + 12 * (half in ("p", "P")) if half else int(hour)
    rest = int(minute or 0), int(second or 0), int((fraction or "0").ljust(6, "0")[:6])
    if (hours, *rest) != (24, 0, 0, 0):
        time(hours, *rest)  # raises ValueError where no clock shows this
    return timedelta(hours=hours, minutes=rest[0], seconds=rest[1], microseconds=rest[2])


def _found(text: str, order: Order) -> re.Match[str] | None:
    text = " ".join(text.split()) if len(text) <= _LONGEST else ""
    return next((found for form in _patterns(order) if (found := form.fullmatch(text))), None)


def day(text: str, order: Order) -> date | None:
    """The calendar day as written, whatever time and zone follow it; None when not a date."""
    found = _found(text, order)
    try:
        return _date(found) if found else None
    except (KeyError, ValueError):
        return None


# The notices of a feed are of the same few hundred days.
@lru_cache(maxsize=10_000)
def moment(text: str, order: Order, timezone: str, *, end_of_day: bool = False) -> datetime | None:
    """The moment written in ``text``, with the offset it states, else in ``timezone`` (IANA).

    A date without time is 00:00, or 23:59:59 with ``end_of_day`` (a deadline lasts its whole day).
    A local time that clocks skip in spring is moved to the one they show; of two in autumn, the
    first is meant. None when the text is not one plain date, or outside of 1990–2100.
    Raises ValueError or ZoneInfoNotFoundError when ``timezone`` does not exist.
    """
    home = ZoneInfo(timezone)
    found = _found(text, order)
    if found is None:
        return None
    try:
        written = found["zone"] or found["datezone"]
        zone = _zone(written) if written else home
        start, clock = datetime.combine(_date(found), time.min), _clock(found)
    except (KeyError, ValueError):
        return None
    if clock is None:
        clock = timedelta(hours=23, minutes=59, seconds=59) if end_of_day else timedelta()
    return (start + clock).replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
