"""A source that replaces or takes back its own words is taken at its word, in whatever order."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from conftest import NOW

from index.coding import Coder
from index.lead import Lead
from index.store import LeadStore
from ingest.fold import fold
from ingest.ledger import Arrival, Ledger
from ingest.linking import Linking, Understood
from ingest.notice import Amount, Notice, Received, Text
from ingest.price import Rates
from ingest.source import sources
from ingest.understanding import Given, Lot, Understanding


def said(hours: int, title: str = "Pompes immergées", **fields: Any) -> Notice:
    usual = {
        "source": "ted",
        "key": "A-1",
        "change": "replacement",
        "stage": "open",
        "country": "DE",
    }
    texts = (Text(title, language="fr"),)
    published = (NOW + timedelta(hours=hours)).isoformat()
    return Notice(**{**usual, "texts": texts, "published": published, **fields})


class World:
    def __init__(self, store: LeadStore, coder: Coder) -> None:
        self.ledger = Ledger(store)
        self.pages = sources()
        self.understanding = Understanding(self.pages, Rates.load(), coder)

    def take(self, *notices: Notice) -> Lead:
        """The lead after these notices, one transaction each; there must be one only."""
        for notice in notices:
            lot = Lot([Given("ted", "0" * 64, Received("", notice))], NOW + timedelta(days=1))
            told = self.understanding.understood(lot, self.understanding.read(lot))
            understood = [one for one in told if isinstance(one, Understood)]
            with self.ledger.store.writing() as connection:
                linking = Linking(
                    self.ledger, connection, understood, self.understanding.draft, self.pages
                )
                for one in understood:
                    linking.take(one)
                self.ledger.store.put(connection, linking.close())
        [lead] = [one for some in self.ledger.store.changed_since(0) for one in some]
        return lead


@pytest.fixture
def world(store: LeadStore, coder: Coder) -> World:
    return World(store, coder)


def test_a_replaced_notice_says_nothing_any_more(world: World) -> None:
    before = said(0, deadline="2026-07-01", amount=Amount("5000", "EUR"), country="DE")
    lead = world.take(before, said(1, "Vélos électriques", country="AT"))
    assert (lead.title, lead.country) == ("Vélos électriques", "AT")
    assert (lead.deadline, lead.value) == (None, None)
    assert [one.key for one in lead.provenances] == ["A-1"]


def test_what_a_replacement_changed_is_kept(world: World) -> None:
    lead = world.take(said(0, deadline="2026-07-01"), said(1, deadline="2026-08-01"))
    assert [list(change.fields) for change in lead.history] == [["deadline"]]
    assert (lead.published, lead.updated) == (NOW, NOW + timedelta(hours=1))


def test_the_order_of_arrival_does_not_change_the_lead(world: World) -> None:
    versions = [
        said(0, "Un"),
        said(1, "Deux"),
        said(2, "Deux", change="withdrawal"),
        said(3, "Trois"),
    ]

    drafts = []
    for notice in versions:
        arrival = Arrival(notice, "0" * 64, "", NOW + timedelta(days=1))
        drafts.append((arrival, world.understanding.draft(arrival)))
    told = {fold("f" * 16, list(order)).model_dump_json() for order in permutations(drafts)}
    assert len(told) == 1
    assert '"title":"Trois"' in told.pop()


def test_a_notice_taken_back_withdraws_its_lead_until_it_is_said_again(world: World) -> None:
    assert world.take(said(0), said(1, change="withdrawal")).status == "withdrawn"
    again = world.take(said(2))
    assert (again.status, again.published) == ("published", NOW)


def test_a_lead_told_by_another_notice_outlives_the_withdrawal_of_one(world: World) -> None:
    other = said(1, key="B-2", process="", change="", previous=("A-1",), deadline="2026-09-01")
    lead = world.take(said(0, deadline="2026-07-01"), other, said(2, change="withdrawal"))
    assert (lead.status, [one.key for one in lead.provenances]) == ("published", ["B-2"])
    assert lead.deadline is not None
    assert lead.deadline.date().isoformat() == "2026-09-01"


def test_an_expiry_ends_a_demand_without_deadline(world: World) -> None:
    lead = world.take(said(0, expires="2026-06-20"))
    assert lead.expires is not None
    assert lead.expires.astimezone(UTC) < datetime(2026, 6, 21, tzinfo=UTC)


def test_records_written_before_expiries_keep_their_fingerprints() -> None:
    notice = Notice("ted", "1", (Text("Pompes"),), url="https://exemple.test")
    assert notice.fingerprint() == (
        "5bca4c423dbfbc552cfdea947741dfb6da17a5c8681485bb98c54f44d44cf4d0"
    )
    assert (
        notice.fingerprint() != Notice("ted", "1", (Text("Pompes"),), expires="2027").fingerprint()
    )
