"""Leads typed by hand: drafts that several people may write, and what of them was published.

A draft is what the form holds, word for word but for contact data, masked before it is kept. Once
published it goes into the usual pipeline as a notice of the source ``saisie``; what is published
again under the same reference takes the place of what was said before.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, Row, Select, insert, select, update

from index.audit import note
from index.curation_tables import typed, typed_version
from index.store import LeadStore, utc
from ingest.document import Document
from ingest.ledger import weigh
from ingest.linking import Understood
from ingest.notice import Notice, Received
from ingest.pipeline import Ingestion
from ingest.report import Report
from ingest.submissions.demand import Demande, notice
from ingest.typed_form import LASTS, Fields, check, expires
from ingest.understanding import Given, Lot

SOURCE = "saisie"
# Weeks without change after which somebody should look whether it still holds.
STALE = 6

State = Literal["draft", "published", "withdrawn"]

_LISTED = 500


class TypedRefused(Exception):  # noqa: N818 - reads as what happened
    """What cannot be done; the message is French and meant for people."""


class TypedConflict(Exception):  # noqa: N818 - reads as what happened
    """Somebody wrote meanwhile. current: what is kept now."""

    def __init__(self, current: "Typed") -> None:
        super().__init__(current.number)
        self.current = current


@dataclass(frozen=True, slots=True)
class Typed:
    """One lead typed by hand: see ``index.curation_tables.typed``."""

    number: int
    state: State
    version: int
    who: str
    team: str
    changed: datetime
    expires: date
    told: int | None
    fields: Fields

    @property
    def key(self) -> str:
        """Its reference as a notice."""
        return f"saisie-{self.number}"

    @property
    def pending(self) -> bool:
        """Whether what is written differs from what was published."""
        return self.state == "published" and self.told != self.version

    def expired(self, today: date) -> bool:
        """Whether it is no more on offer."""
        return self.expires < today


@dataclass(frozen=True, slots=True)
class Version:
    """One version of it, and what was done."""

    version: int
    action: str
    who: str
    at: datetime
    fields: Fields


class TypedLeads:
    """Their place in the record."""

    def __init__(self, store: LeadStore) -> None:
        self.store = store

    def get(self, number: int) -> Typed | None:
        """One by its number."""
        with self.store.reading() as connection:
            return _one(connection, number)

    def history(self, number: int) -> list[Version]:
        """All that was written of it, the last first."""
        wanted = select(typed_version).where(typed_version.c.typed == number)
        with self.store.reading() as connection:
            rows = connection.execute(wanted.order_by(typed_version.c.version.desc())).all()
        return [
            Version(
                row.version, row.action, row.who, utc(row.at), Fields.of(orjson.loads(row.body))
            )
            for row in rows
        ]

    def some(self, who: str = "", team: str = "") -> list[Typed]:
        """The last written, of a person or of an office when one is said."""
        wanted = select(typed).order_by(typed.c.changed.desc(), typed.c.id.desc())
        if who:
            wanted = wanted.where(typed.c.who == who)
        if team:
            wanted = wanted.where(typed.c.team == team)
        return self._read(wanted.limit(_LISTED))

    def team_of(self, who: str) -> str:
        """The office that a person wrote for last, "" when none."""
        [*last] = self.some(who)[:1]
        return last[0].team if last else ""

    def stale(self, now: datetime, weeks: int = STALE) -> list[Typed]:
        """Those still open that nobody touched for so many weeks, the oldest first: published
        ones on offer, and drafts."""
        before = typed.c.changed < now - timedelta(weeks=weeks)
        wanted = select(typed).where(before, typed.c.state != "withdrawn")
        found = self._read(wanted.order_by(typed.c.changed))
        return [one for one in found if one.state == "draft" or not one.expired(now.date())]

    def create(self, fields: Fields, who: str, now: datetime) -> int:
        """A new draft; gives back its number."""
        kept = fields.masked()
        row = {"state": "draft", "version": 1, "who": who, "team": kept.equipe, "changed": now}
        row |= {"expires": expires(kept, now.date()), "body": _json(kept)}
        with self.store.writing() as connection:
            made = connection.execute(insert(typed).values(row).returning(typed.c.id))
            number = int(made.scalar_one())
            _version(connection, number, 1, "créé", who, now, kept)
        return number

    def save(self, number: int, version: int, fields: Fields, who: str, now: datetime) -> Typed:
        """A new version. Raises TypedConflict when ``version`` is not the last, TypedRefused for
        one that was withdrawn or never was."""
        kept = fields.masked()
        with self.store.writing() as connection:
            one = _current(connection, number, version)
            if one.fields == kept:
                return one
            _write(connection, one, kept, "modifié", who, now)
        return self.there(number)

    def there(self, number: int) -> Typed:
        """The same. Raises TypedRefused."""
        found = self.get(number)
        if found is None:
            raise TypedRefused("Cette fiche n’existe pas.")
        return found

    def _read(self, wanted: Select[Any]) -> list[Typed]:
        with self.store.reading() as connection:
            return [_of(row) for row in connection.execute(wanted)]


def publish(ingestion: Ingestion, number: int, version: int, who: str, now: datetime) -> str:
    """What is written goes into the pipeline, in one transaction with the state of the draft.
    Gives back the id of its lead. Raises TypedConflict, TypedRefused."""
    one = TypedLeads(ingestion.ledger.store).there(number)
    demand = _sound(one.fields, now)
    return _tell(ingestion, one, version, one.fields, demand, "publié", who, now)


def prolong(ingestion: Ingestion, number: int, version: int, who: str, now: datetime) -> str:
    """On offer for ninety days more. Raises TypedConflict, TypedRefused."""
    one = TypedLeads(ingestion.ledger.store).there(number)
    if one.state != "published" or one.pending:
        raise TypedRefused("On prolonge ce qui est publié : publiez d’abord ce qui est écrit.")
    if one.fields.echeance:
        raise TypedRefused("Cette demande a une date limite : c’est elle qu’il faut changer.")
    last = max(one.expires, now.date()) + LASTS
    fields = Fields(**(one.fields.plain() | {"expire": last.isoformat()}))
    return _tell(ingestion, one, version, fields, _sound(fields, now), "prolongé", who, now)


def _sound(fields: Fields, now: datetime) -> Demande:
    checked = check(fields, now.date())
    if checked.demand is None:
        raise TypedRefused(" ; ".join(why for _, why in checked.faults))
    return checked.demand


def withdraw(
    ingestion: Ingestion, number: int, version: int, who: str, why: str, now: datetime
) -> None:
    """What was published is taken back; the draft stays, to be read. Raises TypedConflict,
    TypedRefused."""
    store = ingestion.ledger.store
    one = TypedLeads(store).there(number)
    if one.told is None:
        with store.writing() as connection:
            _current(connection, number, version)
            _write(connection, one, one.fields, "abandonné", who, now, state="withdrawn")
            told = {"fiche": number, "raison": why}
            note(connection, now, who, "saisie abandonnée", f"source:{SOURCE}", None, told)
        return
    last = next(v.fields for v in TypedLeads(store).history(number) if v.version == one.told)
    _tell(ingestion, one, version, one.fields, _sound(last, now), "retiré", who, now, why)


def _tell(
    ingestion: Ingestion,
    one: Typed,
    version: int,
    fields: Fields,
    demand: Demande,
    action: str,
    who: str,
    now: datetime,
    why: str = "",
) -> str:
    gone = action == "retiré"
    said = notice_of(ingestion, one, demand, now, withdrawn=gone)
    body = orjson.dumps({"reference": one.key, "version": one.version, "avis": said})
    kept = weigh(Document(f"saisie/{one.key}.json", lambda: BytesIO(body)))
    lot = Lot([Given(SOURCE, kept.sha256, Received("", said))], now)
    answer = ingestion.understanding.answer(lot)
    (told,) = ingestion.understanding.understood(lot, answer)
    if not isinstance(told, Understood):
        raise TypedRefused(told)
    ledger, report = ingestion.ledger, Report(documents=1, received=1)
    report.number = ledger.start(SOURCE, now)
    with ledger.store.writing() as connection:
        current = _current(connection, one.number, version)
        ledger.keep(connection, [kept], now)
        pairs = [(told, lot.items[0].item)]
        ingestion.link(connection, pairs, answer.coded, report, now)
        ledger.finished(connection, report.number, [(kept.sha256, kept.document.name)], now)
        state: State = "withdrawn" if gone else "published"
        number = _write(connection, current, fields, action, who, now, state)
        connection.execute(update(typed).where(typed.c.id == one.number).values(told=number))
        lead = ledger.leads_known(connection, SOURCE, [one.key]).get(one.key, "")
        what = {"fiche": one.number, "version": number, "raison": why}
        note(connection, now, who, f"saisie {_feminine(action)}", f"lead:{lead}", None, what)
    ledger.finish(report.number, orjson.dumps(report.to_json()), now)
    return lead


def notice_of(
    ingestion: Ingestion, one: Typed, demand: Demande, now: datetime, *, withdrawn: bool = False
) -> Notice:
    """The notice of a draft as it is."""
    return notice(demand, ingestion.pages[SOURCE], one.key, now, withdrawn=withdrawn)


def _feminine(action: str) -> str:
    return f"{action}e"


def _write(
    connection: Connection,
    one: Typed,
    fields: Fields,
    action: str,
    who: str,
    now: datetime,
    state: State | None = None,
) -> int:
    """One more version; gives back its number."""
    number = one.version + 1
    values = {"version": number, "changed": now, "body": _json(fields), "team": fields.equipe}
    values |= {"state": state or one.state, "expires": expires(fields, now.date())}
    connection.execute(update(typed).where(typed.c.id == one.number).values(values))
    _version(connection, one.number, number, action, who, now, fields)
    return number


def _version(
    connection: Connection,
    number: int,
    version: int,
    action: str,
    who: str,
    now: datetime,
    fields: Fields,
) -> None:
    row = {"typed": number, "version": version, "action": action, "who": who, "at": now}
    connection.execute(insert(typed_version).values(**row, body=_json(fields)))


def _current(connection: Connection, number: int, version: int) -> Typed:
    one = _one(connection, number)
    if one is None:
        raise TypedRefused("Cette fiche n’existe pas.")
    if one.version != version:
        raise TypedConflict(one)
    if one.state == "withdrawn":
        raise TypedRefused("Cette fiche a été retirée : elle ne se modifie plus.")
    return one


def _one(connection: Connection, number: int) -> Typed | None:
    row = connection.execute(select(typed).where(typed.c.id == number)).first()
    return _of(row) if row else None


def _of(row: Row[Any]) -> Typed:
    return Typed(
        number=row.id,
        state=row.state,
        version=row.version,
        who=row.who,
        team=row.team,
        changed=utc(row.changed),
        expires=row.expires,
        told=row.told,
        fields=Fields.of(orjson.loads(row.body)),
    )


def _json(fields: Fields) -> str:
    return orjson.dumps(fields.plain()).decode()
