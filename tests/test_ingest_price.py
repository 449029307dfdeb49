"""An amount is one number or nothing, and its worth in euro is that of the day."""

import json
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from currency_converter import CurrencyConverter
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.price import Rates, _parities, amount, currency


@pytest.fixture(scope="module")
def rates() -> Rates:
    return Rates.load()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("46977.50", "46977.50"),
        ("4500000.00", "4500000.00"),
        ("499318", "499318"),
        ("1.234.567,89", "1234567.89"),
        ("1,234,567.89", "1234567.89"),
        ("1 234 567,89", "1234567.89"),
        ("7\u00a0157\u202f427,50", "7157427.50"),
        ("7\u00a0157\u00a0427,50 ", "7157427.50"),
        ("1’234’567.00", "1234567.00"),
        ("12 000", "12000"),
        ("1.234.567", "1234567"),
        ("1 234,567", "1234.567"),
        ("1234,567", "1234.567"),
        ("0,234", "0.234"),
        ("0,5", "0.5"),
        ("€ 12 000", "12000"),
        ("12 000 €", "12000"),
        ("USD 1,234.50", "1234.50"),
        ("$1,500,000", "1500000"),
        ("Eur 12.000,00", "12000.00"),
        ("12000XOF", "12000"),
        ("10000000000000", "10000000000000"),
    ],
)
def test_an_amount_that_reads_one_way_is_read(text, value):
    assert amount(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "with_dot", "with_comma"),
    [
        ("1.234", "1.234", "1234"),
        ("1,234", "1234", "1.234"),
        ("12.000", "12.000", "12000"),
        ("€ 999,999", "999999", "999.999"),
    ],
)
def test_an_amount_that_reads_two_ways_needs_the_mark_of_its_source(text, with_dot, with_comma):
    assert amount(text) is None
    assert amount(text, ".") == Decimal(with_dot)
    assert amount(text, ",") == Decimal(with_comma)


@pytest.mark.parametrize(
    ("text", "decimal"),
    [("46977.50", ","), ("1.234,56", "."), ("1,234.56", ","), ("1.234.567", "."), ("1e5", ",")],
)
def test_an_amount_against_the_mark_of_its_source_is_none(text, decimal):
    assert amount(text, decimal) is None


@pytest.mark.parametrize(("text", "value"), [("4.5E+6", "4500000"), ("1e5", "100000")])
def test_machine_notation_is_read_where_the_mark_is_the_dot(text, value):
    assert amount(text, ".") == Decimal(value)


@pytest.mark.parametrize("decimal", [".", ",", ""])
@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "€", "EUR", "n/a", "_NO_APLICA_", "confidentiel", "null"),
        *("0", "0.00", "0,00", "000", "€ 0", "-5", "−5", "-9.90", "(1000)", "+5"),
        *("NaN", "nan", "Infinity", "-inf", "1e999", "1E99", "1e-999", "0x10", "1_000", "sNaN"),
        *("99999999999999", "10000000000001", "9" * 64, "9" * 1_000_000),
        *("12,34,567", "1 23 456", "1.23.456", "9 ,123,456", "1  234", "12 34", "1,234,56"),
        *("12 M€", "12 k€", "5 %", "3 mio", "12 000 m²", "10²", "½", "１２", "١٢"),
        *("10 000 - 20 000", "1000/2", "EUR 5 EUR", "Lot 12", "45233120-6", "2020-01-01"),
        *("\x00", "\ud800", "1\x00", "<b>5</b>", "5\n6", ".5", "5."),
    ],
)  # fmt: skip
def test_what_is_not_one_plain_amount_is_none(text, decimal):
    assert amount(text, decimal) is None


@settings(deadline=None)
@given(st.decimals(Decimal("0.01"), Decimal("1e13"), places=2))
def test_an_amount_survives_each_national_notation(value):
    english = f"{value:,}"
    french = english.translate(str.maketrans(",.", "\u00a0,"))
    german = english.translate(str.maketrans(",.", ".,"))
    assert {amount(english), amount(french), amount(german), amount(f"{value}", ".")} == {value}


@settings(deadline=None)
@given(st.text(alphabet="0123456789 .,'€EURe-+", max_size=30), st.sampled_from([".", ",", ""]))
def test_no_text_at_all_gives_an_absurd_amount(text, decimal):
    value = amount(text, decimal)
    assert value is None or 0 < value <= Decimal("1e13")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("EUR", "EUR"),
        (" mdl ", "MDL"),
        ("€", "EUR"),
        ("Euros", "EUR"),
        ("£", "GBP"),
        ("US$", "USD"),
        ("лв.", "BGN"),
        ("zł", "PLN"),
        ("DEM", "DEM"),
        ("XOF", "XOF"),
        ("MNX", "MXN"),
        ("F CFA", "XOF"),
        *[(text, None) for text in ("", "$", "¥", "kr", "lei", "XXX", "XTS", "ABC", "EURO FIFA")],
        *[(text, None) for text in ("wrong", "\ud800", "<EUR>", "E" * 100_000)],
    ],
)
def test_a_currency_is_a_known_one_or_none(text, code):
    assert currency(text, {"MNX": "MXN", "F CFA": "XOF", "wrong": "nothing"}) == code


@pytest.mark.parametrize("day", [date(1999, 1, 4), date(2014, 3, 28), date(2026, 10, 30)])
@pytest.mark.parametrize("code", ["USD", "GBP", "JPY", "DKK"])
def test_the_rate_is_the_one_the_central_bank_published_that_day(rates, code, day):
    expected = CurrencyConverter(decimal=True).convert(Decimal(10_000), code, "EUR", day)
    assert rates.euros(Decimal(10_000), code, day) == (round(expected, 2), day)


def test_a_sunday_has_the_rate_of_friday(rates):
    assert rates.euros(Decimal(100), "USD", date(2020, 1, 5)) == (
        Decimal("89.71"),
        date(2020, 1, 3),
    )
    assert rates.euros(Decimal(100), "USD", datetime(2020, 1, 5, 12)) == (
        Decimal("89.71"),
        date(2020, 1, 3),
    )


def test_a_notice_later_than_the_table_has_its_last_rate_and_the_day_of_it(rates):
    last = date.fromordinal(int(rates.days[-1]))
    _, day = rates.euros(Decimal(100), "USD", date(2099, 1, 1))
    assert day == last


@pytest.mark.parametrize(
    ("code", "day"),
    [
        ("USD", date(1998, 12, 31)),
        ("GRD", date(2000, 12, 31)),
        ("RUB", date(2022, 6, 1)),
        ("RUB", date(2099, 1, 1)),
        ("ISK", date(2012, 1, 4)),
        ("TRL", date(2020, 1, 1)),
        ("COP", date(2020, 1, 1)),
        ("", date(2020, 1, 1)),
    ],
)
def test_without_a_rate_at_that_time_there_is_no_worth_in_euro(rates, code, day):
    assert rates.euros(Decimal(100), code, day) is None


@pytest.mark.parametrize(
    ("code", "amount", "euros"),
    [
        ("EUR", "12.345", "12.35"),
        ("XOF", "655957", "1000.00"),
        ("XAF", "655957", "1000.00"),
        ("KMF", "491967.75", "1000.00"),
        ("XPF", "119332", "1000.00"),
        ("XPF", "1000", "8.38"),
        ("BAM", "1.95583", "1.00"),
        ("DEM", "195.583", "100.00"),
        ("FRF", "6.55957", "1.00"),
        ("BGN", "195.583", "100.00"),
    ],
)
def test_legal_parities_are_exact_and_of_the_day_itself(rates, code, amount, euros):
    day = date(2026, 6, 7)
    assert rates.euros(Decimal(amount), code, day) == (Decimal(euros), day)


def test_a_currency_has_market_rates_until_it_becomes_the_euro(rates):
    before = rates.euros(Decimal(1_000_000), "SKK", date(2004, 5, 3))
    after = rates.euros(Decimal(1_000_000), "SKK", date(2009, 1, 1))
    assert before == (Decimal("24798.51"), date(2004, 5, 3))
    assert after == (Decimal("33193.92"), date(2009, 1, 1))


def test_the_danish_krone_has_no_legal_parity():
    assert "DKK" not in _parities()
    assert {"XOF", "XAF", "KMF", "XPF", "BAM", "DEM"} <= _parities().keys()


def test_each_parity_agrees_with_the_last_rate_published_before_it(rates):
    for code in rates.table.keys() & _parities().keys():
        parity = _parities()[code]
        worth, day = rates.euros(parity.units, code, date.fromordinal(parity.since.toordinal() - 1))
        assert (parity.since - day).days < 10
        assert abs(worth - parity.euros) <= Decimal("0.01"), code


@pytest.mark.notices
def test_every_amount_of_the_ted_and_eforms_notices_is_read(notices: Path):
    paths = [*notices.glob("ted_legacy/*.xml"), *notices.glob("eforms/*.xml")]
    field = re.compile(r"<(?:VAL[A-Z_]*|c[ab]c:[A-Za-z]*Amount)\b[^>]*>([^<]*[0-9][^<]*)<")
    texts = {text for path in paths for text in field.findall(path.read_text("utf-8"))}
    assert len(texts) > 3_000
    assert {text for text in texts if amount(text) is None} == {"0", "0000000000"}


@pytest.mark.notices
def test_every_amount_of_the_ocds_notices_is_read_but_negative_and_empty_ones(notices: Path):
    texts = set()
    for path in notices.glob("ocds/*.json"):
        json.loads(
            path.read_text("utf-8"), object_hook=lambda item: texts.add(str(item.get("amount")))
        )
    unread = {text for text in texts if amount(text, ".") is None and not text.startswith("-")}
    assert len(texts) > 1_000
    assert unread == {"", "0", "0.0", "None", "_NO_APLICA_", "1 ,444,000"}
