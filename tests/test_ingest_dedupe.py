"""One demand told by two sources, in two languages or twice becomes one lead, and no other does."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select

from index.lead import Lead, lead_id
from index.store import LeadStore
from index.tables import lead_signature
from ingest.dedupe.buyers import agree, buyer
from ingest.dedupe.compare import judge
from ingest.dedupe.known import CROWD, Asked, bearers, set_apart
from ingest.dedupe.profile import Profile, profile
from ingest.dedupe.signatures import signatures
from ingest.dedupe.words import apart, marks, numbers
from ingest.ledger import Ledger
from ingest.normalise import normalise
from ingest.notice import Amount, Code, Notice, Text
from ingest.pipeline import Ingestion
from ingest.price import Rates
from ingest.report import Report
from ingest.source import Source, sources

PAGE = """
name: {name}
title: Flux d'essai
publisher: Chambre de commerce d'essai
licence: CC BY 4.0
url: https://example.org
formats: [tabular]
trust: high
mapping:
  key: [ref]
  process: process
  kind: kind
  title: [title]
  body: [body]
  language: lang
  buyer: buyer
  country: country
  published: published
  deadline: deadline
  amount: amount
  currency: currency
  codes: {{CPV: cpv}}
  stages: {{call: open, award: awarded, plan: planned}}
  changes: {{change: amendment}}
"""
SOURCES = ("gazette", "portail")

BODY = (
    "Lieferung und Montage von 1.450 Einzeltischen, 1.500 Stühlen und 96 Schränken für zwei"
    " Gesamtschulen in Köln, einschließlich Entsorgung der vorhandenen Möbel und Garantie"
)
CALL = {
    "kind": "call",
    "title": "Lieferung von Schulmöbeln für zwei Gesamtschulen",
    "body": BODY,
    "lang": "de",
    "buyer": "Stadt Köln, Amt für Schulentwicklung",
    "country": "DE",
    "published": "2026-05-01",
    "deadline": "2026-07-03T12:00",
    "amount": "900000",
    "currency": "EUR",
    "cpv": "39160000;39161000",
}
FRENCH = {
    "lang": "fr",
    "title": "Fourniture de mobilier scolaire pour deux établissements",
    "body": "Livraison et montage de 1 450 tables, 1 500 chaises et 96 armoires pour deux écoles"
    " de Köln, avec enlèvement du mobilier existant et garantie",
}


def told(ref: str, source: str = "gazette", **fields: str) -> tuple[str, dict[str, str]]:
    """The call, told by a source under a reference, some fields changed."""
    return source, CALL | {"ref": ref, "process": ""} | fields


Telling = tuple[str, dict[str, str]]


class World:
    """A record and two sources."""

    def __init__(self, store: LeadStore, folder: Path, now: datetime) -> None:
        self.store, self.folder, self.now, self.files = store, folder, now, 0
        (folder / "pages").mkdir()
        for name in SOURCES:
            (folder / "pages" / f"{name}.yml").write_text(PAGE.format(name=name), "utf-8")
        self.pages: dict[str, Source] = dict(sources(folder / "pages"))

    def ingest(self, *tellings: Telling) -> Report:
        """Each telling in a document and a run of its own; the report of the last."""
        for source, row in tellings:
            report = self.together(source, [row])
        return report

    def together(self, source: str, rows: list[dict[str, str]]) -> Report:
        self.files += 1
        path = self.folder / f"{source}-{self.files}.json"
        path.write_bytes(orjson.dumps(rows))
        run = Ingestion(Ledger(self.store), self.pages, Rates.load(), lambda: self.now)
        report = run.run(source, [path])
        assert report.balanced()
        assert report.quarantined == 0, report.reasons
        self.now += timedelta(minutes=1)
        return report

    def leads(self) -> list[Lead]:
        found = [lead for batch in self.store.changed_since(0) for lead in batch]
        return [lead for lead in found if not lead.merged_into]

    def groups(self) -> set[frozenset[str]]:
        return {frozenset(one.key for one in lead.provenances) for lead in self.leads()}


@pytest.fixture
def world(store: LeadStore, tmp_path: Path, now: datetime) -> World:
    return World(store, tmp_path, now)


@pytest.fixture
def two(tmp_path: Path, now: datetime) -> Callable[..., tuple[Profile, Profile]]:
    """The profiles of two notices made of the same facts, but for what is said of the second."""
    page = sources()["exemples"]

    def make(**fields: object) -> tuple[Profile, Profile]:
        notice = Notice(
            "exemples",
            "A1",
            (Text(CALL["title"], BODY, "de"),),
            stage="open",
            buyer=CALL["buyer"],
            country="DE",
            published="2026-05-01",
            deadline="2026-07-03T12:00",
            amount=Amount("900000", "EUR"),
            codes=(Code("CPV", "39160000", main=True),),
        )
        other = replace(notice, key="B1", source="autre", **fields)  # type: ignore[arg-type]
        drafts = [normalise(one, page, Rates.load(), now) for one in (notice, other)]
        return profile(drafts[0]), profile(drafts[1])

    return make


def test_a_demand_told_by_two_sources_is_one_lead_with_two_provenances(world: World) -> None:
    world.ingest(told("A1"))
    report = world.ingest(told("B1", "portail", title=CALL["title"].upper(), amount="", cpv=""))
    assert (report.new, report.joined, report.duplicates) == (0, 1, 0)
    [lead] = world.leads()
    assert [(one.source, one.key) for one in lead.provenances] == [
        ("gazette", "A1"),
        ("portail", "B1"),
    ]
    assert lead.history == ()


def test_a_provenance_says_in_french_why_it_joined(world: World) -> None:
    world.ingest(told("A1"), told("B1", "portail"))
    [lead] = world.leads()
    first, second = lead.provenances
    assert first.joined is None
    assert second.joined is not None
    assert second.joined.to == lead.id
    assert 0.5 <= second.joined.score <= 1
    assert {"même acheteur", "même échéance", "titres identiques"} <= set(second.joined.reasons)


def test_a_demand_told_in_two_languages_is_one_lead_that_keeps_both(world: World) -> None:
    world.ingest(told("A1"), told("B1", "portail", **FRENCH))
    [lead] = world.leads()
    assert {text.language for text in lead.texts} == {"de", "fr"}
    assert lead.history == ()


def test_a_buyer_named_in_two_languages_is_joined_on_strong_evidence_only(world: World) -> None:
    names = {"buyer": "Ville de Bruxelles", "country": "BE"}, {"buyer": "Stad Brussel"}
    world.ingest(told("A1", **names[0], **FRENCH))
    world.ingest(told("B1", "portail", country="BE", **names[1]))
    assert len(world.leads()) == 1
    bare = {"amount": "", "cpv": "", "body": ""}
    other = {"deadline": "2026-08-20T10:00"}
    world.ingest(told("A2", **names[0], **other, **FRENCH | bare))
    world.ingest(told("B2", "portail", country="BE", **names[1], **other, **bare))
    assert len(world.leads()) == 3


def test_a_notice_published_again_joins_the_first(world: World) -> None:
    world.ingest(told("A1"), told("A2", published="2026-05-11"))
    assert world.groups() == {frozenset({"A1", "A2"})}


@pytest.mark.parametrize(
    "other",
    [
        {"deadline": "2026-07-04T12:00"},
        {"buyer": "Landeshauptstadt Düsseldorf"},
        {"country": "AT"},
        {"title": "Lieferung von Schulmöbeln für zwei Gesamtschulen, Los 2"},
        {"title": "Lieferung von Schulmöbeln für drei Kindergärten in Mülheim", "body": ""},
        {"published": "2027-05-03", "deadline": "2027-07-03T12:00"},
        FRENCH | {"deadline": "2026-07-04T12:00"},
        FRENCH | {"buyer": "Ministère de la Défense"},
    ],
)
def test_what_contradicts_stays_another_demand(world: World, other: dict[str, str]) -> None:
    lot = " – Los 1" if "Los 2" in other.get("title", "") else ""
    world.ingest(told("A1", title=CALL["title"] + lot), told("B1", "portail", **other))
    assert world.groups() == {frozenset({"A1"}), frozenset({"B1"})}


def test_a_source_that_numbers_its_demands_is_believed(world: World) -> None:
    world.ingest(told("A1", process="P1"), told("A2", process="P2"))
    assert len(world.leads()) == 2
    # A third source's notice belongs to one of them at most.
    world.ingest(told("B1", "portail", process="X"))
    assert sorted(len(lead.provenances) for lead in world.leads()) == [1, 2]


def test_short_words_alone_join_nothing(world: World) -> None:
    bare = {"title": "Schulmöbel", "body": "", "buyer": "", "deadline": "", "amount": ""}
    world.ingest(told("A1", **bare), told("B1", "portail", **bare))
    assert len(world.leads()) == 2


def test_an_example_never_joins_a_real_demand(
    two: Callable[..., tuple[Profile, Profile]],
) -> None:
    one, other = two()
    assert judge([one], [other]).same
    assert not judge([one], [replace(other, fictitious=not one.fictitious)]).same


def test_the_order_of_arrival_does_not_change_what_is_joined(tmp_path: Path, now: datetime) -> None:
    tellings = [
        told("A1", process="P"),
        told("A2", kind="change", process="P", title="Berichtigung", deadline="2026-07-10T12:00"),
        told("B1", "portail", body=""),
        told("B2", "portail", deadline="2026-09-01T12:00"),
        told("B3", "portail", **FRENCH),
    ]
    for number, order in enumerate(permutations(tellings)):
        if number % 12:
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        store = LeadStore.open(f"sqlite:///{folder / 'record.sqlite3'}")
        one = World(store, folder, now)
        one.ingest(*order)
        groups = one.groups()
        store.close()
        assert groups == {frozenset({"A1", "A2", "B1", "B3"}), frozenset({"B2"})}, order


def test_a_replay_joins_nothing_twice(world: World) -> None:
    tellings = [told("A1"), told("B1", "portail"), told("B2", "portail", **FRENCH)]
    world.ingest(*tellings)
    before = world.leads()
    for source, row in tellings:
        assert world.together(source, [row]).duplicates == 1
    assert world.leads() == before


def test_notices_of_one_transaction_are_joined_too(world: World) -> None:
    rows = [told(ref)[1] for ref in ("A1", "A2", "A3")]
    report = world.together("gazette", rows)
    assert (report.new, report.joined) == (1, 2)
    assert world.groups() == {frozenset({"A1", "A2", "A3"})}


def test_a_notice_that_tells_what_two_leads_tell_makes_them_one(world: World) -> None:
    bare = {"body": "", "amount": "", "cpv": "", "deadline": ""}
    cut = CALL["title"].removesuffix(" für zwei Gesamtschulen")
    world.ingest(told("A1", **bare), told("B1", "portail", title=cut, **bare | {"body": BODY}))
    assert len(world.leads()) == 2
    report = world.ingest(told("B2", "portail"))
    assert (report.joined, report.merged) == (1, 1)
    [lead] = world.leads()
    assert len(lead.provenances) == 3
    lost = [
        one for batch in world.store.changed_since(0) for one in batch if one.merged_into == lead.id
    ]
    assert [one.status for one in lost] == ["withdrawn"]
    with world.store.reading() as connection:
        borne = select(func.count()).where(lead_signature.c.lead == lost[0].id)
        assert connection.execute(borne).scalar_one() == 0


def test_the_next_notice_of_a_source_follows_the_lead_that_its_first_joined(world: World) -> None:
    world.ingest(told("A1"), told("B1", "portail", process="P"))
    later = {"kind": "award", "published": "2026-09-01", "title": "Zuschlag", "body": ""}
    report = world.ingest(told("B2", "portail", process="P", **later))
    assert report.updated == 1
    [lead] = world.leads()
    assert (lead.stage, len(lead.provenances)) == ("awarded", 3)


def test_a_day_without_hour_does_not_undo_the_hour_of_a_deadline(world: World) -> None:
    world.ingest(told("A1"))
    world.ingest(told("B1", "portail", deadline="2026-07-03", published="2026-05-02"))
    [lead] = world.leads()
    assert lead.deadline is not None
    assert (lead.deadline.hour, lead.history) == (12, ())


def test_what_a_person_said_to_be_two_demands_stays_two(world: World) -> None:
    with world.store.writing() as connection:
        pair = lead_id("gazette", "A1"), lead_id("portail", "B1")
        set_apart(connection, *pair, "analyste", "deux écoles différentes", world.now)
    world.ingest(told("A1"), told("B1", "portail"), told("B2", "portail", published="2026-05-02"))
    assert frozenset({"A1", "B1"}) not in world.groups()
    assert all(not {"A1", "B1"} <= group for group in world.groups())


def test_a_lead_of_a_source_that_is_no_longer_known_is_left_alone(world: World) -> None:
    world.ingest(told("A1"))
    del world.pages["gazette"]
    assert world.ingest(told("B1", "portail")).new == 1


def crowd(world: World, number: int) -> None:
    """That many demands of different offices, all of one title."""
    same = {"body": "", "deadline": "", "amount": "", "title": "Rechtsberatung"}
    rows = [told(f"A{n}", process=f"P{n}", buyer=f"Amt Nr. {n}", **same)[1] for n in range(number)]
    assert world.together("gazette", rows).new == number


@pytest.mark.parametrize(("number", "proposed"), [(CROWD - 1, CROWD - 1), (CROWD + 9, 0)])
def test_a_signature_shared_by_a_crowd_tells_nothing(
    world: World, number: int, proposed: int
) -> None:
    crowd(world, number)
    page = world.pages["portail"]
    notice = Notice("portail", "B", (Text("Rechtsberatung", "", "de"),), country="DE")
    marks = signatures(profile(normalise(notice, page, Rates.load(), world.now)))
    with world.store.reading() as connection:
        found = bearers(connection, map(Asked, marks))
    assert max(map(len, found.bearers.values()), default=0) == proposed
    assert (max(found.number.values()) >= CROWD) == (number > CROWD)


def test_a_signature_that_tells_nothing_takes_no_more_room(world: World) -> None:
    crowd(world, CROWD + 9)
    number = func.count().label("n")
    borne = select(number).select_from(lead_signature)
    borne = borne.group_by(lead_signature.c.signature).order_by(number.desc())
    with world.store.reading() as connection:
        assert connection.execute(borne).scalars().first() == CROWD


def test_a_demand_told_twice_is_found_though_its_title_is_shared_by_a_crowd(world: World) -> None:
    crowd(world, CROWD + 9)
    same = {"title": "Rechtsberatung"}
    assert world.ingest(told("X1", **same)).new == 1
    assert world.ingest(told("Y1", "portail", **same)).joined == 1


@pytest.mark.parametrize(
    ("one", "other", "one_language", "agreement"),
    [
        ("Stadt Köln", "Köln (Stadt)", True, "same"),
        ("Mairie de Savines-le-Lac", "Ville de Savines-le-Lac", True, "same"),
        ("Ville de Sion", "Ville de Sion, service bâtiments", True, "same"),
        ("Grupo Aeroportuario de la Ciudad de México", "GACM", True, "same"),
        ("benin-owena river basin authority", "bein-owwena river basin authoriity", True, "same"),
        ("JEDNOSTKA WOJSKOWA NR 6021", "JEDNOSTKA WOJSKOWA NR 6022", True, "different"),
        ("Stadt Köln", "Universität Köln", True, "different"),
        ("SNCF Réseau", "SNCF Voyageurs", True, "different"),
        ("Ville de Bruxelles", "Stad Brussel", True, "different"),
        ("Ville de Bruxelles", "Stad Brussel", False, "near"),
        ("SPF Finances", "FOD Financiën", False, "same"),
        ("Ville de Namur", "Stad Gent", False, "different"),
        ("Université de Liège", "Ziekenhuis Luik", False, "different"),
        ("Stadt Köln", "", True, "unknown"),
    ],
)
def test_buyers_agree_or_not(one: str, other: str, one_language: bool, agreement: str) -> None:
    assert agree(buyer(one), buyer(other), one_language) == agreement
    assert agree(buyer(other), buyer(one), one_language) == agreement


def test_numbers_are_one_however_they_are_grouped() -> None:
    assert numbers("4 070 m, 4.070 m, 4070 m") == {"4070"}
    assert numbers("2019 100 m") == {"2019", "100"}


def test_lots_and_phases_leave_marks() -> None:
    assert marks("bau los b phase ii".split()) == {"lot b", "ii"}


def test_a_typing_error_sets_no_word_apart() -> None:
    assert apart(["fourniture", "chaises"], ["fournitrue", "tables"]) == ({"chaises"}, {"tables"})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"deadline": "2026-07-09T12:00"}, "échéances différentes (03/07/2026, 09/07/2026)"),
        ({"buyer": "Stadt Bonn"}, "acheteurs différents"),
        ({"country": "AT"}, "pays différents (DE, AT)"),
    ],
)
def test_a_refusal_says_why(
    two: Callable[..., tuple[Profile, Profile]], fields: dict[str, str], reason: str
) -> None:
    one, other = two(**fields)
    verdict = judge([one], [other])
    assert (verdict.same, verdict.score) == (False, 0)
    assert verdict.reasons[0].startswith(reason.split(" (")[0])


def _cut(words: str, kept: int) -> Iterator[str]:
    yield " ".join(words.split()[:kept]) + "…"
    yield " ".join(words.split()[:kept]) + " [...]"


def test_a_title_that_was_cut_is_the_same(two: Callable[..., tuple[Profile, Profile]]) -> None:
    for title in _cut(CALL["title"], 4):
        one, other = two(texts=(Text(title, "", "de"),))
        assert "titres identiques" in judge([one], [other]).reasons
