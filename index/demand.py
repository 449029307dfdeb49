"""Demand counted: leads by sector and by country over time, and what is known of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from index.facts import (
    CHECKED,
    DEADLINE,
    FOREIGN,
    REAL,
    SHOWN,
    VALUE,
    Columns,
    Rows,
    country_code,
    country_number,
    sector_places,
)

# Months beyond which years are told instead.
MANY_MONTHS = 24

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Period:
    """Whole months, both ends included."""

    first: np.datetime64
    last: np.datetime64

    @property
    def by_year(self) -> bool:
        """Whether columns are years."""
        return int((self.last - self.first).astype(int)) + 1 > MANY_MONTHS

    @property
    def columns(self) -> tuple[str, ...]:
        """« 2026-05 » each month, or « 2026 » each year."""
        unit = "Y" if self.by_year else "M"
        first, last = (end.astype(f"M8[{unit}]") for end in (self.first, self.last))
        return tuple(map(str, np.arange(first, last + 1)))

    def place(self, days: NDArray[np.datetime64]) -> Counts:
        """Column of each day, all within the period."""
        unit = f"M8[{'Y' if self.by_year else 'M'}]"
        found: Counts = (days.astype(unit) - self.first.astype(unit)).astype(np.int64)
        return found


def month(text: str) -> np.datetime64:
    """The month of « 2026-05 »."""
    return np.datetime64(text, "M")


def start(of: np.datetime64) -> datetime:
    """The first moment of a month (UTC)."""
    return datetime.fromisoformat(f"{of}-01").replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """Leads of one sector or country ("" for those without), by column."""

    key: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """In the whole period."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the leads of a source. codes: how many by how their codes are known, from
    ``NO_CODE`` to ``CHECKED``. waited: hours from publication to the record, median and ninth
    decile, over the leads published since the source is followed; None without any."""

    leads: int
    codes: tuple[int, ...]
    deadline: int
    value: int
    country: int
    waited: tuple[float, float] | None


def foreign(columns: Columns) -> tuple[Rows, bool]:
    """The foreign demands that are not examples; those that are, and True, where a record holds
    nothing else."""
    real = columns.having(SHOWN | FOREIGN | REAL)
    if len(real):
        return real, False
    examples = columns.having(SHOWN | FOREIGN)
    return examples, bool(len(examples))


def first_month(rows: Rows) -> str:
    """Month of the first publication, "" without any."""
    days = rows["published"][~np.isnat(rows["published"])]
    return str(days.min().astype("M8[M]")) if len(days) else ""


def within(rows: Rows, period: Period | None = None, sector: str = "", country: str = "") -> Rows:
    """The rows published in the period, of this main sector and this country ("" for all)."""
    kept = np.ones(len(rows), bool)
    if period is not None:
        months = rows["published"].astype("M8[M]")
        kept &= (months >= period.first) & (months <= period.last)
    if sector:
        kept &= rows["sector"] == sector_places()[sector]
    if country:
        kept &= rows["country"] == country_number(country)
    found: Rows = rows[kept]
    return found


def _lines(keys: tuple[str, ...], places: Counts, rows: Rows, period: Period) -> tuple[Line, ...]:
    """Largest total first; keys without lead are left out."""
    width = len(period.columns)
    cells = places * width + period.place(rows["published"])
    counts = np.bincount(cells, minlength=len(keys) * width).reshape(len(keys), width)
    lines = (Line(key, tuple(map(int, row))) for key, row in zip(keys, counts, strict=True))
    return tuple(sorted((one for one in lines if one.total), key=lambda one: (-one.total, one.key)))


def by_sector(rows: Rows, period: Period) -> tuple[Line, ...]:
    """A lead counts once, for its main sector. rows: within the period."""
    keys = (*sector_places(), "")
    places = np.where(rows["sector"] < 0, len(keys) - 1, rows["sector"]).astype(np.int64)
    return _lines(keys, places, rows, period)


def by_country(rows: Rows, period: Period) -> tuple[Line, ...]:
    """rows: within the period."""
    numbers, places = np.unique(rows["country"], return_inverse=True)
    return _lines(tuple(country_code(int(one)) for one in numbers), places, rows, period)


def cells(rows: Rows) -> Iterator[tuple[str, str, str, int]]:
    """Month (2026-05), main sector, country, number of leads; those without date are left out."""
    dated = rows[~np.isnat(rows["published"])]
    months = dated["published"].astype("M8[M]").astype(np.int64)
    keys = np.stack([months, dated["sector"], dated["country"]], axis=1)
    names = (*sector_places(), "")  # -1, without sector, is the last
    for (number, sector, country), count in zip(
        *np.unique(keys, axis=0, return_counts=True), strict=True
    ):
        written = str(np.datetime64(int(number), "M"))
        yield written, names[sector], country_code(int(country)), int(count)


def over_time(rows: Rows, period: Period) -> Line:
    """All together. rows: within the period."""
    counts = np.bincount(period.place(rows["published"]), minlength=len(period.columns))
    return Line("", tuple(map(int, counts)))


def per_country(rows: Rows) -> dict[str, tuple[int, str]]:
    """Country → leads, and the day of the last one (ISO, "" when unknown)."""
    numbers, places = np.unique(rows["country"], return_inverse=True)
    counts = np.bincount(places, minlength=len(numbers))
    latest = np.full(len(numbers), np.iinfo(np.int64).min)
    np.maximum.at(latest, places, rows["published"].astype(np.int64))
    days = latest.astype("M8[D]")
    return {
        country_code(int(number)): (int(count), "" if np.isnat(day) else str(day))
        for number, count, day in zip(numbers, counts, days, strict=True)
    }


def first_arrivals(columns: Columns) -> dict[str, np.datetime64]:
    """Source → the day on which its first notice reached the record, as far as it is known."""
    rows = columns.rows[(columns.rows["waited"] >= 0) & ~np.isnat(columns.rows["published"])]
    days = rows["published"] + (rows["waited"] // 86_400).astype("m8[D]")
    first = np.full(len(columns.sources), np.iinfo(np.int64).max)
    np.minimum.at(first, rows["source"], days.astype(np.int64))
    seen = set(map(int, np.unique(rows["source"])))
    return {columns.sources[one]: first[one].astype("M8[D]") for one in seen}


def per_source(rows: Rows, columns: Columns) -> dict[str, Known]:
    """Source → what is known of these leads of it."""
    first = first_arrivals(columns)
    found = {}
    for number in np.unique(rows["source"]):
        name = columns.sources[number]
        found[name] = known(rows[rows["source"] == number], first.get(name))
    return found


def known(rows: Rows, since: np.datetime64 | None = None) -> Known:
    """What is known of these leads, of one source. since: the day of its first arrival: what was
    published before waited for the source to be described, not for us."""
    codes = np.bincount(rows["codes"], minlength=CHECKED + 1)
    return Known(
        leads=len(rows),
        codes=tuple(map(int, codes)),
        deadline=int(np.count_nonzero(rows["flags"] & DEADLINE)),
        value=int(np.count_nonzero(rows["flags"] & VALUE)),
        country=int(np.count_nonzero(rows["country"])),
        waited=_waits(rows, since),
    )


def _waits(rows: Rows, since: np.datetime64 | None) -> tuple[float, float] | None:
    if since is None:
        return None
    counted = rows[(rows["waited"] >= 0) & (rows["published"] >= since)]
    return spread(counted["waited"] / 3600)


def spread(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """Median and ninth decile; None without values."""
    if not len(values):
        return None
    middle, high = np.percentile(values, (50, 90))
    return float(middle), float(high)
