"""French forms of numbers, days and amounts, what may be a link, and the calendar file."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from index.lead import Value
from search_api.calendar import deadline_event
from search_api.words import (
    ago,
    amount,
    counted,
    day,
    direction,
    euros,
    excerpt,
    marked,
    plain,
    remaining,
    span,
    standing,
    typeset,
    web_link,
)

HOSTILE = "Möbel\u202e \r\nBEGIN:VEVENT\nATTACH:http://x.example"


def test_a_hostile_title_adds_no_line_to_the_calendar(lead, now):
    made = deadline_event(lead(HOSTILE, buyer="a\r\nATTACH:x"), "http://x.example", now)
    lines = made.decode().split("\r\n")
    assert lines.count("BEGIN:VEVENT") == 1
    assert not [line for line in lines if line.startswith("ATTACH")]
    assert not [line for line in lines if "\n" in line or "\r" in line]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (typeset("Pays : « a » ! 1 000 €"), "Pays\u202f: «\u202fa\u202f»\u202f! 1\u202f000\u202f€"),
        (typeset("http://a ?b=1"), "http://a ?b=1"),
        (counted(0, "lead", "leads"), "0\u00a0lead"),
        (counted(1234, "lead", "leads"), "1\u202f234\u00a0leads"),
        (day(date(2026, 5, 1)), "1er\u00a0mai 2026"),
        (amount(1_240_000, "EUR"), "1,2\u00a0M€"),
        (amount(999_000, "USD"), "999\u00a0k\u00a0USD"),
        (amount(12_500, "CHF"), "12\u202f500\u00a0CHF"),
        (amount(2.5e9, "EUR"), "2,5\u00a0Md€"),
        (amount(float("inf"), "EUR"), ""),
        (euros(Value(amount=5, currency="XAF")), ""),
        (plain("a\u202eb\r\nc\x00"), "a b c"),
        (web_link("https://x.example/é"), "https://x.example/é"),
        (web_link("javascript:alert(1)"), ""),
        (web_link("http://[broken"), ""),
        (web_link("//x.example"), ""),
        (direction("he"), "rtl"),
        (direction("zz"), "auto"),
        (direction(""), "auto"),
        (str(marked("<b>Meubles</b> scolaires", ("meuble",))),
         "&lt;b&gt;<mark>Meubles</mark>&lt;/b&gt; scolaires"),
    ],
)  # fmt: skip
def test_french_forms(written, shown):
    assert written == shown


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "aujourd’hui"), (1, "demain"), (-1, "hier"), (32, "dans 32\u00a0jours"),
     (-400, "il y a 400\u00a0jours"), (-1200, "il y a 3\u00a0ans")],
)  # fmt: skip
def test_time_left_is_said_in_days(now, days, said):
    assert remaining(now + timedelta(days=days), now) == said


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=59), "moins d’une minute"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(hours=48), "2 jours"),
        (timedelta(days=1_200), "3 ans"),
        (timedelta(days=-1), "moins d’une minute"),
    ],
)
def test_a_length_of_time_is_said_in_its_own_unit(length, said):
    assert span(length).replace("\u00a0", " ") == said


def test_what_was_and_what_will_be_are_told_apart(now):
    assert ago(now - timedelta(hours=3), now) == "il y a 3\u00a0h"
    assert ago(now + timedelta(hours=3), now) == "dans 3\u00a0h"


def test_days_are_counted_where_the_deadline_falls():
    tokyo = timezone(timedelta(hours=9))
    deadline = datetime(2026, 6, 2, 8, tzinfo=tokyo)
    assert remaining(deadline, datetime(2026, 6, 1, 22, tzinfo=UTC)) == "aujourd’hui"


def test_an_open_lead_whose_time_has_passed_is_past(lead, now):
    assert standing(lead(days=-1), now) == "expired"
    assert standing(lead(days=1), now) == "open"
    assert standing(lead(days=-1, stage="awarded"), now) == "awarded"


def test_an_excerpt_shows_the_words_that_were_found():
    text = f"{'Vorwort ' * 60}und dann Tische {'Schluss ' * 60}"
    assert "Tische" in excerpt(text, ("tische",))
    assert len(excerpt(text)) <= 281
