"""A source that visitors find mostly off topic has an incident until it recovers."""

from datetime import timedelta

import pytest
from conftest import NOW
from sqlalchemy import insert

from index import audit
from index.precision import ENOUGH, throttled
from index.store import LeadStore
from index.usefulness_tables import vote
from ingest.incidents import Incidents
from ingest.throttling import hold_again, leniences, let_through, look

DAY = timedelta(days=1)


def judged(store: LeadStore, useful: int, against: int, at: object = NOW) -> None:
    rows = [
        {
            "lead": f"{n:016x}", "voter": f"{at}{n}", "reason": "", "first": at, "at": at,
            "verdict": "utile" if n < useful else "hors-sujet", "changes": 0, "counted": True,
            "network": "", "source": "ted", "rule": "", "country": "", "facts": '{"sectors":[]}',
        }
        for n in range(useful + against)
    ]  # fmt: skip
    with store.writing() as connection:
        connection.execute(insert(vote), rows)


def test_an_incident_opens_once_and_closes_when_the_source_recovers(store: LeadStore) -> None:
    judged(store, 2, ENOUGH)
    for _ in range(2):
        [found] = look(store, NOW)
    assert found.subject == "ted"
    [incident] = Incidents(store).open("ted")
    assert (incident.kind, incident.times) == ("utilite", 1)
    assert incident.detail.startswith("2 avis utiles sur 32 : 20 % de leads utiles au plus")
    judged(store, 40, 0, NOW + DAY)
    assert look(store, NOW + DAY) == []
    assert Incidents(store).open("ted") == []


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_an_analyst_lets_a_source_through_and_holds_it_again_and_both_are_told(
    store: LeadStore,
) -> None:
    judged(store, 0, ENOUGH)
    look(store, NOW)
    with store.writing() as connection:
        let_through(connection, "ted", "ana", "fiche corrigée", NOW, NOW + 900 * DAY)
        [one] = leniences(connection, NOW)
        assert one.until == NOW + 90 * DAY
        assert throttled(connection, NOW) == frozenset()
    look(store, NOW)
    assert Incidents(store).open("ted") == []
    with store.writing() as connection:
        hold_again(connection, "ted", "bob", NOW)
        assert throttled(connection, NOW) == {"ted"}
        told = audit.trail(connection, "source:ted")
    assert [(line.who, line.action) for line in told] == [
        ("bob", "utilite:retenir"),
        ("ana", "utilite:laisser-passer"),
    ]
    assert told[0].before == told[1].after
