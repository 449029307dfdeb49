"""The health of a source is one word, and each word has its rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from conftest import NOW

from ingest.collect import Collect, Rhythm
from ingest.collections import Collection, State
from ingest.health import Account, SourceState
from ingest.incidents import Incident
from ingest.rhythm import in_words, next_due
from ingest.source import Source

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def page(schedule: str = "chaque jour", **fields: Any) -> Source:
    """A source that people bring, unless it has a part ``collect``."""
    usual = {"name": "a", "title": "A", "publisher": "A", "licence": "l", "url": "u"}
    return Source(**usual | {"formats": ("ocds",), "schedule": schedule} | fields)


def asked(every: str = "day", **fields: Any) -> Source:
    """A source asked at 6:00 UTC; tests live at 9:00 on Monday 1 June."""
    rhythm = Rhythm(every=every, at="06:00", timezone="UTC")  # type: ignore[arg-type]
    collect = Collect(spider="ocds", address="https://a.test/", rhythm=rhythm, **fields)
    return page(collect=collect)


def collected(
    state: State = "promoted", ago: timedelta = 2 * HOUR, beat: timedelta | None = None
) -> Collection:
    """A collection that began so long ago, and gave its last sign of life then."""
    start, day = NOW - ago, (NOW - ago).date()
    alive = start if beat is None else NOW - beat
    return Collection(1, "a", state, start, alive, start, day, day, "", "", "", None, "")


def incident(detail: str = "Rien ne va", number: int | None = 1) -> Incident:
    return Incident(1, "a", "x", number, detail, NOW - DAY, NOW, 2, None, "")


def seen(source: Source, last: Collection | None = None, **fields: Any) -> SourceState:
    """The state of a source whose last collection is this one."""
    usual: dict[str, Any] = {}
    if last is not None:
        usual = {"first": last.started, "last": Account(last), "leads": 10}
        usual["admitted"] = last if last.state == "promoted" else None
    return SourceState(source, NOW, **usual | fields)


def test_a_source_collected_since_its_last_moment_is_up_to_date() -> None:
    assert seen(asked(), collected(ago=3 * HOUR)).health == "à jour"


def test_a_source_never_asked_nor_brought_was_never_collected() -> None:
    assert seen(asked()).health == "jamais collectée"
    assert seen(page()).health == "jamais collectée"


def test_a_rejected_first_collection_leaves_a_source_never_collected() -> None:
    assert seen(asked(), collected("rejected"), leads=0).health == "jamais collectée"


def test_a_source_whose_last_collection_is_held_is_held_and_says_why() -> None:
    state = seen(asked(), collected("held"), incidents=(incident("Trop peu"),))
    assert state.health == "retenue"
    assert state.why_held == ("Trop peu",)


def test_an_older_incident_does_not_hold_a_collection_that_has_its_own() -> None:
    troubles = (incident("Ancien", None), incident("Le sien", 1))
    assert seen(asked(), collected("held"), incidents=troubles).why_held == ("Le sien",)


def test_a_source_promoted_again_is_held_no_more() -> None:
    assert seen(asked(), collected(), incidents=()).why_held == ()


@pytest.mark.parametrize(
    ("every", "ago", "health"),
    [
        ("hour", HOUR, "à jour"),
        ("hour", HOUR + MINUTE, "en retard"),
        ("day", 27 * HOUR, "à jour"),
        ("day", 27 * HOUR + MINUTE, "en retard"),
        ("week", 7 * DAY, "à jour"),
        ("week", 11 * DAY, "en retard"),
    ],
)
def test_a_source_is_late_when_a_moment_and_its_grace_passed(
    every: str, ago: timedelta, health: str
) -> None:
    state = seen(asked(every, silent_after_days=30), collected(ago=ago))
    assert state.health == health


def test_six_hours_are_left_to_the_collection_of_a_day() -> None:
    source, last = asked(), collected(ago=27 * HOUR)
    at_noon, after = NOW.replace(hour=11, minute=59), NOW.replace(hour=12, minute=1)
    assert SourceState(source, at_noon, admitted=last, leads=1).health == "à jour"
    assert SourceState(source, after, admitted=last, leads=1).health == "en retard"


def test_a_source_asked_in_time_that_brings_nothing_new_is_silent() -> None:
    state = seen(asked(silent_after_days=7), collected(), heard=NOW - 8 * DAY)
    assert state.health == "silencieuse"
    assert seen(asked(silent_after_days=7), collected(), heard=NOW - 6 * DAY).health == "à jour"


def test_a_source_that_nobody_asks_is_late_rather_than_silent() -> None:
    assert seen(asked(), collected(ago=20 * DAY), heard=NOW - 20 * DAY).health == "en retard"


def test_a_source_that_never_said_anything_new_is_silent_from_its_first_collection() -> None:
    young = seen(asked(silent_after_days=7), collected(), first=NOW - 2 * DAY)
    old = seen(asked(silent_after_days=7), collected(), first=NOW - 9 * DAY)
    assert (young.health, old.health) == ("à jour", "silencieuse")


@pytest.mark.parametrize(
    ("schedule", "days", "health"),
    [
        ("chaque jour ouvré, dans la matinée", 6, "à jour"),
        ("chaque jour", 8, "silencieuse"),
        ("en continu", 8, "silencieuse"),
        ("chaque lundi", 20, "à jour"),
        ("chaque semaine", 22, "silencieuse"),
        ("chaque mois", 60, "à jour"),
        ("chaque trimestre", 180, "à jour"),
        ("chaque trimestre", 200, "silencieuse"),
        ("à la demande", 4_000, "à jour"),
    ],
)
def test_what_people_bring_is_silent_after_its_own_pace(
    schedule: str, days: int, health: str
) -> None:
    brought = seen(page(schedule), ingested=NOW, newest=NOW - days * DAY, leads=1)
    assert brought.health == health


def test_an_open_incident_is_told_when_nothing_worse_is() -> None:
    assert seen(asked(), collected(), incidents=(incident(),)).health == "incident"
    assert seen(asked(), incidents=(incident(),)).health == "incident"


def test_an_archive_is_one_whatever_its_age() -> None:
    assert seen(page("archive"), newest=NOW - 4_000 * DAY, leads=1).health == "archive"
    assert seen(page("archive")).health == "archive"


def test_how_a_source_comes_follows_from_its_page() -> None:
    ways = [seen(one).way for one in (asked(), page(), page("Archive de 2019"))]
    assert ways == ["collected", "brought", "archive"]


def test_a_moment_that_nobody_took_is_still_due() -> None:
    six = NOW.replace(hour=6)
    assert seen(asked()).due == six
    assert seen(asked(), taken=six).due == six + DAY
    assert seen(asked(), collected("held", 2 * HOUR)).due == six + DAY
    assert seen(asked(), collected(ago=20 * HOUR)).due == six
    assert seen(page()).due is None


def test_a_collection_without_a_sign_of_life_was_interrupted() -> None:
    alive = collected("collecting", beat=9 * MINUTE)
    gone = collected("collecting", beat=11 * MINUTE)
    assert (seen(asked(), alive).interrupted, seen(asked(), gone).interrupted) == (False, True)


def test_files_that_somebody_brought_do_not_answer_for_the_network() -> None:
    six, brought = NOW.replace(hour=6), replace(collected(), since=None, until=None)
    assert seen(asked(), brought, admitted=None).due == six


def test_what_a_person_brought_after_the_last_collection_counts_as_let_in() -> None:
    state = seen(asked(), collected(ago=5 * HOUR), ingested=NOW - HOUR)
    assert state.promoted == NOW - HOUR


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "chaque jour à 6 h 00 (Europe/Paris)"),
        ({"at": "18:05", "timezone": "UTC"}, "chaque jour à 18 h 05 (UTC)"),
        ({"days": ("mon", "tue", "wed")}, "du lundi au mercredi à 6 h 00 (Europe/Paris)"),
        ({"days": ("fri", "mon")}, "les lundi et vendredi à 6 h 00 (Europe/Paris)"),
        ({"days": ("sun",)}, "chaque dimanche à 6 h 00 (Europe/Paris)"),
        ({"days": ("mon", "wed", "sat")}, "les lundi, mercredi et samedi à 6 h 00 (Europe/Paris)"),
        ({"every": "week"}, "chaque lundi à 6 h 00 (Europe/Paris)"),
        ({"every": "week", "days": ("thu",)}, "chaque jeudi à 6 h 00 (Europe/Paris)"),
        ({"every": "hour", "at": "00:15"}, "chaque heure, à la minute 15"),
    ],
)  # fmt: skip
def test_a_rhythm_is_said_in_french(fields: dict[str, Any], words: str) -> None:
    assert in_words(Rhythm(**fields)).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("fields", "now", "due"),
    [
        ({}, "2026-06-01T03:59", "2026-06-01T04:00"),
        ({}, "2026-06-01T04:00", "2026-06-02T04:00"),
        ({"days": ("mon",)}, "2026-06-01T04:00", "2026-06-08T04:00"),
        ({"every": "week", "days": ("sun",)}, "2026-06-01T04:00", "2026-06-07T04:00"),
        ({"every": "hour", "at": "00:15"}, "2026-06-01T04:15", "2026-06-01T05:15"),
        ({"at": "02:30"}, "2027-03-27T12:00", "2027-03-28T01:30"),
    ],
)
def test_the_next_moment_is_the_first_one_after_now(
    fields: dict[str, Any], now: str, due: str
) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert next_due(Rhythm(**fields), moment) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_moments_follow_each_other_through_changes_of_clock() -> None:
    moment, found = datetime(2027, 3, 1, tzinfo=UTC), []
    while moment < datetime(2027, 11, 30, tzinfo=UTC):
        moment = next_due(Rhythm(at="02:30"), moment)  # type: ignore[arg-type]
        found.append(moment)
    assert {after - before for before, after in pairwise(found)} <= {
        23 * HOUR, 24 * HOUR, 25 * HOUR,
    }  # fmt: skip
