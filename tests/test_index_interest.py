"""A company follows leads on a page that its secret alone opens, and takes everything with it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from conftest import NOW, LeadFactory
from sqlalchemy import select

from index import interest
from index.interest import (
    MAX_LEADS,
    MAX_NEW,
    ChangedError,
    Company,
    FollowUpError,
    TooManyError,
    is_siren,
    months_later,
)
from index.store import LeadStore
from index.usefulness_tables import follower, interest_event
from index.usefulness_tables import interest as interest_table

DAY = timedelta(days=1)
# Where both databases are sure to do the same, one is enough.
on_sqlite = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
ACME = Company("Acme", "732829320", "ana@acme.test")


def begun(store: LeadStore, *leads: Any, company: Company = ACME, network: str = "n") -> str:
    with store.writing_aside() as connection:
        token = interest.begin(connection, company, network, NOW)
        for one in leads:
            interest.add(connection, token, one, one.title, NOW)
    return token


def page(store: LeadStore, token: str) -> Any:
    with store.reading() as connection:
        return interest.read(connection, token)


def test_a_lead_goes_from_interest_to_its_outcome(store: LeadStore, lead: LeadFactory) -> None:
    token = begun(store, lead())
    [one] = page(store, token).interests
    assert (one.state, one.due, one.version) == ("interesse", date(2026, 9, 1), 1)
    with store.writing_aside() as connection:
        interest.say(connection, token, one.number, 1, "contact-pris", "Appelé", NOW + DAY)
        assert interest.due(connection, date(2026, 8, 31)) == []
        [asked] = interest.due(connection, date(2026, 9, 1))
        assert (asked.company, asked.interest.state) == (ACME, "contact-pris")
        later = NOW + 100 * DAY
        still = interest.say(connection, token, one.number, 2, "contact-pris", "", later)
        assert still.due == date(2026, 12, 9), "asked again three months after the answer"
        over = interest.say(connection, token, one.number, 3, "gagne", "120 000 €", later)
    assert over.due is None
    assert [event.state for event in over.events] == [
        "interesse", "contact-pris", "contact-pris", "gagne",
    ]  # fmt: skip


@on_sqlite
def test_the_secret_is_not_in_the_record(store: LeadStore, lead: LeadFactory) -> None:
    token = begun(store, lead())
    with store.reading() as connection:
        [row] = connection.execute(select(follower)).all()
    assert len(token) == 43 and token not in str(row)
    assert page(store, row.token) is None


def test_two_windows_do_not_overwrite_each_other(store: LeadStore, lead: LeadFactory) -> None:
    token = begun(store, lead())
    number = page(store, token).interests[0].number

    def say(state: Any) -> str:
        try:
            with store.writing_aside() as connection:
                interest.say(connection, token, number, 1, state, "", NOW)
        except ChangedError:
            return "refused"
        return str(state)

    with ThreadPoolExecutor(10) as pool:
        said = list(pool.map(say, ["gagne", "perdu"] * 5))
    assert said.count("refused") == 9
    assert page(store, token).interests[0].state in said


def test_a_lead_followed_twice_at_once_is_there_once(store: LeadStore, lead: LeadFactory) -> None:
    token, one = begun(store), lead()

    def add(_: int) -> None:
        with store.writing_aside() as connection:
            interest.add(connection, token, one, one.title, NOW)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(add, range(10)))
    assert len(page(store, token).interests) == 1


@on_sqlite
def test_erasure_leaves_nothing_and_touches_nobody_else(
    store: LeadStore, lead: LeadFactory
) -> None:
    one = lead()
    mine, theirs = begun(store, one, lead()), begun(store, one)
    with store.writing_aside() as connection:
        interest.erase(connection, mine)
        assert len(connection.execute(select(interest_table)).all()) == 1
        assert len(connection.execute(select(interest_event)).all()) == 1
    assert page(store, mine) is None
    assert len(page(store, theirs).interests) == 1
    with pytest.raises(FollowUpError), store.writing_aside() as connection:
        interest.erase(connection, mine)


@on_sqlite
def test_companies_that_say_nothing_for_long_are_erased(
    store: LeadStore, lead: LeadFactory
) -> None:
    silent, heard = begun(store, lead()), begun(store, lead())
    with store.writing_aside() as connection:
        interest.contact(connection, heard, Company("Autre"), NOW + 10 * DAY)
        assert interest.forget(connection, NOW + DAY) == 1
        assert interest.forget(connection, NOW + DAY) == 0
    assert page(store, silent) is None
    found = page(store, heard)
    assert (found.company, found.consented) == (Company("Autre"), None)


@on_sqlite
def test_one_company_does_not_reach_the_leads_of_another(
    store: LeadStore, lead: LeadFactory
) -> None:
    mine, theirs = begun(store, lead()), begun(store, lead())
    number = page(store, theirs).interests[0].number
    with pytest.raises(FollowUpError), store.writing_aside() as connection:
        interest.say(connection, mine, number, 1, "perdu", "", NOW)
    with pytest.raises(FollowUpError), store.writing_aside() as connection:
        interest.remove(connection, mine, number, NOW)
    assert page(store, theirs).interests[0].state == "interesse"


def test_publishers_are_told_numbers_only_and_the_public_no_small_ones(
    store: LeadStore, lead: LeadFactory
) -> None:
    one, other = lead(sectors=("mobilier",)), lead()
    for _ in range(5):
        begun(store, one)
    with store.reading() as connection:
        counted = interest.counted(connection, [one.id, other.id])
        told = interest.by_month(connection, NOW, NOW + DAY, small=6)
        every = interest.by_month(connection, NOW, NOW + DAY)
    assert counted == {one.id: {"interesse": 5}, other.id: {}}
    assert [tuple(cell) for cell in told] == [("2026-06", "mobilier", "DE", "interesse", None)]
    assert [cell.number for cell in every] == [5]


@on_sqlite
def test_pages_of_a_network_and_leads_of_a_page_have_a_limit(
    store: LeadStore, lead: LeadFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(MAX_NEW):
        token = begun(store)
    with pytest.raises(TooManyError):
        begun(store)
    begun(store, network="other")
    monkeypatch.setattr("index.interest.MAX_LEADS", 1)
    with store.writing_aside() as connection:
        interest.add(connection, token, lead(), "", NOW)
    with pytest.raises(FollowUpError), store.writing_aside() as connection:
        interest.add(connection, token, lead(), "", NOW)
    assert MAX_LEADS > 1


@pytest.mark.parametrize(
    ("digits", "known"),
    [("732829320", True), ("552100554", True), ("732829321", False), ("73282932", False),
     ("000000000", False), ("7328293200", False), ("٧٣٢٨٢٩٣٢٠", False), ("", False)],
)  # fmt: skip
def test_a_siren_has_nine_digits_and_a_right_check(digits: str, known: bool) -> None:
    assert is_siren(digits) is known


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        (date(2026, 6, 1), 3, date(2026, 9, 1)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 3, 31), -13, date(2025, 2, 28)),
    ],
)
def test_some_months_later_is_the_same_day_or_the_last_of_a_shorter_month(
    day: date, months: int, found: date
) -> None:
    assert months_later(day, months) == found
