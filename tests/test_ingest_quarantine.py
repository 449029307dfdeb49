"""What analysts do about a source: explain its words, mend its documents, read again, freeze."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from index.audit import trail
from index.coding import Coder
from index.lead import Lead
from index.store import LeadStore
from index.tables import quarantine
from ingest.collecting import Collected, Collecting
from ingest.collections import CollectionError
from ingest.crawl import Answer
from ingest.drop import QUIET, Dropped, Drops
from ingest.excerpt import corrected, dump, editable, excerpt
from ingest.freeze import Freezes
from ingest.intake import Intake
from ingest.ledger import Ledger
from ingest.lookups import LookupRefused, Lookups, explained, meaning, snippet
from ingest.mending import MendingRefused, mend
from ingest.pipeline import Ingestion
from ingest.price import Rates
from ingest.quarantine import Fate, Quarantine, QuarantineRefused, reread
from ingest.remaking import concerned
from ingest.report import Report
from ingest.schedule import Schedule
from ingest.source import Source, sources

PAGE = """
{name: chambre, title: Demandes d'une chambre, publisher: Chambre d'essai, licence: essai,
 url: "https://chambre.exemple.test", formats: [tabular], language: fr, trust: high,
 collect: {spider: files, address: "https://chambre.exemple.test/avis", rhythm: {at: "06:00"}},
 mapping: {key: [Ref], title: [Objet], country: Pays, kind: Etat, stages: {ouverte: open}}}
"""
GOOD = "Ref,Objet,Pays,Etat\nA1,Pompes à eau,Pérou,ouverte\n"
BROKEN = GOOD + ",Chaises,Chili,ouverte\nA3,,Chili,ouverte\n"


class World:
    """A record, one source, and files of it."""

    def __init__(self, store: LeadStore, folder: Path, now: datetime, coder: Coder) -> None:
        self.store, self.folder, self.now, self.coder = store, folder, now, coder
        self.ledger, self.quarantine = Ledger(store), Quarantine(store)
        (folder / "pages").mkdir()
        (folder / "pages" / "chambre.yml").write_text(PAGE, "utf-8")
        sources.cache_clear()
        self.pages: dict[str, Source] = sources(folder / "pages")
        sources.cache_clear()

    def ingestion(self) -> Ingestion:
        self.now += timedelta(minutes=1)
        return Ingestion(self.ledger, self.pages, Rates.load(), lambda: self.now, coder=self.coder)

    def ingest(self, text: str, name: str = "avis.csv", source: str = "chambre") -> Report:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return self.ingestion().run(source, [path])

    def leads(self) -> list[Lead]:
        return [lead for batch in self.store.changed_since(0) for lead in batch]

    def reread(self, reason: str = "") -> list[Fate]:
        number = self.quarantine.order("chambre", "ana", self.now, reason=reason)
        order = self.quarantine.ordered(number)
        assert order
        reread(self.ledger, order, self.ingestion())
        done = self.quarantine.ordered(number)
        assert done
        assert done.finished
        return self.quarantine.fates(done, 100)

    def journal(self) -> list[str]:
        with self.store.reading() as connection:
            return [line.action for line in trail(connection, "source:chambre")]


@pytest.fixture
def world(store: LeadStore, tmp_path: Path, now: datetime, coder: Coder) -> World:
    return World(store, tmp_path, now, coder)


# --- words --------------------------------------------------------------------------------------


def test_a_word_that_somebody_explains_is_understood_from_the_next_ingestion_on(
    world: World,
) -> None:
    world.ingest(GOOD.replace("Pérou", "Tahuantinsuyo"))
    assert [lead.country for lead in world.leads()] == [""]
    lookups = Lookups(world.store)
    lookups.say("chambre", "country", " Tahuantinsuyo ", "pérou", "ana", world.now)
    world.ingest(GOOD.replace("Pérou", "Tahuantinsuyo").replace("A1", "A2"), "suite.csv")
    assert [lead.country for lead in world.leads()] == ["", "PE"]
    assert world.journal() == ["mot expliqué"]


def test_leads_made_before_a_word_was_explained_are_made_anew(world: World) -> None:
    world.ingest(GOOD.replace("Pérou", '"50% d\'Inca"'))
    word = "50% d'Inca"
    Lookups(world.store).say("chambre", "country", word, "PE", "ana", world.now)
    with world.store.reading() as connection:
        found = concerned(connection, "chambre", "country", word)
        assert concerned(connection, "chambre", "country", "50x d'Inca") == []
        assert concerned(connection, "chambre", "stage", word) == []
    assert world.ingestion().remake(found, Report()) == 1
    [lead] = world.leads()
    assert (lead.country, lead.region) == ("PE", "amerique-latine-caraibes")


def test_a_word_taken_back_means_nothing_again(world: World) -> None:
    lookups = Lookups(world.store)
    lookups.say("chambre", "stage", "vive", "open", "ana", world.now)
    lookups.say("chambre", "stage", "vive", "planned", "bob", world.now)
    assert [one.meaning for one in lookups.of("chambre")] == ["planned"]
    with world.store.reading() as connection:
        page = explained(connection, world.pages)["chambre"]
    assert page.lookups == {"stage": {"vive": "planned"}}
    lookups.forget("chambre", "stage", "vive", "bob", world.now)
    assert lookups.of("chambre") == []
    with pytest.raises(LookupRefused):
        lookups.forget("chambre", "stage", "vive", "bob", world.now)
    assert world.journal() == ["mot retiré", "mot expliqué", "mot expliqué"]


@pytest.mark.parametrize(
    ("subject", "said", "ours"),
    [
        ("country", "NO", "NO"), ("country", "Norvège", "NO"), ("country", "Atlantide", None),
        ("stage", "open", "open"), ("stage", "ouverte", None), ("currency", "pen", "PEN"),
        ("currency", "", None), ("language", "espagnol", "es"), ("language", "klingon", None),
    ],
)  # fmt: skip
def test_a_word_means_one_of_our_values_or_is_refused(
    subject: str, said: str, ours: str | None
) -> None:
    assert meaning(subject, said) == ours  # type: ignore[arg-type]


def test_what_analysts_explained_can_be_written_into_the_page(world: World) -> None:
    lookups = Lookups(world.store)
    lookups.say("chambre", "country", "Norge", "NO", "ana", world.now)
    lookups.say("chambre", "currency", "Soles : nuevos", "PEN", "ana", world.now)
    told = yaml.safe_load(snippet(lookups.of("chambre")))
    assert told == {"lookups": {"country": {"Norge": "NO"}, "currency": {"Soles : nuevos": "PEN"}}}


# --- quarantine ---------------------------------------------------------------------------------


def test_quarantine_is_counted_by_reason(world: World) -> None:
    world.ingest(BROKEN)
    world.ingest("", "vide.csv")
    told = {one.words: (one.entries, one.readable) for one in world.quarantine.reasons("chambre")}
    assert told == {
        "Document vide.": (1, 0),
        "Ligne sans identifiant (Ref).": (1, 1),
        "Ligne sans titre (Objet).": (1, 1),
    }
    assert world.quarantine.sources() == {"chambre": 3}
    first, *rest = world.quarantine.entries("chambre", limit=2)
    following = world.quarantine.entries("chambre", after=first.number)
    assert following[:1] == rest
    assert world.quarantine.get("autre", first.number) is None


def test_what_is_read_again_without_change_is_refused_once_more(world: World) -> None:
    world.ingest(BROKEN)
    fates = world.reread("Ligne sans titre (Objet).")
    assert [(one.became, one.entry.attempts) for one in fates] == [("again", 2)]
    assert len(world.leads()) == 1
    assert world.journal() == ["relecture faite", "relecture demandée"]


def test_a_corrected_copy_is_read_in_place_of_the_original_which_is_kept(world: World) -> None:
    world.ingest(BROKEN)
    entry = world.quarantine.entries("chambre", "Ligne sans titre (Objet).")[0]
    mended = BROKEN.replace("A3,,", "A3,Chaises d'école,").encode()
    copy = mend(
        world.ledger, "chambre", entry.raw, mended, "ana", "titre dit par téléphone", world.now
    )
    [fate] = world.reread("Ligne sans titre (Objet).")
    assert fate.became == "lead"
    lead = world.store.get(fate.lead)
    assert lead
    assert (lead.title, lead.provenances[0].raw) == ("Chaises d'école", copy)
    assert b"".join(world.ledger.raw(entry.raw)) == BROKEN.encode()
    # The other line of the same document is still refused, and waits.
    assert [one.reason for one in world.quarantine.entries("chambre")] == [
        "Ligne sans identifiant (Ref)."
    ]


def test_a_document_that_comes_again_is_read_as_it_was_corrected(world: World) -> None:
    world.ingest(BROKEN)
    [entry, _] = world.quarantine.entries("chambre")
    mend(world.ledger, "chambre", entry.raw, GOOD.encode(), "ana", "lignes d'essai", world.now)
    report = world.ingest(BROKEN)
    assert (report.received, report.duplicates, report.quarantined) == (1, 1, 0)
    assert world.quarantine.entries("chambre") == []
    # Its own bytes undo what was corrected.
    mend(world.ledger, "chambre", entry.raw, BROKEN.encode(), "ana", "à tort", world.now)
    assert world.ingest(BROKEN).quarantined == 2


def test_a_correction_that_changes_nothing_is_refused(world: World) -> None:
    world.ingest(BROKEN)
    [entry, _] = world.quarantine.entries("chambre")
    for data in (b"", BROKEN.encode()):
        with pytest.raises(MendingRefused):
            mend(world.ledger, "chambre", entry.raw, data, "ana", "", world.now)
    with pytest.raises(MendingRefused):
        mend(world.ledger, "chambre", "0" * 64, b"x", "ana", "", world.now)


def test_a_document_refused_whole_tells_how_many_notices_it_gave(world: World) -> None:
    report = world.ingest(GOOD.replace("Objet", "Titre"))
    assert report.quarantined == 1
    mapping = world.pages["chambre"].mapping
    assert mapping
    page = world.pages["chambre"].model_copy(
        update={"mapping": mapping.model_copy(update={"title": ("Titre",)})}
    )
    world.pages = world.pages | {"chambre": page}
    [fate] = world.reread()
    assert (fate.became, fate.notices) == ("notices", 1)


def test_a_document_put_aside_is_tried_again_when_a_person_asks(world: World) -> None:
    world.ingest(BROKEN)
    [entry, _] = world.quarantine.entries("chambre")
    with world.store.writing() as connection:
        for _ in range(4):
            world.ledger.keep(connection, [], world.now)
    for _ in range(4):
        world.ledger.attempt(entry.raw)
    assert {one.became for one in world.reread()} == {"again"}


def test_what_was_never_received_cannot_be_read_again(world: World) -> None:
    world.ingest("", "vide.csv")
    with pytest.raises(QuarantineRefused):
        world.quarantine.order("chambre", "ana", world.now)


def test_an_order_for_a_source_without_page_says_so(world: World) -> None:
    world.ingest(BROKEN)
    order = world.quarantine.ordered(world.quarantine.order("chambre", "ana", world.now))
    assert order
    world.pages = {}
    assert reread(world.ledger, order, world.ingestion()) is None
    [done] = world.quarantine.orders("chambre")
    assert "n’existe plus" in done.failure


# --- excerpts -----------------------------------------------------------------------------------


def test_an_excerpt_shows_the_line_of_the_item_and_those_around() -> None:
    data = "".join(f"ligne {number}\n" for number in range(1, 101)).encode()
    told = excerpt([data[:300], data[300:]], len(data), "ligne 50, colonne 3")
    assert (told.line, told.text.splitlines()[0]) == (48, "ligne 48")
    assert told.text.splitlines()[-1] == "ligne 56"


def test_an_excerpt_of_json_is_the_element_at_the_path() -> None:
    data = b'{"releases":[{"id":"a"},{"id":"b","tag":"<script>"}]}'
    assert excerpt([data], len(data), "releases[1]").text.splitlines()[1] == '  "id": "b",'
    assert excerpt([data], len(data), "releases[9]").text == data.decode()


def test_bytes_that_are_no_text_are_shown_as_figures() -> None:
    data = b"PK\x03\x04\0\0<script>alert(1)</script>" * 100
    told = excerpt([data], len(data), "")
    assert told.binary
    assert told.text.startswith("00000000  50 4b 03 04 00 00 3c 73")
    assert editable([data], len(data), "") is None
    assert dump(b"a\x1b[0m").endswith("  a.[0m")


def test_signs_that_reorder_or_hide_words_are_shown_as_unknown() -> None:
    told = excerpt(["a\u202eb\x1bc\n\td".encode()], 9, "")
    assert told.text == "a\ufffdb\ufffdc\n\td"


def test_only_the_line_of_a_large_document_is_corrected() -> None:
    data = b"".join(b"%d;caf\xc3\xa9;x\r\n" % number for number in range(20_000))
    chunks = [data[at : at + 70_001] for at in range(0, len(data), 70_001)]
    part = editable(chunks, len(data), "ligne 15001")
    assert part
    assert part.text == "15000;café;x\r\n"
    whole = corrected(chunks, part, "15000;thé;y")
    assert whole == data.replace(b"15000;caf\xc3\xa9;x\r\n", b"15000;th\xc3\xa9;y\r\n")
    assert editable(chunks, len(data), "releases[3]") is None


def test_a_form_does_not_change_the_ends_of_lines() -> None:
    part = editable([b"a\nb\n"], 4, "")
    assert part
    assert corrected([b"a\nb\n"], part, "a\r\nc\r\n") == b"a\nc\n"


# --- frozen -------------------------------------------------------------------------------------


@pytest.fixture
def collecting(world: World) -> Collecting:
    return Collecting(
        world.store, world.pages, world.folder / "collectes", lambda *_: Answer(),
        lambda: world.now, lambda: world.coder,
    )  # fmt: skip


def test_a_frozen_source_is_not_asked_until_it_is_thawed(
    world: World, collecting: Collecting
) -> None:
    freezes, mine = Freezes(world.store), {"chambre": world.pages["chambre"]}
    schedule = Schedule(world.store, mine)
    freezes.freeze("chambre", "zoe", "fiche à revoir", world.now)
    assert schedule.take(world.now, 100) == []
    assert collecting.collect("chambre").outcome == "frozen"
    freezes.thaw("chambre", "zoe", world.now)
    assert [slot.source for slot in schedule.take(world.now, 100)] == ["chambre"]
    assert world.journal() == ["source dégelée", "source gelée"]
    for gesture in (
        lambda: freezes.thaw("chambre", "zoe", world.now),
        lambda: [freezes.freeze("chambre", "zoe", "", world.now) for _ in range(2)],
    ):
        with pytest.raises(CollectionError):
            gesture()


def test_files_dropped_for_a_frozen_source_wait_and_nobody_is_alarmed(
    world: World, collecting: Collecting
) -> None:
    taken: list[str] = []
    tell: Callable[[Dropped, Collected], None] = lambda one, done: taken.append(done.outcome)  # noqa: E731
    folder = world.folder / "depots"
    (folder / "chambre").mkdir(parents=True)
    (folder / "chambre" / "avis.csv").write_text(GOOD, "utf-8")
    intake = Intake(Drops(folder, world.pages), collecting, lambda: world.now, tell)
    Freezes(world.store).freeze("chambre", "zoe", "fiche à revoir", world.now)

    def look(times: int) -> None:
        for _ in range(times):
            world.now += 2 * QUIET
            intake.round(lambda told: None)

    look(6)
    assert taken == []
    assert collecting.incidents.open() == []
    assert (folder / "chambre" / "avis.csv").exists()
    Freezes(world.store).thaw("chambre", "zoe", world.now)
    look(1)
    assert taken == ["promoted"]
    assert len(world.leads()) == 1


def test_a_source_frozen_while_it_is_collected_is_held(
    world: World, collecting: Collecting
) -> None:
    path = world.folder / "avis.csv"
    path.write_text(GOOD, "utf-8")
    freezes = Freezes(world.store)

    def freeze(told: object) -> None:
        if not freezes.all():
            freezes.freeze("chambre", "zoe", "", world.now)

    done = collecting.take("chambre", [path], freeze)
    assert (done.outcome, list(done.why or {})) == ("held", ["frozen"])
    freezes.thaw("chambre", "zoe", world.now)
    assert done.number
    assert collecting.promote(done.number, "zoe").outcome == "promoted"
    assert collecting.incidents.open("chambre") == []
    assert "collecte admise" in world.journal()


def test_closing_an_incident_keeps_the_word_of_who_closed_it(
    world: World, collecting: Collecting
) -> None:
    with world.store.writing() as connection:
        collecting.incidents.show(connection, "chambre", {"volume": "Peu."}, None, world.now)
    [one] = collecting.incidents.open("chambre")
    collecting.incidents.close(one.number, "ana", world.now, "jour férié")
    with world.store.reading() as connection:
        [line] = trail(connection, "source:chambre")
        assert connection.execute(select(quarantine)).all() == []
    assert (line.action, line.after["mot"]) == ("incident clos", "jour férié")
