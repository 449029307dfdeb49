"""The main job: documents in, leads in the record, and an account of every item.

Bytes are kept before they are read. Items are written in transactions of a few hundred: a kill
at any moment leaves whole transactions, and running again finishes the work without doubles.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

import orjson
from sqlalchemy import Connection

from index.coding import Coder
from index.lead import Lead
from ingest import packing
from ingest.classify import Asked, Coding, classify
from ingest.decide import NO_SIGNALS, Signals, decide
from ingest.dedupe.meaning import meaning_by
from ingest.document import Document, DocumentError, Limits, Refusal, short
from ingest.documents import documents
from ingest.fold import fold
from ingest.ledger import MAX_ATTEMPTS, Ledger, Refused, Weighed, batched, weigh
from ingest.linking import Linking, Outcome, Understood
from ingest.lookups import explained
from ingest.mending import mended_copies
from ingest.notice import Received
from ingest.price import Rates
from ingest.readers import read_document
from ingest.recognise import format_of, recognise
from ingest.report import Report
from ingest.source import Format, Source
from ingest.understanding import Answer, Given, Lot, Understanding
from ingest.workers import WorkerLostError, Workers

log = logging.getLogger(__name__)

AUTO = "auto"

# Documents stored together before they are read, and items written together.
_DOCUMENTS, _ITEMS = 64, 500
# Characters of text that one transaction may hold.
_TEXT = 8_000_000
# Leads made anew in one transaction.
_REMADE = 100
# Transactions after which it is worth starting processes (half a second, some 40 MB each).
_ALONE = 2


@dataclass(frozen=True, slots=True)
class _Stored:
    """A document whose bytes are kept. suspect: begun before and never finished. copy: SHA-256 of
    the corrected copy that ``document`` opens in its place, "" when there is none."""

    document: Document
    sha256: str
    suspect: bool = False
    copy: str = ""


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

    name: a source's name, or ``auto`` to recognise each document. pages: the source pages; what
    people explained on the site since (``ingest.lookups``) is laid over them.
    progress: called with the report after each transaction. coder: gives leads the codes that
    their words suggest and tells how close notices in two languages are; the packaged one unless
    said. workers: processes that understand and code beside this one, which writes; 0 does all
    here. They are forked when a run turns out to be long: in a program with threads, leave it 0.
    signals: what usefulness tells of sources and leads.
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
        workers: int = 0,
        signals: Callable[[Connection], Signals] = lambda connection: NO_SIGNALS,
    ) -> None:
        self.ledger = ledger
        self._described = pages
        self.rates = rates
        self.clock = clock
        self.limits = limits or Limits()
        self.progress = progress
        self.coder = coder or Coder.load()
        self.meaning = meaning_by(self.coder.embedder)
        self.explain()
        self.workers = workers
        self.signals = signals
        self._pool: Workers[Lot, Answer] | None = None
        self._batches = 0

    def explain(self) -> None:
        """Lay what people explained on the site over the pages, again for whoever keeps an
        ingestion open for long."""
        with self.ledger.store.reading() as connection:
            self.pages = explained(connection, self._described)
        self.understanding = Understanding(self.pages, self.rates, self.coder)

    def run(self, name: str, paths: Iterable[Path]) -> Report:
        """Read everything; the report is also written in the record."""
        return self.read(name, documents(paths, self.limits))

    def read(self, name: str, found: Iterable[Document | Refusal]) -> Report:
        """The same of documents that are at hand."""
        number = self.ledger.start(name, self.clock())
        report = Report(number)
        try:
            self._run(name, found, number, report)
        finally:
            self._rest()
        self.ledger.finish(number, orjson.dumps(report.to_json()), self.clock())
        return report

    def _run(
        self, name: str, found: Iterable[Document | Refusal], number: int, report: Report
    ) -> None:
        for group in _groups(found):
            kept = self._keep(group, name, number, report)
            try:
                self._take_all(kept, name, number, report)
            except WorkerLostError:
                # As if it had been us: a document may be to blame.
                raise
            except (Exception, KeyboardInterrupt):
                # We are still here to say so: the documents are not to blame.
                self.ledger.spare([one.sha256 for one in kept])
                raise

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
        for batch, lot, answer in self._answers(_batches(events), kept):
            self._write(batch, lot, answer, number, report)
            self.progress(report)

    def _answers(
        self, batches: Iterator[list[_Event]], kept: list[_Stored]
    ) -> Iterator[tuple[list[_Event], Lot, Answer]]:
        """Batches with what is understood of them, in order. A suspect document is read in this
        process, whose end is what was counted."""
        while self._batches < _ALONE or not self.workers or any(one.suspect for one in kept):
            batch = next(batches, None)
            if batch is None:
                return
            self._batches += 1
            lot = self._lot(batch)
            yield batch, lot, self.understanding.read(lot)
        if self._pool is None:
            packing.register()
            self._pool = Workers(self.understanding.answer, self.workers)
        held = deque[list[_Event]]()
        for lot, answer in self._pool.map(self._lots(batches, held)):
            yield held.popleft(), lot, answer

    def _lots(self, batches: Iterator[list[_Event]], held: deque[list[_Event]]) -> Iterator[Lot]:
        for batch in batches:
            held.append(batch)
            yield self._lot(batch)

    def _lot(self, batch: list[_Event]) -> Lot:
        items = [
            Given(
                event.source if event.page else "",
                event.stored.copy or event.stored.sha256,
                event.item,
            )
            for event in batch
            if event.item is not None
        ]
        return Lot(items, self.clock())

    def _rest(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None

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
            copies = mended_copies(connection, list(begun))
            for one, found, reason in zip(group, weighed, reasons, strict=True):
                report.documents += 1
                sha256 = found.sha256 if found else ""
                attempts = begun.get(sha256, 0)
                if not reason and attempts >= MAX_ATTEMPTS:
                    reason = f"Lecture interrompue {attempts} fois : document mis à l'écart"
                if found is not None and not reason:
                    kept.append(self._stored(found, attempts > 0, copies.get(sha256, "")))
                    continue
                refused = Refused(name, short(one.name), sha256, "", reason)
                self.ledger.refuse(connection, number, refused, now)
                _count_refusal(report, reason)
        return kept

    def _stored(self, found: Weighed, suspect: bool, copy: str) -> _Stored:
        name = found.document.name
        document = self.ledger.document(copy, name) if copy else found.document
        return _Stored(document, found.sha256, suspect, copy)

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

    def _write(
        self, batch: list[_Event], lot: Lot, answer: Answer, number: int, report: Report
    ) -> None:
        """Write what was understood of some items in one transaction."""
        now, part = lot.now, Report()
        told = iter(self.understanding.understood(lot, answer))
        understood, refused, read = [], [], []
        for event in batch:
            if event.item is None:
                read.append((event.stored.sha256, short(event.stored.document.name)))
                if event.empty:
                    part.remarks["document sans avis", event.source] += 1
                continue
            part.received += 1
            part.sources[event.source] += 1
            found = next(told)
            if isinstance(found, Understood):
                understood.append((found, event.item))
                continue
            refused.append(
                Refused(
                    event.source,
                    short(event.stored.document.name),
                    event.stored.sha256,
                    short(event.item.position),
                    found,
                )
            )
            _count_refusal(part, found, received=0)
        with self.ledger.store.writing() as connection:
            for one in refused:
                self.ledger.refuse(connection, number, one, now)
            self.link(connection, understood, answer.coded, part, now)
            self.ledger.finished(connection, number, read, now)
        # Counted only once it is committed.
        report.add(part)

    def link(
        self,
        connection: Connection,
        understood: list[tuple[Understood, Received]],
        coded: Mapping[Asked, Coding],
        part: Report,
        now: datetime,
    ) -> list[Outcome]:
        """Write what notices say into their leads, and count it in ``part``: what each became."""
        notices, draft = [one for one, _ in understood], self.understanding.draft
        linking = Linking(self.ledger, connection, notices, draft, self.pages, self.meaning)
        outcomes = [linking.take(one) for one in notices]
        for (one, item), outcome in zip(understood, outcomes, strict=True):
            setattr(part, outcome, getattr(part, outcome) + 1)
            if outcome != "duplicates":
                part.remarks.update([*item.remarks, *one.draft.remarks])
                part.domestic += outcome == "new" and one.draft.domestic
        self._put(connection, linking.close(), coded, part, now)
        part.merged += len(linking.merged)
        return outcomes

    def remake(self, leads: Sequence[str], report: Report) -> int:
        """Make leads anew from their notices, of which more may be understood by now; gives back
        how many were written. One whose sources have no page any more stays as it is."""
        written = 0
        for some in batched(leads, _REMADE):
            with self.ledger.store.writing() as connection:
                made = [lead for one in some for lead in self._remade(connection, one)]
                self._put(connection, made, {}, report, self.clock())
            written += len(made)
        return written

    def _remade(self, connection: Connection, lead: str) -> Iterator[Lead]:
        arrivals = self.ledger.arrivals(connection, lead)
        if arrivals and all(one.notice.source in self.pages for one in arrivals):
            yield fold(lead, [(one, self.understanding.draft(one)) for one in arrivals])

    def _put(
        self,
        connection: Connection,
        leads: list[Lead],
        coded: Mapping[Asked, Coding],
        part: Report,
        now: datetime,
    ) -> None:
        def code(some: list[Lead]) -> list[Lead]:
            return self._coded(some, coded, part)

        told = decide(connection, leads, code, self.pages, now, self.signals(connection))
        self.ledger.store.put(connection, told)

    def _coded(self, leads: list[Lead], coded: Mapping[Asked, Coding], part: Report) -> list[Lead]:
        """The leads with the codes that their words suggest. One that cannot be classified goes on
        without: it must not stop the others."""
        try:
            return classify(leads, self.coder, coded)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            if len(leads) == 1:
                log.warning("lead %s cannot be classified", leads[0].id, exc_info=True)
                part.remarks["codes non devinés", leads[0].id] += 1
                return leads
        return [one for lead in leads for one in self._coded([lead], coded, part)]


def _weigh(one: Document | Refusal) -> tuple[Weighed | None, str]:
    """The document's bytes (None when out of reach), and why it is refused if it is."""
    reason = one.reason if isinstance(one, Refusal) else ""
    if one.open is None:
        return None, reason
    try:
        return weigh(Document(one.name, one.open)), reason
    except (DocumentError, OSError) as error:
        return None, reason or str(error)


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
