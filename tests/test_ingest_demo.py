"""The demonstration: fictitious leads that a newcomer sees first, and that harm nobody."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from index.lead import STAGES, Lead
from index.store import LeadStore
from ingest.clean import masked
from ingest.demo.feed import dated
from ingest.feeds import tabular
from ingest.language import contradicts
from ingest.ledger import Ledger
from ingest.notice import Notice
from ingest.pipeline import Ingestion
from ingest.price import Rates
from ingest.report import Report
from ingest.source import source, sources
from taxonomies import countries, cpv, hs, naf

TODAY = date(2026, 6, 1)
LANGUAGES = set("fr en de es it pt nl pl ro el ar tr".split())
KINDS = {"tender", "distributor", "rfq", "embassy"}
# An address or a number to call, in whatever shape; quantities are grouped by three digits at most.
CONTACT = re.compile(r"@|https?:|www\.|\b[\w-]+\.(?:com|org|net|fr|de|eu)\b|\+\s?[0-9]|[0-9]{9}")


def table(today: date = TODAY) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(dated(today).decode(), newline="")))


ROWS = table()


def notices() -> Iterator[Notice]:
    for received in tabular.read(io.BytesIO(dated(TODAY)), source("exemples"), "exemples.csv"):
        assert received.notice is not None, received.reason
        assert received.remarks == ()
        yield received.notice


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, dict[str, Lead]]:
    """What ingestion makes of the feed: its report, and the leads by the key of their notices."""
    folder: Path = tmp_path_factory.mktemp("demo")
    (folder / "exemples.csv").write_bytes(dated(TODAY))
    with closing(LeadStore.open(f"sqlite:///{folder / 'record.sqlite'}")) as store:
        ingestion = Ingestion(
            Ledger(store), sources(), Rates.load(), lambda: datetime(2026, 6, 1, 9, tzinfo=UTC)
        )
        report = ingestion.run("exemples", [folder / "exemples.csv"])
        leads = [lead for batch in store.changed_since(0) for lead in batch]
    return report, {origin.key: lead for lead in leads for origin in lead.provenances}


def test_a_newcomer_finds_at_least_150_leads_of_every_kind_and_stage() -> None:
    assert len(ROWS) >= 150
    assert {row["kind"] for row in ROWS} == KINDS
    assert {row["stage"] for row in ROWS} == set(STAGES)


def test_twelve_languages_have_at_least_eight_leads_each() -> None:
    spoken = Counter(row["language"] for row in ROWS)
    assert set(spoken) == LANGUAGES
    assert min(spoken.values()) >= 8


def test_each_text_is_in_the_language_it_declares() -> None:
    wrong = {
        row["id"]: other
        for row in ROWS
        if (other := contradicts(row["language"], f"{row['title']}. {row['body']}"))
    }
    assert wrong == {}


def test_identifiers_titles_and_bodies_are_all_different() -> None:
    # Two languages and an amendment may tell one demand, but never in the same words.
    for column in ("id", "body"):
        assert len({row[column] for row in ROWS}) == len(ROWS)
    assert len({row["title"].casefold() for row in ROWS}) == len(ROWS)


def test_no_two_bodies_share_most_of_their_words() -> None:
    words = {row["id"]: set(re.findall(r"\w+", row["body"].casefold())) for row in ROWS}
    pairs = ((a, b) for a in words for b in words if a < b)
    alike = [(a, b) for a, b in pairs if len(words[a] & words[b]) > 0.5 * len(words[a] | words[b])]
    assert alike == []


def test_bodies_are_long_enough_to_be_real_and_short_enough_to_be_read() -> None:
    lengths = {row["id"]: len(row["body"].split()) for row in ROWS}
    assert {key: length for key, length in lengths.items() if not 30 <= length <= 200} == {}


def test_buyers_are_in_more_than_25_countries_of_the_official_list() -> None:
    codes = {row["country"] for row in ROWS}
    assert len(codes) > 25
    assert {code for code in codes if countries.get(code) is None} == set()


def test_every_code_is_official() -> None:
    for column, table_of, length in (("cpv", cpv, 8), ("hs", hs, 6), ("naf", naf, 6)):
        codes = {code for row in ROWS for code in row[column].split(";") if code}
        assert codes
        assert {
            code for code in codes if table_of.get(code) is None or len(code) != length
        } == set()


def test_goods_and_services_are_coded_as_unevenly_as_in_life() -> None:
    without_cpv = sum(not row["cpv"] for row in ROWS) / len(ROWS)
    with_hs = sum(bool(row["hs"]) for row in ROWS) / len(ROWS)
    assert 0.25 <= without_cpv <= 0.4
    assert 0.35 <= with_hs <= 0.5


def test_nobody_can_be_called_or_written_to() -> None:
    texts = [row[column] for row in ROWS for column in ("title", "body", "buyer", "city")]
    assert [text for text in texts if CONTACT.search(text)] == []
    assert [text for text in texts if masked(text) != text] == []


def test_titles_leave_it_to_the_interface_to_say_that_they_are_examples() -> None:
    marks = re.compile(r"exempl|example|beispiel|ejemplo|esempio|voorbeeld|przykład|fictif", re.I)
    assert [row["title"] for row in ROWS if marks.search(row["title"])] == []


def test_dates_follow_the_day_of_loading() -> None:
    later = TODAY + timedelta(days=400)
    for now, then in zip(ROWS, table(later), strict=True):
        days = date.fromisoformat(then["published"]) - date.fromisoformat(now["published"])
        assert days.days == 400
        assert bool(now["deadline"]) == bool(then["deadline"])
        if now["deadline"]:
            moments = (datetime.fromisoformat(one["deadline"]) for one in (then, now))
            assert next(moments) - next(moments) == timedelta(days=400)


def test_the_first_lead_was_published_21_days_ago_and_closes_in_34_days_at_five() -> None:
    assert ROWS[0]["published"] == "2026-05-11"
    assert ROWS[0]["deadline"] == "2026-07-05T17:00"


def test_the_same_day_gives_the_same_bytes() -> None:
    assert dated(TODAY) == dated(TODAY)
    assert b"\r" not in dated(TODAY)


def test_no_lead_comes_from_the_future_and_some_are_already_closed() -> None:
    assert all(row["published"] <= TODAY.isoformat() for row in ROWS)
    closed = [row for row in ROWS if row["deadline"] and row["deadline"] < TODAY.isoformat()]
    assert 4 <= len(closed) <= 8
    for row in ROWS:
        assert not row["deadline"] or row["published"] < row["deadline"]


def test_the_ordinary_reader_understands_every_row() -> None:
    read = list(notices())
    assert len(read) == len(ROWS)
    assert {name for notice in read for name in notice.unknown} == set()


def test_ingestion_understands_all_but_the_rates_of_rare_currencies(
    run: tuple[Report, dict[str, Lead]],
) -> None:
    report, leads = run
    assert (report.received, report.quarantined, report.duplicates) == (len(ROWS), 0, 0)
    assert len(leads) == len(ROWS)
    assert {subject for subject, _ in report.remarks} <= {"devise sans taux"}
    assert all(lead.fictitious and lead.status == "published" for lead in leads.values())


def test_deadlines_are_local_to_the_buyer(run: tuple[Report, dict[str, Lead]]) -> None:
    for row in ROWS:
        lead = run[1][row["id"]]
        if row["deadline"] and not lead.history:
            assert lead.deadline is not None
            zone = countries.get(lead.country)
            assert zone is not None
            assert lead.deadline.strftime("%Y-%m-%dT%H:%M") == row["deadline"]


def test_two_amendments_moved_a_deadline_and_kept_the_words_of_the_call(
    run: tuple[Report, dict[str, Lead]],
) -> None:
    amended = [row for row in ROWS if row["change"] == "amendment"]
    assert len(amended) == 2
    for row in amended:
        lead = run[1][row["id"]]
        call = next(one for one in ROWS if one["process"] == row["process"] and one is not row)
        assert (lead.stage, lead.title) == ("open", call["title"])
        assert "deadline" in lead.history[0].fields
        assert call["deadline"] < row["deadline"]


def test_a_cancellation_withdraws_the_offer_of_an_earlier_call(
    run: tuple[Report, dict[str, Lead]],
) -> None:
    (row,) = (row for row in ROWS if row["change"] == "cancellation")
    lead = run[1][row["id"]]
    assert (lead.stage, lead.expires) == ("cancelled", None)
    assert [origin.stage for origin in lead.provenances] == ["open", "cancelled"]


def test_three_french_buyers_show_that_they_are_set_aside(
    run: tuple[Report, dict[str, Lead]],
) -> None:
    assert sum(lead.domestic for lead in run[1].values()) == 3
    assert run[0].domestic == 3


def test_two_demands_are_told_in_two_languages() -> None:
    facts = Counter(
        (row["buyer"], row["deadline"], row["amount"], row["currency"], row["cpv"]) for row in ROWS
    )
    (first, second) = (fact for fact, count in facts.items() if count == 2 and fact[2])
    told = [
        {row["language"] for row in ROWS if row["buyer"] == buyer} for buyer, *_ in (first, second)
    ]
    assert sorted(map(sorted, told)) == [["en", "fr"], ["fr", "nl"]]


def test_a_demand_told_in_two_languages_is_one_lead(
    run: tuple[Report, dict[str, Lead]],
) -> None:
    report, leads = run
    assert report.joined == 2
    for one, other in (("EX-015", "EX-116"), ("EX-018", "EX-030")):
        lead = leads[one]
        assert lead is leads[other]
        assert {text.language for text in lead.texts} == {
            row["language"] for row in ROWS if row["id"] in (one, other)
        }
        assert lead.history == ()
