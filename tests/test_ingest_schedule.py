"""The schedule: each moment due is asked once, whoever looks and whoever dies."""

from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from index.store import LeadStore
from ingest.collect import Collect
from ingest.schedule import MEMORY, PATIENCE, Schedule, Slot, hosts
from ingest.source import Source

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


def page(name: str, address: str = "", **rhythm: Any) -> Source:
    """A source asked every day at 08:00 UTC, on a host of its own, unless said otherwise."""
    usual = {"at": "08:00", "timezone": "UTC"}
    collect = {"spider": "ocds", "address": address or f"https://{name}.exemple.test/avis"}
    return Source.model_validate(
        {
            "name": name,
            "title": name,
            "publisher": name,
            "licence": "essai",
            "url": "https://e.test",
        }
        | {"formats": ["ocds"], "collect": collect | {"rhythm": usual | rhythm}}
    )


def schedule(store: LeadStore, *pages: Source) -> Schedule:
    return Schedule(store, {one.name: one for one in pages or (page("un"),)})


def names(taken: list[Slot]) -> list[str]:
    return [one.source for one in taken]


def test_a_source_never_asked_is_due_at_once(store: LeadStore, now: datetime) -> None:
    [slot] = schedule(store).take(now, 2)
    assert (slot.source, slot.due) == ("un", now - HOUR)


def test_a_source_asked_waits_for_its_next_moment(store: LeadStore, now: datetime) -> None:
    known = schedule(store)
    [slot] = known.take(now, 2)
    assert known.done(slot, now + MINUTE)
    assert known.take(now + 22 * HOUR, 2) == []
    [following] = known.take(now + 23 * HOUR, 2)
    assert following.due == slot.due + DAY


def test_a_source_that_nobody_collects_is_never_due(store: LeadStore, now: datetime) -> None:
    brought = page("un").model_copy(update={"collect": None})
    assert schedule(store, brought).take(now, 2) == []


def test_after_a_stop_only_the_last_moment_missed_is_asked(store: LeadStore, now: datetime) -> None:
    known = schedule(store, page("un", every="hour"))
    [slot] = known.take(now, 2)
    known.done(slot, now)
    [late] = known.take(now + 5 * HOUR, 2)
    assert late.due == now + 5 * HOUR
    known.done(late, now + 5 * HOUR)
    assert known.take(now + 5 * HOUR + MINUTE, 2) == []


def test_there_is_no_more_asked_than_there_is_room(store: LeadStore, now: datetime) -> None:
    known = schedule(store, page("un"), page("deux", at="07:00"), page("trois", at="06:00"))
    assert names(known.take(now, 2)) == ["trois", "deux"]
    assert names(known.take(now, 0)) == []
    assert names(known.take(now, 2)) == ["un"]


def test_two_sources_of_one_host_are_never_asked_together(store: LeadStore, now: datetime) -> None:
    shared = "https://Portail.exemple.test"
    known = schedule(store, page("un", f"{shared}/a"), page("deux", f"{shared}:443/b"))
    [first] = known.take(now, 2)
    assert known.take(now + MINUTE, 2) == []
    known.done(first, now + 2 * MINUTE)
    assert len(known.take(now + 2 * MINUTE, 2)) == 1


def test_the_hosts_of_what_is_linked_count_too(store: LeadStore, now: datetime) -> None:
    other = Collect.model_validate(
        {"spider": "lists", "address": "https://a.exemple.test", "hosts": ["b.exemple.test"]}
    )
    assert hosts(other) == {"a.exemple.test", "b.exemple.test"}


def test_a_source_still_being_asked_at_its_next_moment_is_not_asked_twice(
    store: LeadStore, now: datetime
) -> None:
    known = schedule(store, page("un", every="hour"))
    held = known.take(now, 2)
    for minutes in range(5, 90, 5):
        held = known.beat(held, now + minutes * MINUTE)
        assert known.take(now + minutes * MINUTE, 2) == []
    known.done(held[0], now + 90 * MINUTE)
    [following] = known.take(now + 90 * MINUTE, 2)
    assert following.due == now + HOUR


def test_a_slot_without_sign_of_life_is_taken_over(store: LeadStore, now: datetime) -> None:
    known = schedule(store)
    [dead] = known.take(now, 1)
    assert known.take(now + PATIENCE - MINUTE, 1) == []
    [again] = known.take(now + PATIENCE, 1)
    assert (again.source, again.due) == (dead.source, dead.due)
    assert known.done(again, now + PATIENCE + MINUTE)
    assert known.take(now + 3 * PATIENCE, 1) == []


def test_who_lost_a_slot_learns_it_and_closes_nothing(store: LeadStore, now: datetime) -> None:
    """A scheduler that slept (a suspended machine) wakes up after another took over."""
    sleeper, other = schedule(store), schedule(store)
    [slept] = sleeper.take(now, 1)
    [taken] = other.take(now + PATIENCE, 1)
    assert sleeper.beat([slept], now + PATIENCE + MINUTE) == []
    assert not sleeper.done(slept, now + PATIENCE + MINUTE)
    sleeper.release(slept)
    assert len(other.beat([taken], now + PATIENCE + MINUTE)) == 1


def test_a_slot_given_back_is_taken_at_once(store: LeadStore, now: datetime) -> None:
    known = schedule(store)
    [held] = known.take(now, 1)
    known.release(held)
    assert names(known.take(now + MINUTE, 1)) == ["un"]


def test_many_schedulers_at_once_ask_each_source_once(store: LeadStore, now: datetime) -> None:
    pages = [page(f"source-{number}") for number in range(12)]
    taken: list[Slot] = []
    together = Barrier(6)

    def look() -> None:
        known = schedule(store, *pages)
        together.wait()
        while some := known.take(now, 1):
            taken.extend(some)

    threads = [Thread(target=look) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(names(taken)) == sorted(one.name for one in pages)


def test_a_year_of_ticks_asks_each_day_once(store: LeadStore, now: datetime) -> None:
    """A tick every twelve hours, with a stop of a week in the middle."""
    known = schedule(store, page("un", at="02:30", timezone="Europe/Paris"))
    ticks = [now + number * 12 * HOUR for number in range(2 * 365)]
    asked: list[datetime] = []
    for tick in ticks[:200] + ticks[214:]:
        for slot in known.take(tick, 1):
            known.done(slot, tick)
            asked.append(slot.due)
    assert len(asked) == len(set(asked)) == 365 - 7


def test_old_slots_are_forgotten(store: LeadStore, now: datetime) -> None:
    known = schedule(store)
    [held] = known.take(now, 1)
    known.done(held, now)
    known.forget(held.due + MEMORY)
    # What is left keeps its moment from being asked again.
    assert known.take(now, 1) == []
    known.forget(held.due + MEMORY + MINUTE)
    assert names(known.take(now, 1)) == ["un"]


@pytest.mark.parametrize("address", ["https://[exemple/avis", "http://:80/avis"])
def test_an_address_without_host_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="adresse de service incorrecte"):
        page("un", address)
