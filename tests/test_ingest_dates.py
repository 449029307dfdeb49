"""A date means one moment, in a zone, or nothing at all."""

import csv
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dates import day, moment

PARIS = "Europe/Paris"
ORDERS = ("ymd", "dmy", "mdy")


@pytest.mark.parametrize(
    ("text", "order", "iso"),
    [
        ("20200102", "ymd", "2020-01-02T00:00:00+01:00"),
        ("20200702", "dmy", "2020-07-02T00:00:00+02:00"),
        ("20200210 10:00", "ymd", "2020-02-10T10:00:00+01:00"),
        ("2019-11-21+01:00", "ymd", "2019-11-21T00:00:00+01:00"),
        ("2014-08-22Z", "ymd", "2014-08-22T00:00:00+00:00"),
        ("2017-10-09T21:58:46Z", "ymd", "2017-10-09T21:58:46+00:00"),
        ("2014-07-10", "mdy", "2014-07-10T00:00:00+02:00"),
        ("2020-1-5 9:30", "ymd", "2020-01-05T09:30:00+01:00"),
        ("2014-07-24 12:00 Central Standard Time (CST)", "ymd", "2014-07-24T12:00:00-06:00"),
        ("2014-07-24 12:00 Eastern Daylight Time (EDT)", "ymd", "2014-07-24T12:00:00-04:00"),
        ("15/05/2014", "dmy", "2014-05-15T00:00:00+02:00"),
        ("03.04.2027", "dmy", "2027-04-03T00:00:00+02:00"),
        ("03/04/2027", "mdy", "2027-03-04T00:00:00+01:00"),
        ("10/28/2015", "mdy", "2015-10-28T00:00:00+01:00"),
        ("2014/05/15", "dmy", "2014-05-15T00:00:00+02:00"),
        ("20/12/2016.", "dmy", "2016-12-20T00:00:00+01:00"),
        ("12/05/99", "dmy", "1999-05-12T00:00:00+02:00"),
        ("070213", "mdy", "2013-07-02T00:00:00+02:00"),
        ("10312013", "mdy", "2013-10-31T00:00:00+01:00"),
        ("31102013", "dmy", "2013-10-31T00:00:00+01:00"),
        ("2015-02-10T06:00:00.000Z", "ymd", "2015-02-10T06:00:00+00:00"),
        ("2015-07-16T15:04:41.3492184+00:00", "ymd", "2015-07-16T15:04:41.349218+00:00"),
        ("2017-08-31T00:00:00-04:00", "ymd", "2017-08-31T00:00:00-04:00"),
        ("2017-08-31T00:00:00+0300", "ymd", "2017-08-31T00:00:00+03:00"),
        ("2011-02-26T22:06:51", "ymd", "2011-02-26T22:06:51+01:00"),
        ("2023-05-16+03:00 12:30:03.82+03:00", "ymd", "2023-05-16T12:30:03.820000+03:00"),
        ("Wed, 02 Oct 2002 13:00:00 GMT", "ymd", "2002-10-02T13:00:00+00:00"),
        ("Fri, 3 Apr 2015 21:09:55 EDT", "ymd", "2015-04-03T21:09:55-04:00"),
        ("Tue, 03 Nov 26 09:00:00 EST", "ymd", "2026-11-03T09:00:00-05:00"),
        ("Tue, 03 Nov 2026 09:00:00 +0000 (UTC)", "ymd", "2026-11-03T09:00:00+00:00"),
        ("Dec 18, 2013 5:00 pm", "mdy", "2013-12-18T17:00:00+01:00"),
        ("December 18, 2013 at 12:00 AM EST", "mdy", "2013-12-18T00:00:00-05:00"),
        ("2015/Apr/30", "ymd", "2015-04-30T00:00:00+02:00"),
        ("18 décembre 2013 à 17h00", "dmy", "2013-12-18T17:00:00+01:00"),
        ("Mi, 3. März 2021", "dmy", "2021-03-03T00:00:00+01:00"),
        ("2020-01-01 24:00", "ymd", "2020-01-02T00:00:00+01:00"),
        ("26-May-2026 15:30 (GMT -4.00)", "ymd", "2026-05-26T15:30:00-04:00"),
        ("03-Sep-2026 10:00 (GMT 5.75)", "ymd", "2026-09-03T10:00:00+05:45"),
        ("  2020-01-01\n10:00\u00a0 ", "ymd", "2020-01-01T10:00:00+01:00"),
    ],
)
def test_a_written_date_is_one_moment(text, order, iso):
    found = moment(text, order, PARIS)
    assert found is not None
    assert found.isoformat() == iso


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "text",
    [
        *("", "n/a", "-", "0", "9:30", "No palica", "Quarter 2 2017/2018", "Q3/2020", "2020"),
        *("1970-01-01", "1970-01-01T00:00:00Z", "0001-01-01", "0001-02-02", "00000000", "99999999"),
        *("1899-12-31", "1989-12-31", "2101-01-01", "9999-12-31", "22020-10-08", "30/052017"),
        *("2021-02-29", "20210231", "31/02/2021", "02/31/2021", "2020-13-01", "2020-00-10"),
        *("2020-01-01 25:00", "2020-01-01 24:01", "2020-01-01 10:60", "2020-01-01T10:00:61Z"),
        *("2020-01-01 5", "2020-01-01 17:00 pm", "2020-01-01 0:30 am", "2020-01-01T10:00+25:00"),
        *("2020-01-01 10:00 BST", "2020-01-01 10:00 Nowhere Time", "2020-01-01 10:00 GMT (CST)"),
        *("before 3 April 2015", "3 Brumaire 2015", "2020-01-01 2020-01-02", "2020-01/02"),
        *("2020-01-01<script>", "٢٠٢٠-٠١-٠١", "２０２０-01-01"),
        *("1" * 100_000, "2020-01-01 " + "a " * 50_000, " " * 100_000),
        *("\x00", "\ud800", "2020-01-01\x00"),
    ],
)  # fmt: skip
def test_what_is_not_a_date_is_none(text, order):
    assert moment(text, order, PARIS) is None


@pytest.mark.parametrize(
    ("text", "order"),
    [("10/28/2015", "dmy"), ("28/10/2015", "mdy"), ("28/10/2015", "ymd"), ("070213", "dmy")],
)
def test_a_date_against_the_order_of_its_source_is_not_guessed(text, order):
    assert moment(text, order, PARIS) is None
    assert day(text, order) is None


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-06-01", "2026-06-01T23:59:59+02:00"),
        ("2026-03-29", "2026-03-29T23:59:59+02:00"),
        ("2026-06-01Z", "2026-06-01T23:59:59+00:00"),
        ("2026-06-01 00:00", "2026-06-01T00:00:00+02:00"),
        ("2026-06-01T12:00:00Z", "2026-06-01T12:00:00+00:00"),
    ],
)
def test_a_deadline_without_time_lasts_its_whole_day(text, iso):
    found = moment(text, "ymd", PARIS, end_of_day=True)
    assert found is not None
    assert found.isoformat() == iso


def test_a_time_that_clocks_skip_in_spring_is_the_one_they_show():
    found = moment("2026-03-29 02:30", "ymd", PARIS)
    assert found is not None
    assert found.isoformat() == "2026-03-29T03:30:00+02:00"


def test_of_two_times_in_autumn_the_first_is_meant():
    found = moment("2026-10-25 02:30", "ymd", PARIS)
    assert found is not None
    assert found.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert found.fold == 0


def test_an_unknown_zone_on_a_source_page_is_an_error():
    with pytest.raises(ZoneInfoNotFoundError):
        moment("2026-06-01", "ymd", "Europe/Lyon")


@settings(deadline=None)
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 12, 31)),
    st.sampled_from([PARIS, "America/St_Johns", "Africa/Casablanca", "Asia/Kathmandu", "UTC"]),
)
def test_every_local_minute_becomes_a_moment_that_survives_a_round_trip(written, zone):
    found = moment(written.isoformat(), "ymd", zone)
    assert found is not None
    assert found.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(fold=0) == found
    assert abs(found.replace(tzinfo=None) - written) <= timedelta(hours=1)


@settings(deadline=None)
@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_a_day_is_read_the_same_in_every_order(written):
    forms = {"ymd": "%Y%m%d", "dmy": "%d/%m/%Y", "mdy": "%m.%d.%Y"}
    assert {day(written.strftime(form), order) for order, form in forms.items()} == {written}
    assert day(f"{written:%Y%m%d}", "mdy") == written
    assert day(f"{written:%d%m%Y}", "dmy") == written


@settings(deadline=None)
@given(st.text(alphabet="0123456789-/.: TZ+apmJan,()GMT", max_size=40), st.sampled_from(ORDERS))
def test_no_text_at_all_breaks_the_reader(text, order):
    found = moment(text, order, PARIS)
    assert found is None or (found.tzinfo is not None and day(text, order) is not None)


def test_a_day_is_the_one_written_whatever_its_zone():
    assert day("2026-06-01T23:30:00-11:00", "ymd") == date(2026, 6, 1)
    assert day("2026-06-01 10:00 Nowhere Time", "ymd") == date(2026, 6, 1)


@pytest.mark.notices
def test_every_date_of_the_index_is_read(notices: Path):
    with (notices / "index.csv").open(encoding="utf-8", newline="") as file:
        dates = {row["date"] for row in csv.DictReader(file)}
    unread = {text for text in dates if moment(text, "ymd", "UTC") is None}
    assert len(dates) > 1_000
    assert unread == {"", "0001-02-02", "19700101"}


@pytest.mark.notices
def test_every_deadline_and_publication_of_the_notices_is_read(notices: Path):
    unread = {text for text in _written(notices) if moment(text, "ymd", "UTC") is None}
    slips, defaults = {"22020-10-08", "30/052017"}, {"0001-02-02", "1970-01-01T00:00:00.000Z"}
    other_order, words = {"20/12/2016."}, {"n/a", "No palica", "No aplica \\n"}
    assert unread == slips | defaults | other_order | words


def _written(notices: Path) -> set[str]:
    """Dates of the XML and JSON notices, as they stand."""
    fields = re.compile(
        r"<(?:DATE_PUB|DT_DATE_FOR_SUBMISSION|DATE_RECEIPT_TENDERS|cbc:(?:Issue|End|Planned)Date"
        r"|efbc:PublicationDate)>([^<]+)<"
        r'|"(?:posted_dt|close_dt|date|endDate|datePublished|dateModified)": *"([^"]+)"'
    )
    paths = [*notices.glob("*/*.xml"), *notices.glob("fbo/*.json"), *notices.glob("ocds/*.json")]
    texts = (path.read_text("utf-8", errors="replace") for path in paths)
    return {xml or text for content in texts for xml, text in fields.findall(content)}
