"""The main job: documents in, leads in the record, and an account of every item.

Bytes are kept before they are read. Items are written in transactions of a few hundred: a kill
at any moment leaves whole transactions, and running again finishes the work without doubles.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

import orjson
from sqlalchemy import Connection

from index.coding import Coder
from index.lead import Lead
from ingest.classify import classify
from ingest.dedupe.meaning import meaning_by
from ingest.dedupe.profile import profile
from ingest.document import Document, DocumentError, Limits, Refusal, short
from ingest.documents import documents
from ingest.feeds import eforms, fbo, jsonld, ocds, rss, tabular, ted
from ingest.ledger import MAX_ATTEMPTS, Arrival, Ledger, Refused, Weighed, weigh
from ingest.linking import Linking, Understood, names
from ingest.normalise import Draft, normalise
from ingest.notice import Received
from ingest.price import Rates
from ingest.recognise import format_of, recognise
from ingest.report import OUTCOMES, Report
from ingest.source import Format, Source

log = logging.getLogger(__name__)

READERS: dict[Format, Callable[..., Iterator[Received]]] = {
    "ted": ted.read,
    "eforms": eforms.read,
    "ocds": ocds.read,
    "fbo": fbo.read,
    "tabular": tabular.read,
    "rss": rss.read,
    "jsonld": jsonld.read,
}

AUTO = "auto"

# Documents stored together before they are read, and items written together.
_DOCUMENTS, _ITEMS = 64, 500
# Characters of text that one transaction may hold.
_TEXT = 8_000_000
# A key is part of an index of the record, which PostgreSQL limits to some 2,700 bytes.
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class _Stored:
    """A document whose bytes are kept. suspect: begun before and never finished."""

    document: Document
    sha256: str
    suspect: bool = False


@dataclass(frozen=True, slots=True)
class _Event:
    """One item of a document, or its end (no item). empty: the end of a document without item."""

    stored: _Stored
    source: str
    page: Source | None
    item: Received | None
    empty: bool = False

    def weight(self) -> int:
        """Characters of text that it holds in memory."""
        texts = self.item.notice.texts if self.item and self.item.notice else ()
        return sum(len(text.title) + len(text.body) for text in texts)


class Ingestion:
    """One run over some paths.

    name: a source's name, or ``auto`` to recognise each document. pages: the source pages.
    progress: called with the report after each transaction. coder: gives leads the codes that
    their words suggest and tells how close notices in two languages are; the packaged one unless
    said.
    """

    def __init__(
        self,
        ledger: Ledger,
        pages: Mapping[str, Source],
        rates: Rates,
        clock: Callable[[], datetime],
        limits: Limits | None = None,
        progress: Callable[[Report], None] = lambda report: None,
        coder: Coder | None = None,
    ) -> None:
        self.ledger = ledger
        self.pages = pages
        self.rates = rates
        self.clock = clock
        self.limits = limits or Limits()
        self.progress = progress
        self.coder = coder or Coder.load()
        self.meaning = meaning_by(self.coder.embedder)

    def run(self, name: str, paths: Iterable[Path]) -> Report:
        """Read everything; the report is also written in the record."""
        number = self.ledger.start(name, self.clock())
        report = Report(number)
        for group in _groups(documents(paths, self.limits)):
            kept = self._keep(group, name, number, report)
            try:
                self._take_all(kept, name, number, report)
            except (Exception, KeyboardInterrupt):
                # We are still here to say so: the documents are not to blame.
                self.ledger.spare([one.sha256 for one in kept])
                raise
        self.ledger.finish(number, orjson.dumps(report.to_json()), self.clock())
        return report

    def _take_all(self, kept: list[_Stored], name: str, number: int, report: Report) -> None:
        self._take([one for one in kept if not one.suspect], name, number, report)
        # One of these may have brought an earlier run down: each is taken alone, so that the
        # others are not blamed for it.
        for one in kept:
            if one.suspect:
                self.ledger.attempt(one.sha256)
                self._take([one], name, number, report)

    def _take(self, kept: list[_Stored], name: str, number: int, report: Report) -> None:
        """Read documents and write what is in them, some hundreds of items at a time."""
        events = (event for stored in kept for event in self._events(stored, name))
        for batch in _batches(events):
            self._write(batch, number, report)
            self.progress(report)

    def _keep(
        self, group: list[Document | Refusal], name: str, number: int, report: Report
    ) -> list[_Stored]:
        """Store the bytes of all, before a word of them is read."""
        weighed, reasons = [], []
        for one in group:
            found, reason = _weigh(one)
            weighed.append(found)
            reasons.append(reason)
        now, kept = self.clock(), []
        with self.ledger.store.writing() as connection:
            begun = self.ledger.keep(connection, [one for one in weighed if one], now)
            for one, found, reason in zip(group, weighed, reasons, strict=True):
                report.documents += 1
                sha256 = found.sha256 if found else ""
                attempts = begun.get(sha256, 0)
                if not reason and attempts >= MAX_ATTEMPTS:
                    reason = f"Lecture interrompue {attempts} fois : document mis à l'écart"
                if found is not None and not reason:
                    kept.append(_Stored(found.document, sha256, attempts > 0))
                    continue
                refused = Refused(name, short(one.name), sha256, "", reason)
                self.ledger.refuse(connection, number, refused, now)
                _count_refusal(report, reason)
        return kept

    def _events(self, stored: _Stored, name: str) -> Iterator[_Event]:
        page, form = self._recognise(stored.document, name)
        source = page.name if page else name
        items: Iterator[Received] = iter(
            [Received("", reason="Format non reconnu : aucune page de source ne le décrit")]
        )
        if page is not None and form is not None:
            items = read_document(stored.document, page, form)
        empty = True
        for item in items:
            empty = False
            yield _Event(stored, source, page, item)
        yield _Event(stored, source, page, None, empty)

    def _recognise(self, document: Document, name: str) -> tuple[Source | None, Format | None]:
        if name == AUTO:
            return recognise(document, self.pages) or (None, None)
        return self.pages[name], format_of(document, self.pages[name])

    def _write(self, batch: list[_Event], number: int, report: Report) -> None:
        """Understand some items, then write them in one transaction."""
        now, part = self.clock(), Report()
        understood, refused, read = [], [], []
        for event in batch:
            if event.item is None:
                read.append((event.stored.sha256, short(event.stored.document.name)))
                if event.empty:
                    part.remarks["document sans avis", event.source] += 1
                continue
            part.received += 1
            part.sources[event.source] += 1
            found, reason = None, event.item.reason
            if event.page is not None:
                sha256 = event.stored.sha256
                found, reason = understand(event.item, event.page, self.rates, sha256, now)
            if found is not None:
                understood.append((found, event.item))
                continue
            refused.append(
                Refused(
                    event.source,
                    short(event.stored.document.name),
                    event.stored.sha256,
                    short(event.item.position),
                    reason,
                )
            )
            _count_refusal(part, reason, received=0)
        with self.ledger.store.writing() as connection:
            for one in refused:
                self.ledger.refuse(connection, number, one, now)
            self._link(connection, understood, part)
            self.ledger.finished(connection, number, read, now)
        # Counted only once it is committed.
        _add(report, part)

    def _link(
        self, connection: Connection, understood: list[tuple[Understood, Received]], part: Report
    ) -> None:
        notices = [one for one, _ in understood]
        linking = Linking(self.ledger, connection, notices, self._draft, self.pages, self.meaning)
        for one, item in understood:
            outcome = linking.take(one)
            setattr(part, outcome, getattr(part, outcome) + 1)
            if outcome != "duplicates":
                part.remarks.update([*item.remarks, *one.draft.remarks])
                part.domestic += outcome == "new" and one.draft.domestic
        self.ledger.store.put(connection, self._coded(linking.close(), part))
        part.merged += len(linking.merged)

    def _coded(self, leads: list[Lead], part: Report) -> list[Lead]:
        """The leads with the codes that their words suggest. One that cannot be classified goes on
        without: it must not stop the others."""
        try:
            return classify(leads, self.coder)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            if len(leads) == 1:
                log.warning("lead %s cannot be classified", leads[0].id, exc_info=True)
                part.remarks["codes non devinés", leads[0].id] += 1
                return leads
        return [one for lead in leads for one in self._coded([lead], part)]

    def _draft(self, arrival: Arrival) -> Draft:
        page = self.pages[arrival.notice.source]
        return normalise(arrival.notice, page, self.rates, arrival.received)


def understand(
    item: Received, page: Source, rates: Rates, sha256: str, now: datetime
) -> tuple[Understood | None, str]:
    """What an item of a document says, or the reason (French) why it says nothing."""
    if item.notice is None:
        return None, item.reason
    if any(len(name) > _LONGEST for name in names(item.notice)):
        return None, f"Identifiant de plus de {_LONGEST} caractères"
    if any("\0" in name for name in names(item.notice)):  # PostgreSQL stores none
        return None, "Identifiant illisible : caractère nul"
    arrival = Arrival(item.notice, sha256, short(item.position), now)
    try:
        fingerprint = item.notice.fingerprint()
        draft = normalise(item.notice, page, rates, now)
        compared = profile(draft)
    except (TypeError, ValueError, LookupError, OverflowError, RecursionError) as error:
        log.warning("notice of %s cannot be normalised", page.name, exc_info=True)
        return None, f"Contenu qui ne peut être interprété : {type(error).__name__}"
    if not draft.texts:
        return None, "Avis sans titre ni texte"
    return Understood(arrival, draft, fingerprint, compared), ""


def _weigh(one: Document | Refusal) -> tuple[Weighed | None, str]:
    """The document's bytes (None when out of reach), and why it is refused if it is."""
    reason = one.reason if isinstance(one, Refusal) else ""
    if one.open is None:
        return None, reason
    try:
        return weigh(Document(one.name, one.open)), reason
    except (DocumentError, OSError) as error:
        return None, reason or str(error)


def read_document(document: Document, page: Source, form: Format) -> Iterator[Received]:
    """The items of a document. Whatever goes wrong in it stays in it."""
    try:
        with document.open() as stream:
            yield from READERS[form](stream, page, document.name)
    except (DocumentError, OSError) as error:
        yield Received("", reason=str(error))
    except Exception as error:  # one bad document must never stop its batch
        log.exception("reader %s failed on %s", form, document.name)
        yield Received("", reason=f"Lecture impossible ({type(error).__name__})")


def _batches(events: Iterable[_Event]) -> Iterator[list[_Event]]:
    batch: list[_Event] = []
    held = 0
    for event in events:
        batch.append(event)
        held += event.weight()
        if len(batch) == _ITEMS or held > _TEXT:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _groups(found: Iterable[Document | Refusal]) -> Iterator[list[Document | Refusal]]:
    iterator = iter(found)
    while group := list(islice(iterator, _DOCUMENTS)):
        yield group


def _count_refusal(report: Report, reason: str, received: int = 1) -> None:
    report.received += received
    report.quarantined += 1
    report.reasons[reason] += 1


def _add(report: Report, part: Report) -> None:
    for name in (*OUTCOMES, "received", "domestic", "merged"):
        setattr(report, name, getattr(report, name) + getattr(part, name))
    report.remarks.update(part.remarks)
    report.reasons.update(part.reasons)
    report.sources.update(part.sources)
