"""A vote is one a voter and lead, counted within limits; what votes say of leads and sources."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conftest import NOW, LeadFactory
from sqlalchemy import func, select

from index.ballot import KEPT, LIMITS, MAX_CHANGES, Ballot, Standing, cast, standing
from index.daily_key import DailyKeys, Keys, network
from index.lead import Lead
from index.precision import ENOUGH, FLOOR, VOTERS, Precision, precisions, throttled, wilson
from index.store import LeadStore
from index.usefulness import agreed, by_month, counts, reasons, to_look_at
from index.usefulness_tables import daily_key, lenience, vote

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SINCE, UNTIL = NOW - 365 * DAY, NOW + DAY

Vote = Callable[..., Standing]
# Where both databases are sure to do the same, one is enough.
on_sqlite = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def say(store: LeadStore) -> Vote:
    """``say(lead, "ann", "utile")``: a vote; each voter has a network of its own unless said."""

    def said(
        lead: Lead, voter: str, verdict: Any = "utile", at: datetime = NOW, **fields: str
    ) -> Standing:
        ballot = Ballot(lead, voter, fields.pop("network", voter), verdict, **fields)
        with store.writing_aside() as connection:
            DailyKeys(store).hold(connection, at)
            return cast(connection, ballot, at)

    return said


def rows(store: LeadStore, *columns: Any) -> list[Any]:
    with store.reading() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(vote.c.id))]


def test_a_voter_changes_withdraws_and_votes_again_on_one_row(
    store: LeadStore, lead: LeadFactory, say: Vote
) -> None:
    one = lead()
    say(one, "ann", "utile")
    say(one, "ann", "hors-sujet", reason="du textile")
    with store.reading() as connection:
        assert standing(connection, one.id, "ann") == Standing("hors-sujet", "du textile")
        assert counts(connection, [one.id])[one.id] == {"hors-sujet": 1}
    assert say(one, "ann", "") == Standing()
    with store.reading() as connection:
        assert not counts(connection, [one.id])[one.id]
    say(one, "ann", "utile")
    assert rows(store, vote.c.verdict, vote.c.changes) == [("utile", 3)]


@on_sqlite
def test_a_vote_keeps_the_source_the_rule_and_the_codes_that_the_lead_then_had(
    store: LeadStore, lead: LeadFactory, say: Vote
) -> None:
    say(lead(cpv="39160000", sectors=("mobilier",)), "ann", rule="regle:3")
    kept = rows(store, vote.c.source, vote.c.rule, vote.c.country, vote.c.facts)
    assert kept == [("ted", "regle:3", "DE", '{"CPV":["39160000"],"sectors":["mobilier"]}')]


@on_sqlite
def test_a_replayed_vote_changes_nothing(store: LeadStore, lead: LeadFactory, say: Vote) -> None:
    one = lead()
    assert {say(one, "ann", "utile") for _ in range(MAX_CHANGES * 3)} == {Standing("utile")}
    assert rows(store, vote.c.changes) == [(0,)]


def test_twenty_threads_of_a_voter_are_one_vote(
    store: LeadStore, lead: LeadFactory, say: Vote
) -> None:
    one = lead()
    with ThreadPoolExecutor(20) as pool:
        said = list(pool.map(lambda n: say(one, "ann", "utile"), range(20)))
    assert set(said) == {Standing("utile")}
    assert rows(store, vote.c.verdict) == [("utile",)]


@on_sqlite
@pytest.mark.parametrize("limit", LIMITS[:2] + LIMITS[3:], ids=lambda one: one.why)
def test_what_is_over_a_limit_is_kept_but_not_counted_until_its_time_has_passed(
    store: LeadStore, lead: LeadFactory, say: Vote, limit: Any
) -> None:
    same = {"voter": "ann", "network": "office", "lead": lead()}

    def vote_number(n: int, at: datetime = NOW) -> Standing:
        names = {"voter": f"v{n}", "network": f"n{n}", "lead": lead()} | {
            limit.why: same[limit.why]
        }
        return say(names["lead"], names["voter"], "frauduleux", at, network=names["network"])

    assert not any(vote_number(n).why for n in range(limit.most))
    over = vote_number(limit.most)
    assert (over.counted, over.why) == (False, limit.why)
    assert len(rows(store, vote.c.id)) == limit.most + 1
    assert vote_number(limit.most + 1, NOW + limit.within).counted


@on_sqlite
def test_a_thousand_votes_of_one_network_weigh_what_its_limit_says(
    store: LeadStore, lead: LeadFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.ballot.KEPT", 900)
    leads = [lead() for _ in range(100)]
    with store.writing_aside() as connection:
        said = [
            cast(connection, Ballot(leads[n % 100], f"v{n}", "office", "frauduleux"), NOW)
            for n in range(1_000)
        ]
    assert sum(one.counted for one in said) == 60
    with store.reading() as connection:
        kept = select(func.count()).select_from(vote)
        assert connection.execute(kept).scalar_one() == 900 < KEPT
        assert (
            sum(sum(one.values()) for one in counts(connection, [x.id for x in leads]).values())
            == 60
        )


@on_sqlite
def test_a_vote_changed_too_often_stays_as_it_is(lead: LeadFactory, say: Vote) -> None:
    one = lead()
    for n in range(MAX_CHANGES + 1):
        assert not say(one, "ann", ("utile", "hors-sujet")[n % 2]).why
    assert say(one, "ann", "hors-sujet") == Standing("utile", why="changes")


@on_sqlite
def test_keys_live_two_days_and_what_they_signed_with_them(store: LeadStore) -> None:
    keys = DailyKeys(store)
    token = keys.read(NOW).sign("avis", "1")
    assert keys.read(NOW).signed(token, "avis", "1")
    assert keys.read(NOW + DAY).signed(token, "avis", "1")
    assert not keys.read(NOW + 2 * DAY).signed(token, "avis", "1")
    assert keys.read(NOW).mark("a") != keys.read(NOW + DAY).mark("a")
    keys.read(NOW + 9 * DAY)
    with store.reading() as connection:
        days = list(connection.execute(select(daily_key.c.day)).scalars())
    assert days == [(NOW + 9 * DAY).date()]


def test_processes_that_ask_at_once_share_a_key(store: LeadStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        marks = set(pool.map(lambda n: DailyKeys(store).read(NOW).mark("a"), range(16)))
    assert len(marks) == 1


@pytest.mark.parametrize("token", ["", "x" * 43, "é\udcff", "A" * 10_000])
def test_a_forged_token_is_refused(token: str) -> None:
    assert not Keys(b"k" * 32, b"l" * 32).signed(token, "avis")


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("fe80::1%eth0", "fe80::"),
        ("testclient", ""),
    ],
)
def test_a_network_is_what_one_subscriber_has(address: str, found: str) -> None:
    assert network(address) == found


# --- what votes say ---------------------------------------------------------------------------


def test_a_lead_that_enough_call_fraudulent_is_to_be_looked_at(
    store: LeadStore, lead: LeadFactory, say: Vote
) -> None:
    one, two = lead(), lead()
    say(one, "ann", "frauduleux", reason="<b>faux</b>")
    say(two, "ann", "hors-sujet")
    with store.reading() as connection:
        assert to_look_at(connection) == {}
    say(one, "bob", "frauduleux", NOW + HOUR)
    say(one, "cid", "utile")
    with store.reading() as connection:
        doubt = to_look_at(connection)[one.id]
        assert to_look_at(connection, [two.id]) == {}
    assert (doubt.verdict, doubt.votes, doubt.useful, doubt.last) == (
        "frauduleux",
        2,
        1,
        NOW + HOUR,
    )
    with store.reading() as connection:
        assert reasons(connection, one.id, doubt.verdict) == ("<b>faux</b>",)


@on_sqlite
def test_a_lead_that_as_many_call_useful_is_left_alone(
    store: LeadStore, lead: LeadFactory, say: Vote
) -> None:
    one = lead()
    for n in range(3):
        say(one, f"against{n}", "hors-sujet")
        say(one, f"for{n}", "utile")
    with store.reading() as connection:
        assert to_look_at(connection) == {}


@on_sqlite
def test_others_are_told_what_several_say_and_never_of_fraud(
    store: LeadStore, lead: LeadFactory, say: Vote
) -> None:
    one = lead()
    for n in range(9):
        say(one, f"v{n}", ("deja-pourvu", "trop-tard", "frauduleux")[n % 3])
        with store.reading() as connection:
            told = agreed(counts(connection, [one.id])[one.id])
        assert told == {6: ("deja-pourvu",), 7: ("deja-pourvu", "trop-tard")}.get(min(n, 7), ())


@on_sqlite
def test_small_numbers_are_not_told(store: LeadStore, lead: LeadFactory, say: Vote) -> None:
    one, two = lead(sectors=("mobilier", "bois")), lead(country="PL")
    for n in range(5):
        say(one, f"v{n}")
    say(two, "v0", "hors-sujet")
    with store.reading() as connection:
        told = by_month(connection, SINCE, UNTIL)
        every = by_month(connection, SINCE, UNTIL, small=1)
        assert by_month(connection, UNTIL, UNTIL + DAY) == []
    month = f"{NOW:%Y-%m}"
    assert [tuple(cell) for cell in told] == [
        (month, "", "PL", "hors-sujet", None),
        (month, "bois", "DE", "utile", 5),
        (month, "mobilier", "DE", "utile", 5),
    ]
    assert [cell.number for cell in every] == [1, 5, 5]


@pytest.mark.parametrize(
    ("good", "count", "low", "high"),
    # Computed apart, by the formula of Wilson (1927) with z = 1.959964.
    [(0, 0, 0, 1), (0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (4, 30, 0.0531, 0.2968),
     (81, 263, 0.2553, 0.3662)],
)  # fmt: skip
def test_the_interval_of_wilson(good: int, count: int, low: float, high: float) -> None:
    assert wilson(good, count) == pytest.approx((low, high), abs=1e-4)


def test_precision_counts_useful_against_off_topic_and_fraudulent(
    store: LeadStore, lead: LeadFactory, say: Vote
) -> None:
    one = lead(cpv=("39160000", "39112000"), hs="940360")
    verdicts = ("utile", "utile", "hors-sujet", "frauduleux", "trop-tard", "deja-pourvu")
    for n, verdict in enumerate(verdicts):
        say(one, f"v{n}", verdict, rule="regle:3")
    with store.reading() as connection:
        found = precisions(connection, SINCE, UNTIL)
        assert throttled(connection, NOW, floor=1.0, enough=4) == frozenset()
    subjects = {(one.kind, one.subject) for one in found}
    assert subjects == {("source", "ted"), ("regle", "regle:3"), ("cpv", "39"), ("sh", "94")}
    assert {(one.votes, one.judged, one.value) for one in found} == {(6, 4, 0.5)}


def test_without_a_judged_vote_there_is_no_precision() -> None:
    nothing = Precision("source", "ted", {"trop-tard": 4})
    assert (nothing.value, nothing.interval) == (None, (0.0, 1.0))


def _judge(say: Vote, leads: list[Lead], useful: int, against: int, voters: int = 40) -> None:
    for n in range(useful + against):
        verdict = "utile" if n < useful else "hors-sujet"
        say(leads[n // voters], f"v{n % voters}", verdict, NOW - HOUR * n, rule="regle:3")


@on_sqlite
@pytest.mark.parametrize(
    ("useful", "against", "voters", "held"),
    [
        pytest.param(4, ENOUGH - 4, 40, True, id="mostly off topic"),
        pytest.param(5, ENOUGH - 5, 40, False, id="not beyond doubt"),
        pytest.param(4, ENOUGH - 5, 40, False, id="too few votes"),
        pytest.param(0, ENOUGH, VOTERS - 1, False, id="too few voters"),
    ],
)
def test_a_source_is_throttled_beyond_doubt_only(
    store: LeadStore,
    lead: LeadFactory,
    say: Vote,
    useful: int,
    against: int,
    voters: int,
    held: bool,
) -> None:
    _judge(say, [lead(source="ted") for _ in range(6)], useful, against, voters)
    with store.reading() as connection:
        expected = frozenset({"ted", "regle:3"} if held else ())
        assert throttled(connection, NOW) == expected
        assert throttled(connection, NOW + 91 * DAY) == frozenset()
        assert throttled(connection, NOW, floor=0.1) == frozenset()
    assert FLOOR < 0.5


@on_sqlite
def test_a_source_that_an_analyst_lets_through_is_not_throttled_until_that_day(
    store: LeadStore, lead: LeadFactory, say: Vote
) -> None:
    _judge(say, [lead(source="ted")], 0, ENOUGH)
    row = {"subject": "ted", "who": "ann", "why": "réglé", "at": NOW, "until": NOW + DAY}
    with store.writing_aside() as connection:
        connection.execute(lenience.insert().values(row))
        assert throttled(connection, NOW) == {"regle:3"}
        assert throttled(connection, NOW + DAY) == {"ted", "regle:3"}
    assert NOW.tzinfo is UTC
