"""The worker: takes what was submitted through ingestion, whoever else does so at the same time.

What it writes of a version, its lead included, is written in one transaction. Killed at any moment,
it leaves versions that are taken again; one that kills it three times is put in quarantine.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

import orjson
from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from index.store import LeadStore
from index.tables import run
from ingest.ledger import MAX_ATTEMPTS, Ledger, Refused
from ingest.linking import Understood
from ingest.notice import Notice, Received
from ingest.pipeline import Ingestion
from ingest.report import Report
from ingest.source import Source
from ingest.submissions import idempotency, queue
from ingest.submissions.demand import missing, notice
from ingest.submissions.lots import Lots
from ingest.submissions.queue import Queue, Waiting
from ingest.submissions.rehearsal import rehearse
from ingest.understanding import Given, Lot

log = logging.getLogger(__name__)

# One account an hour is enough of a partner whose demands come one by one.
_ACCOUNT = timedelta(hours=1)
# How long what was read may wait to be found while there is more to read.
_SHOWN = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class _Account:
    """The run under which what a partner submits is counted."""

    started: datetime
    number: int
    report: Report


class Worker:
    """Reads what waits. ingest: opens the ingestion, only once there is something to read. index:
    brings the index up to the record, False when it could not be."""

    def __init__(
        self,
        store: LeadStore,
        ingest: Callable[[], Ingestion],
        index: Callable[[], bool],
        clock: Callable[[], datetime],
    ) -> None:
        self.store, self.index, self.clock = store, index, clock
        self.queue, self.lots, self.ledger = Queue(store), Lots(store), Ledger(store)
        self._ingest = ingest
        self._opened: Ingestion | None = None
        self._opening = Lock()
        self._accounts: dict[str, _Account] = {}
        self._adopted: set[int] = set()
        self._shown = clock()

    def drain(self, going: Callable[[], bool] = lambda: True) -> int:
        """Read until nothing waits; versions read. going: asked before each turn."""
        count, self._shown = 0, self.clock()
        while going():
            worked = self._lots()
            read = self.turn()
            count += read
            if not worked and not read:
                break
        return count

    def forget(self, now: datetime) -> None:
        """Drop the answers to requests that may not be sent again any more."""
        with self.store.writing() as connection:
            idempotency.forget(connection, now)

    def _lots(self) -> int:
        """Go on with batches that were left, some lines of each; how many."""
        self._adopted |= set(self.lots.left(self.clock()))
        going = {number for number in self._adopted if self.lots.go_on(number, self.clock())}
        worked, self._adopted = len(self._adopted), going
        return worked

    def turn(self) -> int:
        """Read some versions; how many. The index is shown what was read once nothing waits, and
        every few seconds meanwhile: bringing it up to date costs as much as reading a turn."""
        taken = self.queue.take(self.clock())
        if taken:
            self.ingestion.explain()
        try:
            for partner, some in _by_partner(taken).items():
                self._take(partner, some)
        except (Exception, KeyboardInterrupt):
            # We are still here to say so: what was taken is not to blame.
            self._spare(taken)
            raise
        if not taken or not timedelta(0) <= self.clock() - self._shown < _SHOWN:
            self._show()
        return len(taken)

    def _spare(self, taken: list[Waiting]) -> None:
        try:
            self.queue.spare(taken)
        except SQLAlchemyError:
            log.warning("versions taken cannot be given back; they are taken again in a minute")

    def _show(self) -> None:
        self._shown = self.clock()
        waiting = self.queue.unseen()
        if waiting and self.index():
            self.queue.seen(waiting, self.clock())

    @property
    def ingestion(self) -> Ingestion:
        """Opened once, whoever asks first: models take a second."""
        with self._opening:
            if self._opened is None:
                self._opened = self._ingest()
            return self._opened

    def _take(self, partner: str, some: list[Waiting]) -> None:
        """What one partner submitted. Whatever goes wrong with one stays with it."""
        page = self.ingestion.pages.get(partner)
        if page is None:
            self._refuse(some, "La page de ce partenaire n’existe plus")
            return
        spent = [one for one in some if one.attempts >= MAX_ATTEMPTS]
        self._refuse(spent, f"Lecture interrompue {MAX_ATTEMPTS} fois : mise à l’écart")
        rest = [one for one in some if one not in spent]
        for one in rest:
            if one.sandbox:
                self._guarded(self._try, [one], page)
        if live := [one for one in rest if not one.sandbox]:
            self._guarded(self._read, live, page)

    def _guarded(
        self, work: Callable[[list[Waiting], Source], None], some: list[Waiting], page: Source
    ) -> None:
        """Do the work; when it fails, for each alone."""
        try:
            work(some, page)
        except (OperationalError, InterfaceError):
            raise  # the record is away: no demand is to blame
        except Exception:
            if len(some) == 1:
                log.exception("a demand of %s cannot be read", page.name)
                self._refuse(some, "Demande qui ne peut être interprétée")
                return
            for one in some:
                self._guarded(work, [one], page)

    def _try(self, some: list[Waiting], page: Source) -> None:
        """What is only tried: a rehearsal, kept for who asks."""
        (one,) = some
        now = self.clock()
        told = rehearse(self.ingestion, _notice(one, page), now)
        more = told.to_json() | {"missing": missing(one.demand)}
        with self.store.writing() as connection:
            outcome = "tried" if told.lead else "refused"
            queue.settle(connection, one.id, now, outcome, told.reason, more)

    def _read(self, some: list[Waiting], page: Source) -> None:
        ingestion, now, part = self.ingestion, self.clock(), Report(received=len(some))
        items = [Received("", _notice(one, page)) for one in some]
        pairs = zip(some, items, strict=True)
        lot = Lot([Given(page.name, one.document, item) for one, item in pairs], now)
        answer = ingestion.understanding.answer(lot)
        told = ingestion.understanding.understood(lot, answer)
        good = [(one, item) for one, item in zip(told, items, strict=True)
                if isinstance(one, Understood)]  # fmt: skip
        with self.store.writing() as connection:
            account = self._account(connection, page.name, now)
            outcomes = iter(ingestion.link(connection, good, answer.coded, part, now))
            for one, found in zip(some, told, strict=True):
                if isinstance(found, str):
                    self._quarantine(connection, account.number, one, found, part, now)
                    continue
                remarks = [list(remark) for remark in found.draft.remarks]
                more = {"remarks": remarks, "missing": missing(one.demand)}
                queue.settle(connection, one.id, now, next(outcomes), told=more)
            documents = [(one.document, "") for one in some]
            self.ledger.finished(connection, account.number, documents, now)
            counted = _counted(connection, account, part, now)
        self._accounts[page.name] = counted

    def _refuse(self, some: Iterable[Waiting], reason: str) -> None:
        now = self.clock()
        for one in some:
            part = Report(received=1)
            with self.store.writing() as connection:
                account = self._account(connection, one.partner, now)
                self._quarantine(connection, account.number, one, reason, part, now)
                counted = _counted(connection, account, part, now)
            self._accounts[one.partner] = counted

    def _quarantine(
        self,
        connection: Connection,
        run_id: int,
        one: Waiting,
        reason: str,
        part: Report,
        now: datetime,
    ) -> None:
        part.quarantined += 1
        part.reasons[reason] += 1
        queue.settle(connection, one.id, now, "refused", reason)
        name = f"demandes/{one.partner}/{one.reference}.json"
        refused = Refused(one.partner, name, one.document, "", reason)
        self.ledger.refuse(connection, run_id, refused, now)

    def _account(self, connection: Connection, partner: str, now: datetime) -> _Account:
        account = self._accounts.get(partner)
        if account is None or not timedelta(0) <= now - account.started < _ACCOUNT:
            made = insert(run).values(source=partner, started=now, report="{}").returning(run.c.id)
            number = int(connection.execute(made).scalar_one())
            account = _Account(now, number, Report(number))
        return account


def _counted(connection: Connection, account: _Account, part: Report, now: datetime) -> _Account:
    """The account with one more part, written; ours only once that is committed."""
    whole = Report(account.number)
    whole.add(account.report)
    whole.add(part)
    values = {"finished": now, "report": orjson.dumps(whole.to_json()).decode()}
    connection.execute(update(run).where(run.c.id == account.number).values(values))
    return _Account(account.started, account.number, whole)


def _by_partner(taken: list[Waiting]) -> dict[str, list[Waiting]]:
    found: dict[str, list[Waiting]] = {}
    for one in taken:
        found.setdefault(one.partner, []).append(one)
    return found


def _notice(one: Waiting, page: Source) -> Notice:
    return notice(one.demand, page, one.reference, one.received, withdrawn=one.withdrawn)
