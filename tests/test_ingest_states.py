"""The state of every source is read from the record, in as many questions for one as for all."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from conftest import NOW, LeadFactory
from rows import ingested, written
from sqlalchemy import event

from index.store import LeadStore
from index.tables import collection, incident, quarantine, slot
from ingest.collect import Collect
from ingest.health import SourceState
from ingest.ledger import Ledger
from ingest.source import Source
from ingest.states import collections, incidents, reading, states

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ASKED = Collect(spider="ocds", address="https://a.test/{since}")


def page(name: str, **fields: Any) -> Source:
    usual = {"name": name, "title": name.upper(), "publisher": "P", "licence": "L", "url": "u"}
    return Source(**usual | {"formats": ("ocds",), "collect": ASKED} | fields)


PAGES = {name: page(name) for name in ("a", "b", "c")}


def state(store: LeadStore, name: str = "a", now: datetime = NOW) -> SourceState:
    return next(one for one in states(store, PAGES, now) if one.page.name == name)


def test_an_empty_record_knows_nothing_of_its_sources(store: LeadStore) -> None:
    assert [one.page.name for one in states(store, PAGES, NOW)] == ["a", "b", "c"]
    assert {one.health for one in states(store, PAGES, NOW)} == {"jamais collectée"}
    assert [len(one.volume) for one in states(store, PAGES, NOW)] == [30, 30, 30]


def test_the_last_collection_is_told_with_what_its_ingestion_counted(store: LeadStore) -> None:
    number = ingested(store, received=9, new=4, duplicates=5)
    crawl = '{"items": 9, "declared": 9, "reason": "finished"}'
    written(store, collection, run=number, crawl=crawl, started=NOW - HOUR, finished=NOW - HOUR)
    last = state(store).last
    assert last is not None
    assert (last.collection.volume, last.received, last.new) == (9, 9, 4)
    assert (last.collection.state, last.collection.started) == ("promoted", NOW - HOUR)
    assert state(store, "b").last is None


def test_a_held_collection_leaves_the_one_before_it_as_the_last_let_in(store: LeadStore) -> None:
    written(store, collection, started=NOW - DAY, finished=NOW - DAY, beat=NOW - DAY)
    held = written(store, collection, state="held", crawl='{"items": 2}')
    written(store, incident, collection=held, detail="Moins d’avis qu’attendu")
    found = state(store)
    assert (found.health, found.why_held) == ("retenue", ("Moins d’avis qu’attendu",))
    assert (found.promoted, found.first) == (NOW - DAY, NOW - DAY)
    assert found.last is not None
    assert (found.last.collection.volume, found.last.received) == (2, None)


def test_volume_is_counted_by_day_of_paris(store: LeadStore) -> None:
    ingested(store, received=10, new=3, duplicates=7)
    ingested(store, received=5, duplicates=5, ago=2 * HOUR)
    # 22:30 UTC on 30 May is the 31st in Paris.
    ingested(store, received=2, duplicates=2, ago=34.5 * HOUR)
    ingested(store, received=99, duplicates=99, ago=40 * DAY)
    days = [(one.day.isoformat(), one.received, one.new, one.runs) for one in state(store).volume]
    assert days[-2:] == [("2026-05-31", 2, 0, 1), ("2026-06-01", 15, 3, 2)]
    assert sum(received for _, received, _, _ in days) == 17


def test_a_run_that_recognised_its_documents_counts_for_each_of_their_sources(
    store: LeadStore,
) -> None:
    ingested(store, "auto", received=7, new=7, sources=Counter(a=5, c=2), ago=90 * DAY)
    assert [state(store, name).promoted for name in "abc"] == [NOW - 90 * DAY, None, NOW - 90 * DAY]


def test_a_run_that_let_nothing_in_is_not_fresh(store: LeadStore) -> None:
    ingested(store, received=3, quarantined=3)
    assert (state(store).promoted, sum(one.runs for one in state(store).volume)) == (None, 0)


def test_what_was_last_let_in_is_known_beyond_the_window(store: LeadStore) -> None:
    ingested(store, received=3, new=3, ago=300 * DAY)
    assert state(store).promoted == NOW - 300 * DAY
    assert state(store).heard is None


def test_the_window_reaches_as_far_as_the_most_patient_page(store: LeadStore) -> None:
    ingested(store, received=3, new=3, ago=50 * DAY)
    assert state(store).heard is None
    patient = {"a": page("a", collect=ASKED.model_copy(update={"silent_after_days": 60}))}
    assert states(store, patient, NOW)[0].heard == NOW - 50 * DAY


def test_leads_are_counted_and_the_newest_one_dated(store: LeadStore, lead: LeadFactory) -> None:
    store.save([lead(source="a", published=NOW - days * DAY) for days in (3, 1, 2)])
    store.save([lead(source="b", published=None)])
    assert (state(store).leads, state(store).newest) == (3, NOW - DAY)
    assert (state(store, "b").leads, state(store, "b").newest) == (1, None)


def test_a_notice_dated_in_the_future_makes_nothing_fresh(
    store: LeadStore, lead: LeadFactory
) -> None:
    store.save([lead(source="a", published=NOW + 900 * DAY), lead(source="a", published=NOW - DAY)])
    assert state(store).newest == NOW - DAY


def test_only_open_incidents_and_waiting_items_are_counted(store: LeadStore) -> None:
    written(store, incident, detail="ouvert")
    written(store, incident, detail="clos", kind="y", closed=NOW)
    written(store, quarantine, position="1")
    written(store, quarantine, position="2")
    written(store, quarantine, position="3", released=NOW)
    found = state(store)
    assert [one.detail for one in found.incidents] == ["ouvert"]
    assert found.quarantined == 2
    assert [one.detail for one in incidents(store, "a")] == ["clos", "ouvert"]


def test_a_moment_taken_is_no_longer_due(store: LeadStore) -> None:
    six = NOW.replace(hour=4)  # in Paris
    assert state(store).due == six
    written(store, slot, due=six)
    assert state(store).due == six + DAY


def test_a_moment_taken_by_somebody_who_died_is_due_again(store: LeadStore) -> None:
    six = NOW.replace(hour=4)
    written(store, slot, due=six, taken=six)
    assert state(store).due == six
    written(store, slot, due=six - DAY, taken=six - DAY, done=six)
    assert state(store).due == six


def test_a_moment_done_is_no_longer_due(store: LeadStore) -> None:
    six = NOW.replace(hour=4)
    written(store, slot, due=six, taken=six, done=six)
    assert state(store).due == six + DAY


def test_the_last_ten_collections_are_told_the_last_one_first(store: LeadStore) -> None:
    numbers = [written(store, collection, started=NOW + n * HOUR) for n in range(12)]
    written(store, collection, source="b")
    assert [one.collection.number for one in collections(store, "a")] == numbers[:1:-1]


def test_the_reading_is_that_of_the_last_collection_that_was_read(store: LeadStore) -> None:
    written(store, collection, reading='{"coverage": {"buyer": 0.5}}')
    written(store, collection, state="collecting")
    assert reading(store, "a") == {"coverage": {"buyer": 0.5}}
    assert reading(store, "b") == {}


def test_a_collection_in_which_nothing_had_changed_brought_nothing(store: LeadStore) -> None:
    written(store, collection, run=None)
    found = state(store)
    assert found.last is not None
    assert (found.last.received, found.last.new, found.promoted) == (0, 0, NOW)


def test_a_brought_collection_is_the_last_one_but_not_one_of_the_network(store: LeadStore) -> None:
    written(store, collection, started=NOW - DAY, finished=NOW - DAY)
    brought = written(store, collection, since=None, until=None)
    found = state(store)
    assert found.last is not None and found.admitted is not None
    assert found.last.collection.number == brought
    assert found.admitted.started == NOW - DAY


def test_an_amendment_is_news(store: LeadStore) -> None:
    ingested(store, received=3, duplicates=2, updated=1)
    assert (state(store).heard, state(store).volume[-1].new) == (NOW - HOUR, 0)


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"received": "<b>"}', "null"])
def test_a_report_that_cannot_be_read_hides_no_source(store: LeadStore, broken: str) -> None:
    number = Ledger(store).start("a", NOW)
    Ledger(store).finish(number, broken.encode(), NOW)
    written(store, collection, run=number)
    assert [one.leads for one in states(store, PAGES, NOW)] == [0, 0, 0]


def test_a_hundred_sources_are_read_in_as_many_questions_as_three(store: LeadStore) -> None:
    def asked(pages: dict[str, Source]) -> int:
        told: list[str] = []
        hear: Callable[..., None] = lambda *args: told.append(args[2])  # noqa: E731
        event.listen(store.engine, "before_cursor_execute", hear)
        states(store, pages, NOW)
        event.remove(store.engine, "before_cursor_execute", hear)
        return len(told)

    many = {name: page(name) for name in map("s{}".format, range(100))}
    for name in many:
        written(store, collection, source=name)
        written(store, incident, source=name)
    assert asked(many) == asked(PAGES) <= 10
