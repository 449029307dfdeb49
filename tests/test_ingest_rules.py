"""Rules decide once, the first that matches, and never against a person or what is shown."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from conftest import NOW, LeadFactory
from curated import CALL, OTHER, World

from index import rules, waiting
from index.coding import Coder
from index.lead import LeadCode
from index.rules import Conditions, Rule, Verdict
from index.store import LeadStore
from ingest.decide import Signals
from ingest.doubt import confidence, doubt, total
from ingest.ledger import Ledger
from ingest.pipeline import Ingestion
from ingest.rules import matches


@pytest.fixture
def world(tmp_path: Path, coder: Coder) -> Iterator[World]:
    store = LeadStore.open(f"sqlite:///{tmp_path / 'record.sqlite3'}")
    yield World(store, tmp_path / "monde", NOW, coder)
    store.close()


def rule(world: World, verdict: Verdict, name: str = "essai", **conditions: object) -> Rule:
    asked = Conditions(**conditions)  # type: ignore[arg-type]
    with world.store.writing() as connection:
        return rules.add(connection, Rule(name, verdict, asked, "paul", NOW, state="on"))


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"source": "ted"}, True),
        ({"source": "gazette"}, False),
        ({"country": "DE", "confidence": 0.8}, True),
        ({"confidence": 0.81}, False),
        ({"words": ("schulmobeln",)}, True),
        ({"words": ("stuhl", "schul*")}, True),
        ({"words": ("schul",)}, False),
        ({"words": ("lieferung von",)}, True),
        ({"sector": "vin"}, False),
    ],
    ids=str,
)
def test_all_conditions_must_hold(
    lead: LeadFactory, asked: dict[str, object], answer: bool
) -> None:
    codes = tuple(
        LeadCode(scheme=scheme, code=code, score=score, method="model")
        for scheme, code, score in (("CPV", "39160000", 0.9), ("HS", "940360", 0.8))
    )
    one = lead("Lieferung von Schulmöbeln", codes=codes)
    assert confidence(one) == 0.8
    assert matches(Conditions(**asked), one) is answer  # type: ignore[arg-type]


def test_the_first_rule_that_matches_decides(world: World) -> None:
    rule(world, "reject", source="chambre", words=("ambulance*",))
    rule(world, "publish", source="chambre")
    world.ingest("chambre", CALL, OTHER)
    assert (world.lead("A1").status, world.lead("B1").status) == ("published", "rejected")


def test_a_rule_that_holds_keeps_a_sure_source_waiting_and_says_so(world: World) -> None:
    rule(world, "hold", "Mobilier", words=("schulmöbel*",))
    world.ingest("gazette", CALL)
    assert world.lead("A1").status == "proposed"
    with world.store.reading() as connection:
        row = waiting.one(connection, world.lead("A1").id)
    assert row is not None
    assert "Retenu par la règle « Mobilier »" in row.reasons


def test_a_rule_hides_nothing_that_is_shown_nor_contradicts_a_person(world: World) -> None:
    world.ingest("gazette", CALL)
    world.ingest("chambre", OTHER)
    world.review("B1", "publish")
    world.undo("B1")
    rule(world, "hold", source="gazette")
    rule(world, "publish", source="chambre")
    world.ingest("gazette", CALL | {"kind": "change", "deadline": "2026-07-01"})
    world.ingest("chambre", OTHER | {"kind": "change", "deadline": "2026-07-20"})
    assert (world.lead("A1").status, world.lead("B1").status) == ("published", "proposed")


def test_what_a_rule_decided_stays_when_it_is_switched_off_and_a_person_may_undo_it(
    world: World,
) -> None:
    one = rule(world, "publish", source="chambre")
    world.ingest("chambre", CALL)
    with world.store.writing() as connection:
        rules.change(connection, Rule(one.name, "publish", one.conditions, "paul", NOW, id=one.id))
    world.ingest("chambre", CALL | {"kind": "change", "deadline": "2026-07-01"})
    assert world.lead("A1").status == "published"
    assert world.undo("A1").status == "proposed"


def test_new_leads_of_a_throttled_source_wait_and_known_ones_do_not(world: World) -> None:
    world.ingest("gazette", CALL)
    path = world.folder / "suite.json"
    path.write_bytes(orjson.dumps([OTHER, CALL | {"body": "Nachtrag"}]))
    signals = Signals(throttled=frozenset({"gazette"}))
    Ingestion(
        Ledger(world.store), world.pages, world.rates, world.clock, coder=world.coder,
        signals=lambda connection: signals,
    ).run("gazette", [path])  # fmt: skip
    assert (world.lead("A1").status, world.lead("B1").status) == ("published", "proposed")
    # It goes on waiting when the source is trusted again, until somebody decides.
    world.ingest("gazette", OTHER | {"kind": "change", "deadline": "2026-07-20"})
    assert world.lead("B1").status == "proposed"


def test_reasons_add_up_as_independent_risks() -> None:
    assert total([]) == 0
    assert total([doubt("codes"), doubt("country")]) == pytest.approx(1 - 0.6 * 0.7)
