"""The main job: everything received ends as a lead, an update, a duplicate or in quarantine."""

import csv
import io
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from index.lead import Lead
from index.store import LeadStore
from index.tables import quarantine
from ingest.ledger import Ledger
from ingest.normalise import normalise
from ingest.notice import Notice, Text
from ingest.pipeline import AUTO, Ingestion
from ingest.price import Rates
from ingest.report import Report
from ingest.source import sources

PAGE = """
name: essai
title: Flux d'essai
publisher: Chambre de commerce d'essai
licence: CC BY 4.0
url: https://example.org
country: DE
currency: EUR
formats: [tabular]
recognise: {files: ["essai*.csv"]}
dates: {order: dmy}
lookups:
  country: {"Bundesrepublik": DE}
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
  codes: {CPV: cpv, HS: hs}
  stages: {call: open, plan: planned, award: awarded, stop: cancelled}
  changes: {change: amendment, stop: cancellation}
"""
COLUMNS = (
    "ref", "process", "kind", "title", "body", "lang", "buyer", "country", "published",
    "deadline", "amount", "currency", "cpv", "hs",
)  # fmt: skip


def row(ref: str, title: str = "Schulmöbel", **fields: str) -> dict[str, str]:
    usual = {"kind": "call", "lang": "de", "published": "01.05.2026", "cpv": "39160000-1"}
    return dict.fromkeys(COLUMNS, "") | usual | {"ref": ref, "title": title} | fields


def feed(rows: Iterable[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


class World:
    """A record, a folder of source pages, and files to ingest."""

    def __init__(self, store: LeadStore, folder: Path, now: datetime) -> None:
        self.store, self.folder, self.now = store, folder, now
        self.ledger = Ledger(store)
        self.pages = folder / "pages"
        self.pages.mkdir()
        (self.pages / "essai.yml").write_text(PAGE, "utf-8")
        self.files = 0

    def ingest(self, *contents: bytes | dict[str, str], source: str = "essai") -> Report:
        paths = []
        for content in contents:
            self.files += 1
            path = self.folder / f"essai-{self.files}.csv"
            path.write_bytes(content if isinstance(content, bytes) else feed([content]))
            paths.append(path)
        return self.run(source, paths)

    def run(self, source: str, paths: list[Path]) -> Report:
        sources.cache_clear()
        pages = sources(self.pages)
        report = Ingestion(self.ledger, pages, Rates.load(), lambda: self.now).run(source, paths)
        assert report.balanced(), report
        self.now += timedelta(minutes=1)
        return report

    def leads(self) -> list[Lead]:
        return [lead for batch in self.store.changed_since(0) for lead in batch]

    def waiting(self) -> list[Any]:
        with self.store.reading() as connection:
            found = select(quarantine).where(quarantine.c.released.is_(None))
            return list(connection.execute(found.order_by(quarantine.c.id)))


@pytest.fixture
def world(store: LeadStore, tmp_path: Path, now: datetime) -> World:
    return World(store, tmp_path, now)


def test_a_row_becomes_a_lead_with_all_that_it_says(world: World) -> None:
    world.ingest(
        row(
            "A1",
            "Lieferung von <b>Schulmöbeln</b>",
            body="Kontakt: Frau Muster, muster@schule.de, Tel. +49 30 1234567",
            buyer="Stadt Köln",
            country="Bundesrepublik",
            deadline="03.07.2026 12:00",
            amount="250000",
            currency="PLN",
            hs="9403.60",
        )
    )
    [lead] = world.leads()
    assert (lead.title, lead.language, lead.country) == ("Lieferung von Schulmöbeln", "de", "DE")
    assert lead.region == "union-europeenne"
    assert lead.codes_of("CPV") == ("39160000",)
    assert lead.codes_of("HS") == ("940360",)
    assert lead.sectors
    assert lead.deadline is not None
    assert lead.deadline.isoformat() == "2026-07-03T12:00:00+02:00"
    assert lead.value is not None
    assert lead.value.euros is not None
    assert 40_000 < lead.value.euros < 70_000
    assert lead.value.rate_date is not None
    assert "muster@schule.de" not in lead.texts[0].text
    assert "1234567" not in lead.texts[0].text


def test_the_words_of_the_source_are_kept_beside_the_clean_ones(world: World) -> None:
    content = feed([row("A1", "Schul<b>möbel</b>", body="muster@schule.de")])
    world.ingest(content)
    [lead] = world.leads()
    with world.store.reading() as connection:
        [arrival] = world.ledger.arrivals(connection, lead.id)
    assert arrival.notice.texts[0].title == "Schul<b>möbel</b>"
    assert b"".join(world.ledger.raw(lead.provenances[0].raw)) == content


def test_the_same_delivery_twice_gives_duplicates_only(world: World) -> None:
    content = feed([row("A1"), row("A2")])
    assert world.ingest(content).new == 2
    before = world.leads()
    again = world.ingest(content)
    assert (again.new, again.updated, again.duplicates) == (0, 0, 2)
    assert world.leads() == before


def test_an_amendment_updates_the_lead_and_keeps_its_history(world: World) -> None:
    world.ingest(row("A1", process="P", deadline="03.07.2026"))
    change = row("A2", "Berichtigung", process="P", kind="change", deadline="10.07.2026")
    report = world.ingest(change | {"published": "09.05.2026"})
    assert (report.new, report.updated) == (0, 1)
    [lead] = world.leads()
    assert lead.title == "Schulmöbel"
    assert lead.deadline is not None
    assert lead.deadline.day == 10
    [event] = lead.history
    assert event.fields["deadline"][0].startswith("2026-07-03")
    assert event.fields["deadline"][1].startswith("2026-07-10")
    assert [one.key for one in lead.provenances] == ["A1", "A2"]


@pytest.mark.parametrize(("kind", "stage"), [("stop", "cancelled"), ("award", "awarded")])
def test_a_cancelled_or_awarded_demand_is_no_longer_on_offer(
    world: World, kind: str, stage: str
) -> None:
    world.ingest(row("A1", process="P"))
    world.ingest(row("A2", process="P", kind=kind, published="20.05.2026"))
    [lead] = world.leads()
    assert (lead.stage, lead.expires) == (stage, None)
    assert lead.history[0].fields["stage"] == ("open", stage)


def test_the_order_of_arrival_changes_nothing(world: World) -> None:
    call = row("A1", process="P", deadline="03.07.2026")
    change = row("A2", process="P", kind="change", deadline="10.07.2026", published="09.05.2026")
    award = row("A3", "Zuschlag", process="P", kind="award", published="20.08.2026")
    world.ingest(award)
    world.ingest(change)
    world.ingest(call)
    [lead] = world.leads()
    assert [one.key for one in lead.provenances] == ["A1", "A2", "A3"]
    assert (lead.stage, lead.title) == ("awarded", "Schulmöbel")
    assert [event.key for event in lead.history] == ["A2", "A3"]


def test_two_leads_that_turn_out_to_be_one_are_merged(world: World) -> None:
    world.ingest(row("A1", process="P"))
    world.ingest(row("X"))
    report = world.ingest(row("X", "Schulmöbel und Tafeln", process="P"))
    assert (report.updated, report.merged) == (1, 1)
    kept, lost = sorted(world.leads(), key=lambda lead: lead.status)
    assert (lost.status, lost.merged_into) == ("withdrawn", kept.id)
    assert [one.key for one in kept.provenances] == ["A1", "X", "X"]
    assert world.ingest(row("A2", process="P", kind="award")).updated == 1
    assert world.store.get(kept.id).stage == "awarded"  # type: ignore[union-attr]


def test_an_identifier_used_again_for_another_demand_joins_nothing(world: World) -> None:
    world.ingest(row("A1", "Schulmöbel", process="P", buyer="Stadt Köln"))
    other = row("A2", "Wasserzähler", process="P", buyer="Gemeinde Basel")
    assert world.ingest(other).new == 1
    assert world.ingest(other | {"ref": "A3", "country": "CH"}).new == 1
    assert world.ingest(row("A1", "Ambulanzen", buyer="Kanton Zug", country="CH")).new == 1
    same = row("A4", "Schulmöbel, Los 2", process="P", buyer="Köln (Stadt)")
    assert world.ingest(same).updated == 1
    assert len(world.leads()) == 4


def test_an_update_finds_the_demand_told_apart_under_a_used_identifier(world: World) -> None:
    world.ingest(row("A1", "Schulmöbel", buyer="Stadt Köln"))
    second = row("A1", "Ambulanzen", buyer="Kanton Zug", country="CH")
    later = second | {"deadline": "10.07.2026", "published": "09.05.2026"}
    assert world.ingest(second).new == 1
    assert world.ingest(later).updated == 1
    third = row("A1", "Brot", buyer="Gmina Opole", country="PL")
    report = world.ingest(feed([third, third | {"deadline": "11.07.2026"}, later]))
    assert (report.new, report.updated, report.duplicates) == (1, 1, 1)
    notices = sorted((lead.country, len(lead.provenances)) for lead in world.leads())
    assert notices == [("CH", 2), ("DE", 1), ("PL", 2)]


def test_a_french_buyer_is_kept_and_counted_apart(world: World) -> None:
    report = world.ingest(feed([row("A1", country="France"), row("A2", country="GP"), row("A3")]))
    assert (report.new, report.domestic) == (3, 2)
    assert [lead.domestic for lead in world.leads()] == [True, True, False]


def test_what_is_not_understood_is_said_aloud(world: World) -> None:
    content = feed(
        [
            row("A1", country="Ruritanie", deadline="31.02.2026", amount="12", currency="XQQ"),
            row("A2", cpv="99999999", kind="inconnu"),
        ]
    )
    remarks = world.ingest(content).remarks
    assert remarks["pays inconnu", "Ruritanie"] == 1
    assert remarks["date non comprise", "31.02.2026"] == 1
    assert remarks["devise inconnue", "XQQ"] == 1
    assert remarks["code CPV inconnu", "99999999"] == 1
    assert remarks["étape inconnue", "inconnu"] == 1


def test_a_bad_item_goes_to_quarantine_and_its_batch_goes_on(world: World) -> None:
    report = world.ingest(
        feed([row("A1"), row("", "sans référence"), row("A3")]), b"", b"\x00\xff\x00", row("A4")
    )
    assert report.new == 3
    assert report.quarantined == 3
    assert all(entry.reason for entry in world.waiting())


def test_the_bytes_of_what_was_refused_are_kept(world: World) -> None:
    world.ingest(b"\x00\xff not a feed")
    [entry] = world.waiting()
    assert b"".join(world.ledger.raw(entry.raw)) == b"\x00\xff not a feed"


def test_an_item_refused_again_counts_its_attempts(world: World) -> None:
    path = world.folder / "essai-broken.csv"
    path.write_bytes(feed([row("", "sans référence")]))
    world.run("essai", [path])
    world.run("essai", [path])
    [entry] = world.waiting()
    assert entry.attempts == 2


def test_a_corrected_page_releases_what_it_had_refused(world: World) -> None:
    path = world.folder / "essai-other.csv"
    path.write_bytes(b"ref;title\nA1;Schulm\xc3\xb6bel\n")
    assert world.run("essai", [path]).quarantined == 1
    page = (world.pages / "essai.yml").read_text("utf-8")
    lines = [line for line in page.splitlines() if not line.startswith("mapping")]
    mapped = lines[: lines.index("  key: [ref]")]
    mapping = "mapping: {delimiter: ';', key: [ref], title: [title], constants: {kind: call}}"
    (world.pages / "essai.yml").write_text("\n".join([*mapped, mapping]), "utf-8")
    assert world.run("essai", [path]).new == 1
    assert world.waiting() == []


def test_an_unknown_format_is_refused_in_french(world: World) -> None:
    path = world.folder / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 not a notice")
    report = world.run(AUTO, [path])
    assert list(report.reasons) == ["Format non reconnu : aucune page de source ne le décrit"]


def test_documents_of_several_sources_are_told_apart(world: World) -> None:
    path = world.folder / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("essai-1.csv", feed([row("A1"), row("A2")]))
        archive.writestr("empty.xml", b"")
    report = world.run(AUTO, [path])
    assert (report.new, report.quarantined) == (2, 1)
    assert report.sources["essai"] == 2


def test_a_document_that_brings_the_reader_down_is_put_aside(world: World) -> None:
    path = world.folder / "essai-deadly.csv"
    path.write_bytes(feed([row("A1")]))
    pages = sources(world.pages)

    class Killed(BaseException):
        pass

    class Deadly(Ingestion):
        def _write(self, *arguments: Any) -> None:
            raise Killed

    for _ in range(3):
        with pytest.raises(Killed):
            Deadly(world.ledger, pages, Rates.load(), lambda: world.now).run("essai", [path])
    report = world.run("essai", [path])
    assert (report.new, report.quarantined) == (0, 1)
    assert "mis à l'écart" in next(iter(report.reasons))

    world.ledger.spare([world.waiting()[0].raw])
    assert world.run("essai", [path]).new == 1
    assert world.waiting() == []


def test_an_interruption_is_not_held_against_the_documents(world: World) -> None:
    path = world.folder / "essai-healthy.csv"
    path.write_bytes(feed([row("A1")]))

    class Interrupted(Ingestion):
        def _write(self, *arguments: Any) -> None:
            raise KeyboardInterrupt

    for _ in range(4):
        run = Interrupted(world.ledger, sources(world.pages), Rates.load(), lambda: world.now)
        with pytest.raises(KeyboardInterrupt):
            run.run("essai", [path])
    assert world.run("essai", [path]).new == 1


def test_an_endless_identifier_goes_to_quarantine_alone(world: World) -> None:
    report = world.ingest(feed([row("A" * 9_000), row("A2", process="P" * 9_000), row("A3")]))
    assert (report.new, report.quarantined) == (1, 2)


def _noise(length: int) -> str:
    """What no database can compress, four bytes a sign."""
    chance = random.Random(1)
    return "".join(chr(chance.randrange(0x20000, 0x2A6DF)) for _ in range(length))


def test_the_longest_identifiers_and_names_are_indexed(world: World) -> None:
    path = world.folder / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(_noise(5_000) + "essai.csv", b"not a feed")
        archive.writestr("essai-2.csv", feed([row(_noise(500), process=_noise(499))]))
    report = world.run("essai", [path])
    assert (report.new, report.quarantined) == (1, 1)
    [entry] = world.waiting()
    assert entry.document.endswith("essai.csv")
    assert world.run("essai", [path]).quarantined == 1


def test_a_document_that_could_not_be_opened_leaves_quarantine_once_read(world: World) -> None:
    path = world.folder / "essai-late.csv"
    world.run("essai", [path])
    assert [entry.raw for entry in world.waiting()] == [""]
    path.write_bytes(feed([row("A1")]))
    assert world.run("essai", [path]).new == 1
    assert world.waiting() == []


def test_long_notices_are_written_in_smaller_transactions(world: World) -> None:
    path = world.folder / "essai-long.csv"
    path.write_bytes(feed(row(f"A{n}", body="Wort " * 24_000) for n in range(100)))
    steps: list[int] = []
    pages = sources(world.pages)
    told = Ingestion(
        world.ledger,
        pages,
        Rates.load(),
        lambda: world.now,
        progress=lambda report: steps.append(report.received),
    )
    assert told.run("essai", [path]).new == 100
    assert steps == [67, 100]


def test_the_report_a_spider_leaves_is_no_document(world: World) -> None:
    (world.folder / "essai").mkdir()
    (world.folder / "essai" / "_run.json").write_bytes(b"{}")
    (world.folder / "essai" / "essai-1.csv").write_bytes(feed([row("A1")]))
    report = world.run("essai", [world.folder / "essai"])
    assert (report.documents, report.received, report.new) == (1, 1, 1)


def test_an_endless_name_is_quarantined_like_any_other(world: World) -> None:
    path = world.folder / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x" * 9_000 + ".csv", b"not a feed")
    assert world.run("essai", [path]).quarantined == 1


def test_a_document_without_any_notice_is_said_aloud(world: World) -> None:
    assert world.ingest(feed([])).remarks["document sans avis", "essai"] == 1


def test_a_call_and_its_change_of_the_same_day_may_arrive_reversed(world: World) -> None:
    call = row("A1", process="P", deadline="03.07.2026")
    change = row("A2", process="P", kind="change", deadline="10.07.2026")
    world.ingest(change)
    world.ingest(call)
    [lead] = world.leads()
    assert lead.deadline is not None
    assert lead.deadline.day == 10


def test_an_endless_text_is_cut_and_said(now: datetime) -> None:
    page = sources()["ted"]
    notice = Notice("ted", "A1", (Text("Schulmöbel", "mot " * 100_000, "fr"),), stage="open")
    draft = normalise(notice, page, Rates.load(), now)
    assert len(draft.texts[0].text) <= 200_000
    assert "texte coupé" in [subject for subject, _ in draft.remarks]


def _said(store: LeadStore) -> list[str]:
    moving = {"sequence": 0, "provenances": ()}
    leads = [lead.model_copy(update=moving) for batch in store.changed_since(0) for lead in batch]
    return sorted(lead.model_dump_json() for lead in leads)


def _command(data: Path, pages: Path, feeds: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "search_api.cli", "ingerer", "essai", str(feeds)]
    environment = os.environ | {"DEBOUCHES_DATA": str(data), "DEBOUCHES_SOURCES": str(pages)}
    environment.pop("DATABASE_URL", None)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*command, "--no-indexer"], env=environment, **quiet)


def test_killed_at_any_moment_and_run_again_the_record_is_the_same(
    tmp_path: Path, now: datetime
) -> None:
    pages, feeds = tmp_path / "pages", tmp_path / "feeds"
    pages.mkdir()
    feeds.mkdir()
    (pages / "essai.yml").write_text(PAGE, "utf-8")
    for number in range(120):
        rows = [
            row(f"{number}-{n}", f"Möbel {number} {n}", process=f"P{number}-{n % 25}")
            | {"published": f"{n % 28 + 1:02}.05.2026", "deadline": "03.07.2026"}
            for n in range(30)
        ]
        (feeds / f"essai-{number:03}.csv").write_bytes(feed(rows))
    chance = random.Random(20260601)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    started = time.monotonic()
    assert _command(whole, pages, feeds).wait() == 0
    took = time.monotonic() - started
    kills = 0
    for _ in range(6):
        process = _command(broken, pages, feeds)
        try:
            process.wait(chance.uniform(0.35, 0.95) * took)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
        if kills == 2:
            break
    assert kills
    assert _command(broken, pages, feeds).wait() == 0
    records = [
        LeadStore.open(f"sqlite:///{folder / 'registre.sqlite3'}") for folder in (whole, broken)
    ]
    said = [_said(store) for store in records]
    for store in records:
        store.close()
    assert len(said[0]) == 120 * 25
    assert said[0] == said[1]
