"""The collection of a source, from the crawl to the record.

A crawl lands in a folder. What it holds is looked at, and let in by the usual ingestion when every
monitor passes; otherwise it is held, with an incident, until a person decides. Nothing that was
held moves the dates or the validators from which the next crawl starts: what it had comes again.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

import orjson
from sqlalchemy import Connection

from index.coding import Coder
from index.store import LeadStore
from ingest.brought import bring
from ingest.collect import Collect
from ingest.collections import (
    IMPOSSIBLE,
    RESUMED_WITHIN,
    Claim,
    Collection,
    CollectionError,
    Collections,
    Overtaken,
)
from ingest.crawl import Ask, Crawl, Fault, Request, Told, known, report
from ingest.decide import NO_SIGNALS, Signals
from ingest.document import Limits
from ingest.freeze import WAITS, Freezes
from ingest.incidents import Incident, Incidents
from ingest.ledger import MAX_ATTEMPTS, Ledger
from ingest.looked import Look, look
from ingest.missed import refuse_missed, release_received
from ingest.monitors import DEADLY, FROZEN, SILENT, Facts, Past, check, watched
from ingest.pipeline import Ingestion
from ingest.price import Rates
from ingest.prune import prune
from ingest.report import Report
from ingest.silence import is_news, silent
from ingest.source import Source, SourceError

Outcome = Literal["promoted", "unchanged", "held", "busy", "impossible", "frozen"]
Progress = Callable[[Told], None]

# Collections with which the one at hand is compared.
_HISTORY = 10

_BUSY = "Une autre collecte de cette source est en cours."
_DEADLY = (
    f"Examen interrompu {MAX_ATTEMPTS} fois : un document met peut-être le programme en échec."
)
_FROZEN = "La source a été gelée pendant la collecte."
_EMPTY = "La collecte {} s’est arrêtée sans rien recevoir : il n’y a rien à admettre."
_GONE = "Le dossier de la collecte {} a disparu : rien ne peut plus y être lu."
_CUT = "Copie interrompue : les fichiers sont à apporter de nouveau."
_BY_HAND = "Cette source n’est pas interrogée : ses avis sont apportés."


@dataclass(frozen=True, slots=True)
class Collected:
    """What became of a collection. number: of its row, None when there is none. why: kind of
    incident → sentence in French, when held; one sentence under "" when busy, impossible or frozen.
    report: of the ingestion, once promoted."""

    source: str
    outcome: Outcome
    number: int | None = None
    why: Mapping[str, str] | None = None
    items: int = 0
    report: Report | None = None

    @property
    def sentence(self) -> str:
        """Why it is not in the record, in French; "" when it is."""
        return " ".join((self.why or {}).values())


def _quiet(told: Told) -> None:
    pass


class Collecting:
    """Collects sources into a record.

    landing: folder where crawls land. ask: asks the network (``crawl_process``). coder, rates: made
    when something is let in. signals: what visitors tell of sources and leads. Several processes
    may work at once: one at most works on a source.
    """

    def __init__(
        self,
        store: LeadStore,
        pages: Mapping[str, Source],
        landing: Path,
        ask: Ask,
        clock: Callable[[], datetime],
        coder: Callable[[], Coder] = Coder.load,
        rates: Callable[[], Rates] = Rates.load,
        limits: Limits | None = None,
        signals: Callable[[Connection], Signals] = lambda connection: NO_SIGNALS,
    ) -> None:
        self.signals = signals
        self.store, self.pages, self.ask, self.clock = store, pages, ask, clock
        self.landing, self.limits = landing.resolve(), limits or Limits()
        self.coder, self.rates = coder, rates
        self.ledger, self.incidents, self.freezes = Ledger(store), Incidents(store), Freezes(store)
        self.collections = Collections(store, clock)

    def collect(self, name: str, progress: Progress = _quiet) -> Collected:
        """Ask the network for what is new, or go on with what was interrupted. Raises SourceError
        for an unknown source, SQLAlchemyError when the record is out of reach."""
        page = self._page(name)
        if page.collect is None:
            return Collected(name, "impossible", why={"": _BY_HAND})
        if name in self.freezes.all():
            return Collected(name, "frozen", why={"": WAITS})
        self._finish_abandoned(page, progress)
        claim = self.collections.claim(name, self._since(page, page.collect), self._today())
        if claim is None:
            return Collected(name, "busy", why={"": _BUSY})
        return self._work(claim, lambda: self._collect(claim, page, progress))

    def take(self, name: str, paths: Iterable[Path], progress: Progress = _quiet) -> Collected:
        """Files that somebody brought go the same way, but for what is asked of the network. When
        this returns anything but "impossible" or "frozen", their bytes are in our folder: the
        originals may go. Raises SourceError for an unknown source, SQLAlchemyError."""
        page = self._page(name)
        if name in self.freezes.all():
            return Collected(name, "frozen", why={"": WAITS})
        self._finish_abandoned(page, progress)
        claim = self.collections.bring(name)
        return self._work(claim, lambda: self._take(claim, page, paths, progress))

    def promote(self, number: int, by: str, progress: Progress = _quiet) -> Collected:
        """Somebody lets in a held collection. Raises CollectionError, SourceError."""
        row = self.collections.get(number)
        page = self._page(row.source)
        if row.folder and self._folder(row) is None:
            raise CollectionError(_GONE.format(number))
        if not (row.crawl.finished or row.looked.get("documents") or row.crawl.missed):
            raise CollectionError(_EMPTY.format(number))
        claim = self.collections.decide(number, by)
        return self._work(claim, lambda: self._let_in(claim, page, progress))

    def reject(self, number: int, by: str, why: str) -> None:
        """Somebody leaves a held collection out. Its bytes stay in its folder; the next crawl asks
        for the same dates. Raises CollectionError."""
        self.collections.reject(number, by, why)

    def prune(self, now: datetime) -> list[Path]:
        """Remove the folders of collections let in long ago (``ingest.prune``)."""
        return prune(self.collections, self.landing, now)

    def silent(self, now: datetime) -> list[Incident]:
        """Incidents of the sources gone silent (``ingest.silence``)."""
        return silent(self.store, self.pages, now)

    def _work(self, claim: Claim, job: Callable[[], Collected]) -> Collected:
        try:
            return job()
        except Overtaken:
            return Collected(claim.row.source, "busy", claim.number, {"": _BUSY})
        except BaseException:
            # Not killed but failed, or told to stop: the next one need not wait.
            claim.release()
            raise

    def _page(self, name: str) -> Source:
        if name not in self.pages:
            known_names = ", ".join(self.pages)
            raise SourceError(f"Source inconnue : « {name} ». Sources connues : {known_names}.")
        return self.pages[name]

    def _today(self) -> date:
        return self.clock().astimezone(UTC).date()

    def _since(self, page: Source, asked: Collect) -> date:
        """From which day to ask: what was let in is read again for a few days, what was held or
        rejected is asked for again whole. What a person let in of a crawl that stopped moves
        nothing: nobody knows what the rest held."""
        last = self.collections.complete(page.name)
        if last and last.until:
            return min(last.until, self._today()) - timedelta(days=asked.overlap_days)
        first = self._today() - timedelta(days=asked.first_days)
        return min(first, self.collections.first_asked(page.name) or first)

    def _collect(self, claim: Claim, page: Source, progress: Progress) -> Collected:
        if claim.row.decided_by:  # a person had let it in, and whoever did it was killed
            return self._let_in(claim, page, progress)
        folder, last = self._folder(claim.row), ""
        if not report(folder).finished:
            answer = self.ask(self._request(claim.row), self._follow(claim, progress))
            if answer.impossible:
                return self._cannot_ask(claim, answer.impossible)
            folder, last = answer.folder, answer.last
            self._note(claim, folder=self._place(folder))
        return self._judge(claim, page, report(folder, last), progress)

    def _request(self, row: Collection) -> Request:
        # Not one that stopped: what did not change since may lead to what it missed.
        last = self.collections.complete(row.source)
        since, until = row.since, row.until
        # Pages read long before the others are no more those of the service.
        fresh = self.clock() - row.started < RESUMED_WITHIN
        assert since is not None and until is not None
        return Request(
            source=row.source,
            landing=self.landing,
            since=since,
            until=until,
            resume=self._folder(row) if fresh else None,
            known=known(self._folder(last)) if last else {},
        )

    def _follow(self, claim: Claim, progress: Progress) -> Progress:
        """Each word of a crawl is a beat; the first one tells where it lands."""
        noted = claim.row.folder

        def tell(told: Told) -> None:
            nonlocal noted
            place = self._place(Path(told.folder)) if told.folder else ""
            if place and place != noted:
                self._note(claim, folder=place)
                noted = place
            claim.beat()
            progress(told)

        return tell

    def _take(
        self, claim: Claim, page: Source, paths: Iterable[Path], progress: Progress
    ) -> Collected:
        now = self.clock()
        folder = self.landing / page.name / f"{now:%Y%m%d-%H%M%S-%f}-{claim.number}"
        self._note(claim, folder=self._place(folder))
        try:
            bring(paths, folder, page.name, now, claim.beat)
            self._note(claim)  # from now on, whoever takes over finds all of them
        except Overtaken:
            return Collected(page.name, "impossible", claim.number, {"": _CUT})
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            return self._give_up(claim, f"Copie impossible : {error.strerror or error}.")
        return self._judge(claim, page, report(folder), progress)

    def _finish_abandoned(self, page: Source, progress: Progress) -> None:
        """Files that somebody brought and whose reader was killed. Without a report they were not
        yet all there: who brought them still has them."""
        claim = self.collections.abandoned(page.name)
        if claim is None:
            return
        crawl = report(self._folder(claim.row))
        if claim.row.decided_by:
            self._work(claim, lambda: self._let_in(claim, page, progress))
        elif crawl.finished:
            self._work(claim, lambda: self._judge(claim, page, crawl, progress))
        else:
            self._give_up(claim, _CUT)

    def _cannot_ask(self, claim: Claim, why: str) -> Collected:
        """What a crawl that is to be resumed had received stays held."""
        if not claim.row.folder:
            return self._give_up(claim, why)
        self._note(claim, state="held", finished=self.clock())
        return Collected(claim.row.source, "impossible", claim.number, {"": why})

    def _give_up(self, claim: Claim, why: str) -> Collected:
        """Nothing could be done: said in the record, without an incident of the source."""
        told = Crawl(reason=IMPOSSIBLE, errors=(Fault(reason=IMPOSSIBLE, detail=why),))
        words = {"crawl": told.model_dump_json(), "finished": self.clock()}
        self._note(claim, state="rejected", folder="", **words)
        return Collected(claim.row.source, "impossible", claim.number, {"": why})

    def _judge(self, claim: Claim, page: Source, crawl: Crawl, progress: Progress) -> Collected:
        """Look at what came, then let it in or hold it."""
        row = self.collections.get(claim.number)
        folder = self._folder(row)
        begun = int(row.looked.get("begun", 0))
        if begun >= MAX_ATTEMPTS:
            told = {"crawl": crawl.model_dump_json(), "reading": ""}
            return self._hold(claim, {DEADLY: _DEADLY}, crawl.items, told)
        self._note(claim, reading=orjson.dumps({"begun": begun + 1}).decode())

        def tell(items: int) -> None:
            claim.beat()
            progress(Told("look", items=items))

        looked = look(folder, page, self.clock(), self.limits, tell) if folder else Look()
        past = self._past(page.name)
        facts = Facts(page, crawl, looked, past, row.since, row.until)
        wrong = check(facts, watched(row.asked))
        if page.name in self.freezes.all():
            wrong[FROZEN] = _FROZEN
        reading = orjson.dumps(looked.to_json()).decode()
        told = {"crawl": crawl.model_dump_json(), "reading": reading}
        if wrong:
            return self._hold(claim, wrong, facts.volume, told)
        self._note(claim, **told)
        return self._let_in(claim, page, progress)

    def _hold(
        self, claim: Claim, wrong: dict[str, str], items: int, told: dict[str, str]
    ) -> Collected:
        now, source = self.clock(), claim.row.source
        with self.store.writing() as connection:
            claim.write(connection, state="held", finished=now, **told)
            self.incidents.show(connection, source, wrong, claim.number, now)
        return Collected(source, "held", claim.number, wrong, items)

    def _let_in(self, claim: Claim, page: Source, progress: Progress) -> Collected:
        """The usual ingestion; done twice, it makes nothing twice."""
        row = self.collections.get(claim.number)
        ingested = None
        if row.looked.get("documents", 1) or row.crawl.missed:
            ingested = self._ingest(claim, row, progress)
        now = self.clock()
        with self.store.writing() as connection:
            number = ingested.number if ingested else None
            claim.write(connection, state="promoted", finished=now, run=number)
            if ingested:
                self._settle_missed(connection, ingested.number, row, now)
            self._settle(connection, row, ingested, now)
        outcome: Outcome = "promoted" if ingested else "unchanged"
        return Collected(page.name, outcome, row.number, {}, row.volume, ingested)

    def _ingest(self, claim: Claim, row: Collection, progress: Progress) -> Report:
        def tell(so_far: Report) -> None:
            claim.beat()
            progress(Told("ingest", items=so_far.received))

        folder = self._folder(row)
        if folder is None:
            raise CollectionError(_GONE.format(row.number))
        run = Ingestion(
            self.ledger,
            self.pages,
            self.rates(),
            self.clock,
            self.limits,
            tell,
            self.coder(),
            signals=self.signals,
        )
        return run.run(row.source, [folder])

    def _settle_missed(
        self, connection: Connection, run: int, row: Collection, now: datetime
    ) -> None:
        refuse_missed(self.ledger, connection, run, row.source, row.crawl, now)
        release_received(connection, run, row.source, known(self._folder(row)), now)

    def _settle(
        self, connection: Connection, row: Collection, ingested: Report | None, now: datetime
    ) -> None:
        """What this collection proves: older ones of the same dates are of no use, and what was
        wrong is no more."""
        if row.asked and row.crawl.finished:
            self.collections.replace(connection, row)
        kinds = (DEADLY, FROZEN, *watched(row.asked))
        settle = partial(self.incidents.settle, connection, row.source, now=now)
        if row.decided_by:
            settle(kinds, row.decided_by, only=row.number)
        settle(kinds, f"collecte {row.number}", until=row.number)
        if ingested and is_news(ingested.to_json()):
            settle([SILENT], f"collecte {row.number}")

    def _past(self, source: str) -> list[Past]:
        """What the last collections brought; one in which nothing had changed brought nothing."""
        rows = self.collections.promoted(source, 3 * _HISTORY)
        return [_past(row) for row in rows if row.run is not None][:_HISTORY]

    def _note(self, claim: Claim, **values: Any) -> None:
        with self.store.writing() as connection:
            claim.write(connection, **values)

    def _place(self, folder: Path | None) -> str:
        """How a folder is written in the record: the landing may move."""
        if folder is None:
            return ""
        whole = folder.resolve()
        inside = whole.is_relative_to(self.landing)
        return str(whole.relative_to(self.landing) if inside else whole)

    def _folder(self, row: Collection) -> Path | None:
        folder = self.landing / row.folder if row.folder else None
        return folder if folder is not None and folder.is_dir() else None


def _past(row: Collection) -> Past:
    looked = row.looked
    received = int(looked.get("received", 0))
    return Past(
        volume=row.volume,
        notices=received - int(looked.get("quarantined", 0)),
        pages=row.crawl.pages,
        coverage=looked.get("coverage", {}),
    )
