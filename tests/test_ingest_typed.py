"""Leads typed by hand: from a draft that several write to the usual pipeline."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from index.audit import trail
from index.coding import Coder
from index.lead import Lead
from index.store import LeadStore
from ingest.ledger import Ledger
from ingest.pipeline import Ingestion
from ingest.price import Rates
from ingest.source import sources
from ingest.typed import TypedConflict, TypedLeads, TypedRefused, prolong, publish, withdraw
from ingest.typed_form import Fields, check, differing

WEEK = timedelta(weeks=1)
FULL = Fields(
    titre="Recherche distributeur de vins",
    texte="Un importateur de Lima cherche un fournisseur.",
    langue="fr",
    acheteur="Importadora Sur",
    pays="PE",
    codes=("HS 220421",),
    montant="85 000,50",
    devise="EUR",
    origine="salon Expoalimentaria",
    equipe="Lima",
)


class World:
    """A record and people who type."""

    def __init__(self, store: LeadStore, now: datetime, coder: Coder) -> None:
        self.store, self.now, self.coder = store, now, coder
        self.typed = TypedLeads(store)
        self.pages = sources()

    def ingestion(self) -> Ingestion:
        self.now += timedelta(minutes=1)
        ledger = Ledger(self.store)
        return Ingestion(ledger, self.pages, Rates.load(), lambda: self.now, coder=self.coder)

    def publish(self, number: int) -> Lead:
        one = self.typed.there(number)
        told = publish(self.ingestion(), number, one.version, "ana", self.now)
        lead = self.store.get(told)
        assert lead
        return lead


@pytest.fixture
def world(store: LeadStore, now: datetime, coder: Coder) -> Iterator[World]:
    yield World(store, now, coder)


def test_a_draft_becomes_a_lead_that_waits_for_an_analyst(world: World) -> None:
    number = world.typed.create(FULL, "ana", world.now)
    lead = world.publish(number)
    assert (lead.status, lead.country, lead.title) == ("proposed", "PE", FULL.titre)
    assert lead.codes_of("HS") == ("220421",)
    assert lead.value
    assert lead.value.amount == 85_000.5
    assert lead.expires
    assert lead.expires.date() == date(2026, 8, 30)
    assert "salon" not in lead.model_dump_json()
    assert [one.action for one in world.typed.history(number)] == ["publié", "créé"]
    with world.store.reading() as connection:
        [line] = trail(connection, f"lead:{lead.id}", action="saisie publiée")
    assert line.who == "ana"


def test_what_is_published_again_takes_the_place_of_what_was_said(world: World) -> None:
    number = world.typed.create(replace(FULL, echeance="2026-07-01"), "ana", world.now)
    first = world.publish(number)
    one = world.typed.there(number)
    later = replace(one.fields, titre="Recherche importateur de vins", echeance="")
    assert world.typed.save(number, one.version, later, "bob", world.now).pending
    second = world.publish(number)
    assert second.id == first.id
    assert (second.title, second.deadline) == ("Recherche importateur de vins", None)
    assert not world.typed.there(number).pending


def test_what_is_withdrawn_is_no_more_shown_and_its_draft_no_more_written(world: World) -> None:
    number = world.typed.create(FULL, "ana", world.now)
    lead = world.publish(number)
    one = world.typed.there(number)
    withdraw(world.ingestion(), number, one.version, "bob", "acheteur perdu de vue", world.now)
    gone = world.store.get(lead.id)
    assert gone
    assert gone.status == "withdrawn"
    with pytest.raises(TypedRefused):
        world.typed.save(number, one.version + 1, FULL, "ana", world.now)


def test_a_draft_that_was_never_published_is_only_put_aside(world: World) -> None:
    number = world.typed.create(FULL, "ana", world.now)
    withdraw(world.ingestion(), number, 1, "ana", "doublon", world.now)
    assert world.typed.there(number).state == "withdrawn"
    assert world.store.last_sequence() == 0


def test_of_two_who_write_at_once_the_second_is_told_and_loses_nothing(world: World) -> None:
    number = world.typed.create(FULL, "ana", world.now)
    world.typed.save(number, 1, replace(FULL, lieu="Lima"), "ana", world.now)
    mine = replace(FULL, lieu="Callao")
    with pytest.raises(TypedConflict) as told:
        world.typed.save(number, 1, mine, "bob", world.now)
    assert differing(mine, told.value.current.fields) == ["lieu"]
    with pytest.raises(TypedConflict):
        publish(world.ingestion(), number, 1, "bob", world.now)
    assert world.store.last_sequence() == 0


def test_contact_data_is_masked_before_it_is_kept(world: World) -> None:
    told = replace(FULL, texte="Écrire à Rosa, rosa@sur.pe, tél. +51 1 234 5678.")
    number = world.typed.create(told, "ana", world.now)
    kept = world.typed.there(number).fields.texte
    assert "rosa@sur.pe" not in kept
    assert "234" not in kept


def test_a_prolonged_demand_is_on_offer_ninety_days_more(world: World) -> None:
    number = world.typed.create(FULL, "ana", world.now)
    world.publish(number)
    one = world.typed.there(number)
    prolong(world.ingestion(), number, one.version, "ana", world.now)
    assert world.typed.there(number).expires == date(2026, 11, 28)
    dated = world.typed.create(
        replace(FULL, titre="Autre", echeance="2026-07-01"), "ana", world.now
    )
    world.publish(dated)
    with pytest.raises(TypedRefused):
        prolong(world.ingestion(), dated, 2, "ana", world.now)


def test_what_nobody_touched_for_weeks_is_recalled_while_it_is_open(world: World) -> None:
    old = world.typed.create(FULL, "ana", world.now - 7 * WEEK)
    world.typed.create(replace(FULL, titre="Récent"), "ana", world.now - WEEK)
    past = world.typed.create(replace(FULL, titre="Échu", echeance="2026-05-01"), "ana", world.now)
    world.publish(past)
    assert [one.number for one in world.typed.stale(world.now)] == [old]
    later = world.typed.stale(world.now + 10 * WEEK)
    assert [one.fields.titre for one in later] == [FULL.titre, "Récent"]


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"titre": ""}, "titre"), ({"pays": ""}, "pays"), ({"pays": "XX"}, "pays"),
        ({"montant": "beaucoup"}, "montant"), ({"devise": "zz"}, "devise"),
        ({"codes": ("HS 999999",)}, "codes"), ({"url": "javascript:alert(1)"}, "url"),
        ({"echeance": "2026-02-31"}, "echeance"),
    ],
)  # fmt: skip
def test_a_draft_that_cannot_be_published_says_which_field_is_wrong(
    changed: dict[str, str], wrong: str, now: datetime
) -> None:
    assert [name for name, _ in check(replace(FULL, **changed), now.date()).faults] == [wrong]
