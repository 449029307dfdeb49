"""Votes weigh on what is decided: new leads are held, disliked ones go back to the queue."""

from pathlib import Path
from typing import Any

import pytest
from conftest import NOW
from curated import CALL, OTHER, World
from sqlalchemy import insert

from index import reviews, rules, waiting
from index.coding import Coder
from index.precision import ENOUGH
from index.rules import Conditions, Rule
from index.store import LeadStore
from index.usefulness_tables import vote
from ingest.signals import disliked, requeue, rule_of


@pytest.fixture
def world(store: LeadStore, tmp_path: Path, coder: Coder) -> World:
    """Two sources and analysts."""
    return World(store, tmp_path / "fiches", NOW, coder)


def against(world: World, count: int, at: Any = NOW, **fields: str) -> None:
    """So many votes, off topic unless said."""
    usual = {"verdict": "hors-sujet", "lead": "f" * 16, "source": "", "rule": "", "reason": "",
             "network": "", "country": "", "facts": '{"sectors":[]}'}  # fmt: skip
    times: dict[str, Any] = {"first": at, "at": at, "changes": 0, "counted": True}
    rows = [usual | times | fields | {"voter": f"{fields}{n}"} for n in range(count)]
    with world.store.writing() as connection:
        connection.execute(insert(vote), rows)


def queued(world: World, ref: str) -> tuple[str, ...]:
    """Why the lead waits, () when it does not."""
    with world.store.reading() as connection:
        found = waiting.one(connection, world.lead(ref).id)
    return found.reasons if found else ()


def ruled(world: World) -> Rule:
    """A rule that publishes what the chamber sends."""
    made = Rule("chambre sûre", "publish", Conditions(source="chambre"), "ana", NOW, state="on")
    with world.store.writing() as connection:
        return rules.add(connection, made)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_new_leads_of_a_source_found_off_topic_wait_and_known_ones_stay(world: World) -> None:
    world.ingest("gazette", CALL)
    against(world, ENOUGH, source="gazette")
    world.ingest("gazette", CALL | {"deadline": "2026-07-30"}, OTHER)
    assert (world.lead("A1").status, world.lead("B1").status) == ("published", "proposed")
    assert any("souvent hors sujet" in one for one in queued(world, "B1"))


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_rule_found_off_topic_no_longer_publishes(world: World) -> None:
    rule = ruled(world)
    world.ingest("chambre", CALL)
    with world.store.reading() as connection:
        assert rule_of(connection, world.lead("A1")) == rule.signature
    against(world, ENOUGH, rule=rule.signature)
    world.ingest("chambre", OTHER)
    assert (world.lead("A1").status, world.lead("B1").status) == ("published", "proposed")
    with world.store.reading() as connection:
        [said] = reviews.of(connection, [world.lead("B1").id])[world.lead("B1").id]
        assert rule_of(connection, world.lead("B1")) == ""
    assert said.who == f"frein:{rule.signature}"


def test_a_lead_that_visitors_dislike_goes_back_to_the_queue_until_somebody_has_looked(
    world: World,
) -> None:
    world.ingest("gazette", CALL, OTHER)
    lead = world.lead("A1")
    against(world, 3, lead=lead.id)
    assert requeue(world.store) == 1
    assert queued(world, "A1") == ("Hors sujet pour 3 visiteurs",)
    assert world.lead("A1") == lead, "it is shown meanwhile"
    assert requeue(world.store) == 0, "it waits already"
    world.ingest("gazette", CALL | {"title": "Lieferung von Schulmöbeln, Los 2"})
    assert "Hors sujet pour 3 visiteurs" in queued(world, "A1")
    world.review("A1", "publish")
    assert queued(world, "A1") == ()
    assert requeue(world.store) == 0
    against(world, 2, world.clock(), lead=lead.id, verdict="frauduleux")
    with world.store.reading() as connection:
        assert disliked(connection) == {lead.id: "Frauduleux pour 2 visiteurs"}
        assert disliked(connection, [world.lead("B1").id]) == {}
