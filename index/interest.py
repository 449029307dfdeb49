"""Companies that follow leads without an account: their private page, what became of each lead,
and the question asked three months later."""

import hashlib
import secrets
from calendar import monthrange
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, get_args

import orjson
from sqlalchemy import Connection, delete, func, insert, select, update

from index.lead import Lead
from index.store import utc
from index.usefulness import SMALL, Cell, cells
from index.usefulness_tables import follower, interest, interest_event

State = Literal["interesse", "contact-pris", "offre-remise", "gagne", "perdu", "abandonne"]
STATES: tuple[State, ...] = get_args(State)
OVER: tuple[State, ...] = ("gagne", "perdu", "abandonne")

MAX_COMPANY, MAX_EMAIL, MAX_NOTE = 200, 254, 1_000
# An exporter follows tens of leads; what one page lists must end somewhere.
MAX_LEADS, MAX_EVENTS = 200, 100
# New pages of one network in an hour: a workshop of companies behind one address.
MAX_NEW = 20
# Months after which one is asked what became of a lead.
ASKED_AFTER = 3


class FollowUpError(Exception):
    """What cannot be done on a follow-up page. The message is French, for people."""


class TooManyError(FollowUpError):
    """Too many pages asked for by one network."""


class ChangedError(FollowUpError):
    """The lead was changed from another window meanwhile."""


@dataclass(frozen=True, slots=True)
class Company:
    """Who is interested. siren: nine digits or "". email: "" unless consented to."""

    name: str
    siren: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """What the company said of a lead."""

    at: datetime
    state: State
    note: str


@dataclass(frozen=True, slots=True)
class Interest:
    """A lead that a company follows; title, source, country as they were when it began to. due:
    when to ask what became of it, None once that is known."""

    number: int
    lead: str
    title: str
    state: State
    version: int
    at: datetime
    changed: datetime
    due: date | None
    source: str
    country: str
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A company's page. active: when it last said something."""

    number: int
    company: Company
    consented: datetime | None
    created: datetime
    active: datetime
    interests: tuple[Interest, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """A question to ask: which company, about which lead, since when."""

    number: int
    company: Company
    interest: Interest


def is_siren(digits: str) -> bool:
    """Whether these nine digits pass the check of French company numbers (Luhn's)."""
    if len(digits) != 9 or not (digits.isascii() and digits.isdigit()):
        return False
    doubled = (int(one) * (1 + at % 2) for at, one in enumerate(digits))
    return sum(one // 10 + one % 10 for one in doubled) % 10 == 0 and int(digits) > 0


def months_later(day: date, months: int) -> date:
    """The same day some months later (or before), the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def begin(
    connection: Connection,
    company: Company,
    network: str,
    now: datetime,
    draw: Callable[[int], str] = secrets.token_urlsafe,
) -> str:
    """A new page; gives the secret of its address (256 bits), of which only the hash is kept.
    Raises TooManyError. The caller holds the keys of the day."""
    recent = select(func.count()).where(
        follower.c.network == network, follower.c.created > now - timedelta(hours=1)
    )
    if connection.execute(recent).scalar_one() >= MAX_NEW:
        raise TooManyError(
            "Trop de suivis ont été ouverts depuis votre réseau : réessayez dans une heure."
        )
    token = draw(32)
    row = {"token": _hash(token), "company": company.name, "siren": company.siren}
    mail = {"email": company.email, "consented": now if company.email else None}
    since = {"created": now, "active": now, "network": network}
    connection.execute(insert(follower).values(**row, **mail, **since))
    return token


def add(connection: Connection, token: str, lead: Lead, title: str, now: datetime) -> Interest:
    """The lead on the page of this secret; one that is there already stays as it is. Raises
    FollowUpError."""
    number = _number(connection, token)
    known = select(interest.c.lead, interest.c.id).where(interest.c.follower == number)
    leads = {row.lead: row.id for row in connection.execute(known)}
    if lead.id not in leads:
        if len(leads) >= MAX_LEADS:
            raise FollowUpError(f"Une page de suivi a {MAX_LEADS} leads au plus.")
        due = months_later(now.astimezone(UTC).date(), ASKED_AFTER)
        row: dict[str, Any] = {
            "follower": number, "lead": lead.id, "title": title, "state": "interesse",
            "version": 1, "at": now, "changed": now, "due": due, "source": lead.source,
            "country": lead.country, "sectors": orjson.dumps(lead.sectors).decode(),
        }  # fmt: skip
        made = connection.execute(insert(interest).values(row).returning(interest.c.id))
        leads[lead.id] = made.scalar_one()
        _note(connection, leads[lead.id], now, "interesse", "")
    _active(connection, number, now)
    return _interest(connection, number, leads[lead.id])


def say(
    connection: Connection,
    token: str,
    number: int,
    version: int,
    state: State,
    note: str,
    now: datetime,
) -> Interest:
    """What became of a lead. Once the question was due, this answers it, and unless it is over the
    next one comes three months later. Raises FollowUpError, ChangedError when ``version`` is no
    longer the lead's."""
    of = _number(connection, token)
    before = _interest(connection, of, number)
    if len(before.events) >= MAX_EVENTS:
        raise FollowUpError("Ce lead a déjà trop de notes : retirez-le pour recommencer.")
    due = None if state in OVER else _next_question(before.due, now.astimezone(UTC).date())
    changed = connection.execute(
        update(interest)
        .where(interest.c.id == number, interest.c.version == version)
        .values(state=state, version=version + 1, changed=now, due=due)
    )
    if not changed.rowcount:
        raise ChangedError("Ce lead a été modifié dans une autre fenêtre : relisez-le d’abord.")
    _note(connection, number, now, state, note)
    _active(connection, of, now)
    return _interest(connection, of, number)


def _next_question(due: date | None, today: date) -> date:
    return due if due and due > today else months_later(today, ASKED_AFTER)


def remove(connection: Connection, token: str, number: int, now: datetime) -> None:
    """The lead is no longer on the page, nor what was said of it. Raises FollowUpError."""
    of = _number(connection, token)
    _interest(connection, of, number)
    connection.execute(delete(interest_event).where(interest_event.c.interest == number))
    connection.execute(delete(interest).where(interest.c.id == number))
    _active(connection, of, now)


def contact(connection: Connection, token: str, company: Company, now: datetime) -> None:
    """Other words for who the company is. Raises FollowUpError."""
    number = _number(connection, token)
    row = connection.execute(select(follower).where(follower.c.id == number)).one()
    same = row.email == company.email and row.consented
    consented = (row.consented if same else now) if company.email else None
    told = {"company": company.name, "siren": company.siren, "email": company.email}
    changed = update(follower).where(follower.c.id == number)
    connection.execute(changed.values(**told, consented=consented, active=now))


def erase(connection: Connection, token: str) -> None:
    """Everything about the company. Raises FollowUpError."""
    _erase(connection, [_number(connection, token)])


def read(connection: Connection, token: str) -> FollowUp | None:
    """The page of this secret, the newest lead first; None when there is none."""
    row = connection.execute(select(follower).where(follower.c.token == _hash(token))).one_or_none()
    if row is None:
        return None
    wanted = select(interest).where(interest.c.follower == row.id)
    rows = connection.execute(wanted.order_by(interest.c.at.desc(), interest.c.id.desc())).all()
    events = _events(connection, [one.id for one in rows])
    return FollowUp(
        number=row.id,
        company=_company(row),
        consented=utc(row.consented) if row.consented else None,
        created=utc(row.created),
        active=utc(row.active),
        interests=tuple(_from_row(one, events.get(one.id, ())) for one in rows),
    )


def due(connection: Connection, day: date) -> list[Due]:
    """The questions to ask on that day, the oldest first."""
    wanted = (
        select(interest, follower.c.company, follower.c.siren, follower.c.email)
        .join(follower, follower.c.id == interest.c.follower)
        .where(interest.c.due <= day)
        .order_by(interest.c.due, interest.c.id)
    )
    rows = connection.execute(wanted)
    return [Due(row.follower, _company(row), _from_row(row)) for row in rows]


def latest(connection: Connection, limit: int = 100) -> list[Due]:
    """The interests that changed last, with their company."""
    wanted = (
        select(interest, follower.c.company, follower.c.siren, follower.c.email)
        .join(follower, follower.c.id == interest.c.follower)
        .order_by(interest.c.changed.desc(), interest.c.id.desc())
        .limit(limit)
    )
    return [Due(row.follower, _company(row), _from_row(row)) for row in connection.execute(wanted)]


def counted(connection: Connection, leads: Collection[str]) -> dict[str, dict[State, int]]:
    """How many companies follow each of these leads, by state: all that a publisher is told."""
    found: dict[str, dict[State, int]] = {lead: {} for lead in leads}
    wanted = (
        select(interest.c.lead, interest.c.state, func.count())
        .where(interest.c.lead.in_(sorted(found)))
        .group_by(interest.c.lead, interest.c.state)
    )
    for lead, state, number in connection.execute(wanted):
        found[lead][state] = number
    return found


def by_month(
    connection: Connection, since: datetime, until: datetime, small: int = SMALL
) -> list[Cell]:
    """Interests by the month in which they began, sector, country and present state; see
    ``usefulness.by_month``."""
    wanted = select(interest.c.at, interest.c.sectors, interest.c.country, interest.c.state).where(
        interest.c.at >= since, interest.c.at < until
    )
    rows = (
        (row.at, orjson.loads(row.sectors), row.country, row.state)
        for row in connection.execute(wanted)
    )
    return cells(rows, STATES, small)


def monthly(
    connection: Connection, since: datetime, until: datetime, small: int = SMALL
) -> list[Cell]:
    """Interests by the month in which they began and present state alone; see
    ``usefulness.monthly``."""
    begun = interest.c.at
    wanted = select(begun, interest.c.state).where(begun >= since, begun < until)
    rows = connection.execute(wanted)
    return cells(((row.at, (), "", row.state) for row in rows), STATES, small)


def forget(connection: Connection, before: datetime) -> int:
    """Erase the companies that said nothing since; gives how many."""
    old = select(follower.c.id).where(follower.c.active < before)
    numbers = list(connection.execute(old).scalars())
    _erase(connection, numbers)
    return len(numbers)


def _erase(connection: Connection, numbers: list[int]) -> None:
    for number in numbers:
        own = select(interest.c.id).where(interest.c.follower == number)
        connection.execute(delete(interest_event).where(interest_event.c.interest.in_(own)))
        connection.execute(delete(interest).where(interest.c.follower == number))
        connection.execute(delete(follower).where(follower.c.id == number))


def _number(connection: Connection, token: str) -> int:
    """The company of this secret; its row is held until the end of the transaction, so that two
    windows write one after the other."""
    held = (
        update(follower)
        .where(follower.c.token == _hash(token))
        .values(token=follower.c.token)
        .returning(follower.c.id)
    )
    found = connection.execute(held).scalar_one_or_none()
    if found is None:
        raise FollowUpError("Cette page de suivi n’existe pas, ou n’existe plus.")
    return int(found)


def _active(connection: Connection, number: int, now: datetime) -> None:
    connection.execute(update(follower).where(follower.c.id == number).values(active=now))


def _note(connection: Connection, number: int, now: datetime, state: State, note: str) -> None:
    row = {"interest": number, "at": now, "state": state, "note": note}
    connection.execute(insert(interest_event).values(row))


def _interest(connection: Connection, of: int, number: int) -> Interest:
    wanted = select(interest).where(interest.c.id == number, interest.c.follower == of)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise FollowUpError("Ce lead n’est pas, ou n’est plus, sur votre page de suivi.")
    return _from_row(row, _events(connection, [number]).get(number, ()))


def _events(connection: Connection, numbers: list[int]) -> dict[int, tuple[Event, ...]]:
    wanted = select(interest_event).where(interest_event.c.interest.in_(numbers))
    found: dict[int, tuple[Event, ...]] = {}
    for row in connection.execute(wanted.order_by(interest_event.c.id)):
        event = Event(utc(row.at), row.state, row.note)
        found[row.interest] = (*found.get(row.interest, ()), event)
    return found


def _company(row: Any) -> Company:
    return Company(row.company, row.siren, row.email)


def _from_row(row: Any, events: tuple[Event, ...] = ()) -> Interest:
    return Interest(
        number=row.id,
        lead=row.lead,
        title=row.title,
        state=row.state,
        version=row.version,
        at=utc(row.at),
        changed=utc(row.changed),
        due=row.due,
        source=row.source,
        country=row.country,
        events=events,
    )
