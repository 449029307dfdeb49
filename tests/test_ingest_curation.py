"""What analysts decide stays decided, can be undone exactly, and loses nobody's work."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from conftest import NOW
from curated import CALL, OTHER, World
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from index import audit, waiting
from index.coding import Coder
from index.labelled import LabelledText, LabelledTexts
from index.lead import Lead
from index.store import LeadStore
from index.tables import review
from ingest.curation import Conflict, Refusal
from ingest.ledger import Ledger

Opened = Callable[[Path], LeadStore]


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """Opens an empty record in a folder: migrated once, then copied."""
    made = tmp_path_factory.mktemp("vierge") / "record.sqlite3"
    LeadStore.open(f"sqlite:///{made}").close()

    def opened(folder: Path) -> LeadStore:
        folder.mkdir(parents=True)
        shutil.copy(made, folder / "record.sqlite3")
        return LeadStore.open(f"sqlite:///{folder / 'record.sqlite3'}")

    return opened


@pytest.fixture
def world(blank: Opened, tmp_path: Path, coder: Coder) -> Iterator[World]:
    """A world on SQLite: what databases do differently is tried in ``anywhere``."""
    store = blank(tmp_path / "registre")
    yield World(store, tmp_path / "monde", NOW, coder)
    store.close()


@pytest.fixture
def anywhere(store: LeadStore, tmp_path: Path, coder: Coder) -> World:
    """A world on each database."""
    return World(store, tmp_path / "monde", NOW, coder)


def queue(world: World) -> list[waiting.Waiting]:
    with world.store.reading() as connection:
        return waiting.page(connection, waiting.Wanted(), NOW, 50)


def test_a_lead_of_an_unsure_source_waits_with_reasons(anywhere: World) -> None:
    anywhere.ingest("chambre", CALL | {"deadline": "", "country": ""})
    [one] = queue(anywhere)
    assert anywhere.lead("A1").status == "proposed"
    assert {"Source peu sûre", "Pays inconnu", "Échéance inconnue"} <= set(one.reasons)
    assert 0.5 < one.doubt < 1


def test_what_is_published_leaves_the_queue(world: World) -> None:
    world.ingest("chambre", CALL)
    assert world.review("A1", "publish").status == "published"
    assert queue(world) == []


def test_a_rejection_says_why(world: World) -> None:
    world.ingest("chambre", CALL)
    lead = world.lead("A1")
    with pytest.raises(Refusal, match="pourquoi"):
        world.curation.review(lead.id, lead.sequence, "ana", "reject")
    assert world.review("A1", "reject", why="hors sujet").status == "rejected"


def test_corrected_codes_are_the_analysts_and_what_follows_from_codes_follows(
    world: World,
) -> None:
    world.ingest("chambre", CALL | {"cpv": "39160000"})
    before = world.lead("A1").sectors
    lead = world.review("A1", "publish", CPV=["34114121"], HS=["870590"])
    told = {(one.scheme, one.code): (one.method, one.score) for one in lead.codes}
    assert told["CPV", "34114121"] == told["HS", "870590"] == ("analyst", 1.0)
    assert ("CPV", "39160000") not in told
    assert not any(hint.scheme in ("CPV", "HS") for hint in lead.hints)
    assert lead.sectors
    assert set(lead.sectors).isdisjoint(before)
    assert lead.checked == ("CPV", "HS")


def test_a_lead_said_to_have_no_hs_code_has_none(world: World) -> None:
    world.ingest("chambre", CALL | {"hs": "940360"})
    lead = world.review("A1", "publish", HS=[])
    assert lead.without_hs
    assert lead.codes_of("HS") == ()


def test_country_deadline_stage_and_french_title_are_corrected(world: World) -> None:
    world.ingest("chambre", CALL)
    lead = world.review(
        "A1", "correct", country="FR", deadline="2026-08-01T12:00:00+02:00", title="Mobilier"
    )
    assert (lead.country, lead.domestic) == ("FR", True)
    assert lead.expires == lead.deadline
    assert [(text.language, text.title) for text in lead.texts] == [
        ("de", CALL["title"]), ("fr", "Mobilier"),
    ]  # fmt: skip
    awarded = world.review("A1", "correct", stage="awarded")
    assert (awarded.stage, awarded.expires, awarded.country) == ("awarded", None, "FR")


def test_an_amendment_keeps_what_was_corrected_and_the_lead_is_looked_at_again(
    world: World,
) -> None:
    world.ingest("chambre", CALL | {"process": "P1"})
    world.review("A1", "publish", country="AT", deadline="2026-08-01T12:00:00+02:00")
    later = {"ref": "A2", "process": "P1", "kind": "change", "published": "2026-05-20"}
    world.ingest("chambre", CALL | later)
    assert queue(world) == []
    world.ingest("chambre", CALL | later | {"ref": "A3", "deadline": "2026-07-10"})
    lead = world.lead("A3")
    assert (lead.status, lead.country) == ("published", "AT")
    assert lead.deadline is not None
    assert lead.deadline.isoformat() == "2026-08-01T12:00:00+02:00"
    [one] = queue(world)
    assert one.reasons[0] == "La source a changé l’échéance depuis votre correction"
    world.review("A3", "publish")
    assert queue(world) == []


def test_corrected_codes_teach_the_coder_until_they_are_undone(world: World) -> None:
    texts = LabelledTexts(world.store)
    before = LabelledText("CPV", "39000000", CALL["title"], CALL["body"], "de")
    texts.add([before], "import", NOW)
    world.ingest("chambre", CALL)
    world.review("A1", "correct", CPV=["39161000"], HS=["940360"])
    assert {(one.scheme, one.code) for one in texts.all()} == {
        ("CPV", "39161000"), ("HS", "940360"),
    }  # fmt: skip
    world.undo("A1")
    assert texts.all() == [before]


def test_undoing_an_older_correction_keeps_what_the_later_one_teaches(world: World) -> None:
    world.ingest("chambre", CALL)
    world.review("A1", "correct", CPV=["39161000"])
    older = world.last()
    world.review("A1", "correct", CPV=["39160000"])
    lead = world.undo("A1", older)
    assert lead.codes_of("CPV") == ("39160000",)
    assert [one.code for one in LabelledTexts(world.store).all()] == ["39160000"]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("publish", {}),
        ("reject", {}),
        ("correct", {"CPV": ["39161000"]}),
        ("correct", {"HS": []}),
        ("publish", {"country": "AT", "deadline": "", "title": "Mobilier", "stage": "planned"}),
    ],
    ids=["publish", "reject", "code", "no-hs", "facts"],
)
def test_undoing_a_decision_restores_the_lead(
    world: World, kind: str, fields: dict[str, object]
) -> None:
    world.ingest("chambre", CALL)
    before = world.state()
    world.review("A1", kind, **fields)
    assert world.state() != before
    world.undo("A1")
    assert world.state() == before
    assert len(queue(world)) == 1


def test_an_undoing_can_be_decided_only_once(world: World) -> None:
    world.ingest("chambre", CALL)
    world.review("A1", "publish")
    number = world.last()
    world.undo("A1", number)
    with pytest.raises(Refusal, match="plus en vigueur"):
        world.undo("A1", number)


def test_merged_leads_are_one_that_keeps_the_decisions_of_both(world: World) -> None:
    world.ingest("chambre", CALL, OTHER)
    world.review("B1", "correct", country="CI")
    world.review("A1", "publish")
    lead = world.merge("B1", "A1")
    assert (lead.status, lead.country) == ("published", "CI")
    assert {one.key for one in lead.provenances} == {"A1", "B1"}
    assert [one.id for one in world.leads()] == [lead.id]
    gone = [one for batch in world.store.changed_since(0) for one in batch if one.merged_into]
    assert [one.merged_into for one in gone] == [lead.id]
    # What its source says next of the lost one goes to the lead that took it over.
    world.ingest("chambre", OTHER | {"kind": "change", "deadline": "2026-07-20"})
    assert len(world.leads()) == 1


def test_the_rejected_double_of_a_published_lead_does_not_hide_it(world: World) -> None:
    world.ingest("chambre", CALL, OTHER)
    world.review("A1", "publish")
    world.review("B1", "reject", why="doublon")
    assert world.merge("B1", "A1").status == "published"


def test_undoing_a_merge_restores_both_leads(anywhere: World) -> None:
    anywhere.ingest("chambre", CALL, OTHER)
    anywhere.review("B1", "correct", CPV=["34114121"])
    before = anywhere.state()
    anywhere.merge("B1", "A1")
    anywhere.undo("A1")
    assert anywhere.state() == before


def test_what_came_to_a_merged_lead_since_follows_its_name_when_it_is_undone(
    world: World,
) -> None:
    world.ingest("chambre", CALL, OTHER)
    world.merge("B1", "A1")
    number = world.last()
    world.ingest("chambre", OTHER | {"kind": "change", "deadline": "2026-07-20"})
    world.undo("A1", number)
    assert len(world.lead("A1").provenances) == 1
    assert len(world.lead("B1").provenances) == 2


def test_a_merge_whose_lead_was_merged_since_is_undone_first(world: World) -> None:
    third = OTHER | {"ref": "C1", "title": "Pompes immergées", "body": "", "country": "PE"}
    world.ingest("chambre", CALL, OTHER, third)
    before = world.state()
    world.merge("B1", "A1")
    first = world.last()
    world.merge("A1", "C1")
    world.undo("C1")
    world.undo("A1", first)
    assert world.state() == before


SAME = CALL | {"ref": "Z9"}


def test_a_notice_that_was_split_out_never_comes_back(world: World) -> None:
    world.ingest("gazette", CALL)
    world.ingest("chambre", SAME)
    lead = world.lead("A1")
    [joined] = [one for one in lead.provenances if one.key == "Z9"]
    assert joined.joined is not None
    [identity] = identities(world, lead, "Z9")
    kept, left = world.curation.split(lead.id, lead.sequence, [identity], "ana", "deux écoles")
    assert [one.key for one in kept.provenances] == ["A1"]
    assert [(one.key, one.joined) for one in left.provenances] == [("Z9", None)]
    world.ingest("chambre", SAME | {"body": CALL["body"] + " Frist verlängert."})
    world.ingest("gazette", CALL | {"body": CALL["body"] + " Frist verlängert."})
    assert len(world.leads()) == 2


def identities(world: World, lead: Lead, *refs: str) -> list[str]:
    from ingest.handover import placed

    with world.store.reading() as connection:
        some = placed(Ledger(world.store), connection, lead.id)
    return [one.identity for one in some if one.arrival.notice.key in refs]


def test_notices_of_one_process_that_were_split_stay_apart(world: World) -> None:
    call, award = CALL | {"process": "P1"}, CALL | {"ref": "A2", "process": "P1", "kind": "award"}
    world.ingest("gazette", call, award)
    lead = world.lead("A1")
    world.curation.split(lead.id, lead.sequence, [], "ana")
    assert len(world.leads()) == 2
    world.ingest("gazette", award | {"body": "Zuschlag erteilt."})
    world.ingest("gazette", call | {"body": "Frist verlängert."})
    assert len(world.leads()) == 2
    assert len(world.lead("A2").provenances) == 2


@pytest.mark.parametrize("refs", [["Z9"], ["A1"], []], ids=["last", "first", "all"])
def test_undoing_a_split_restores_the_lead(anywhere: World, refs: list[str]) -> None:
    anywhere.ingest("gazette", CALL)
    anywhere.ingest("chambre", SAME)
    lead = anywhere.lead("A1")
    before = anywhere.store.get(lead.id)
    assert before is not None
    wanted = identities(anywhere, lead, *refs)
    anywhere.curation.split(lead.id, lead.sequence, wanted, "ana")
    number = anywhere.last()
    state = anywhere.store.get(lead.id)
    assert state is not None
    restored = anywhere.curation.undo(lead.id, state.sequence, number, "bo")
    assert restored.model_copy(update={"sequence": 0}) == before.model_copy(update={"sequence": 0})
    assert len(anywhere.leads()) == 1
    # Ingestion may join again what nobody says to be apart any more.
    anywhere.ingest("gazette", CALL | {"body": CALL["body"] + " Nachtrag."})
    assert len(anywhere.leads()) == 1


def test_a_lead_that_changed_meanwhile_is_a_conflict_and_nothing_is_written(world: World) -> None:
    world.ingest("chambre", CALL)
    seen = world.lead("A1")
    world.review("A1", "publish", who="bo")
    with pytest.raises(Conflict) as raised:
        world.curation.review(seen.id, seen.sequence, "ana", "reject", "hors sujet")
    assert raised.value.lead.status == "published"
    assert world.lead("A1").status == "published"
    with world.store.reading() as connection:
        assert [line.who for line in audit.trail(connection, "lead:")] == ["bo"]


def test_decisions_cannot_be_rewritten(anywhere: World) -> None:
    anywhere.ingest("chambre", CALL)
    anywhere.review("A1", "publish")
    for change in (update(review).values(who="bo"), delete(review)):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            anywhere.store.writing() as connection,
        ):
            connection.execute(change)


# Each decision corrects what notices and other decisions leave alone, or is told by its date.
NOTICES = [
    CALL | {"process": "P1"},
    CALL | {"ref": "A2", "process": "P1", "kind": "change", "published": "2026-05-20"},
    CALL | {"ref": "A3", "process": "P1", "kind": "award", "published": "2026-06-20"},
]
DECISIONS = [
    ("correct", {"CPV": ["39161000"], "country": "AT"}),
    ("publish", {"country": "CH"}),
    ("correct", {"deadline": "2026-08-01T12:00:00+02:00", "title": "Mobilier"}),
]


def play(world: World, order: Sequence[tuple[str, int]]) -> str:
    """The lead of one order of events. Decisions bear their own dates, whenever written."""
    for what, n in order:
        if what == "notice":
            world.ingest("chambre", NOTICES[n])
        else:
            kind, fields = DECISIONS[n]
            world.curation.clock = lambda n=n: NOW.replace(hour=10 + n)  # type: ignore[misc]
            [lead] = world.leads()
            world.review(lead.provenances[0].key, kind, **fields)
    assert world.ingest("chambre", *NOTICES).duplicates == len(NOTICES)
    [lead] = world.leads()
    told = lead.model_copy(update={"id": "", "sequence": 0, "provenances": ()})
    return told.model_dump_json()


def test_whatever_the_order_of_notices_decisions_and_replays_the_lead_is_the_same(
    blank: Opened, tmp_path: Path, coder: Coder
) -> None:
    events = [("notice", n) for n in range(3)] + [("decision", n) for n in range(3)]
    # A decision needs a lead: a notice comes first.
    orders = [one for one in permutations(events) if one[0][0] == "notice"]
    found = set()
    for number, order in enumerate(Random(7).sample(orders, 5)):
        store = blank(tmp_path / str(number))
        found.add(play(World(store, tmp_path / f"monde-{number}", NOW, coder), order))
        store.close()
    assert len(found) == 1


def test_fifty_analysts_on_the_same_leads_lose_nothing(anywhere: World) -> None:
    anywhere.ingest("chambre", CALL, OTHER)
    seen = [anywhere.lead("A1"), anywhere.lead("B1")]

    def decide(n: int) -> str:
        lead = seen[n % 2]
        try:
            made = anywhere.curation.review(lead.id, lead.sequence, f"a{n}", "correct", "", {
                "title": f"Titre {n}",
            })  # fmt: skip
        except Conflict as conflict:
            assert conflict.lead.sequence > lead.sequence
            return "conflict"
        assert made.texts[-1].title == f"Titre {n}"
        return f"a{n}"

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(decide, range(50)))
    winners = {one for one in outcomes if one != "conflict"}
    assert len(winners) == 2
    with anywhere.store.reading() as connection:
        lines = audit.trail(connection, "lead:")
        decisions = connection.execute(select(func.count()).select_from(review)).scalar_one()
    assert {line.who for line in lines} == winners
    assert len(lines) == decisions == 2


def test_fifty_analysts_who_look_again_after_a_conflict_all_decide(anywhere: World) -> None:
    anywhere.ingest("chambre", CALL, OTHER)
    ids = [anywhere.lead("A1").id, anywhere.lead("B1").id]

    def insist(n: int) -> None:
        while True:
            lead = anywhere.store.get(ids[n % 2])
            assert lead is not None
            try:
                anywhere.curation.review(lead.id, lead.sequence, f"a{n}", "correct", "", {
                    "title": f"Titre {n}",
                })  # fmt: skip
            except Conflict:
                continue
            return

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(insist, range(50)))
    with anywhere.store.reading() as connection:
        lines = audit.trail(connection, "lead:", limit=100)
    assert len({line.who for line in lines}) == len(lines) == 50
    for name in ids:
        told = [line.after["title"] for line in lines if line.subject == f"lead:{name}"]
        lead = anywhere.store.get(name)
        assert lead is not None
        assert lead.texts[-1].title == told[0]
