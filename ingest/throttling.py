"""Sources and rules that visitors find mostly off topic: an incident for each, closed when it
recovers; an analyst may let one through for some time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from index import audit
from index.precision import ENOUGH, FLOOR, Precision, imprecise
from index.store import LeadStore, upsert, utc
from index.tables import incident
from index.usefulness_tables import lenience
from ingest.incidents import Incidents
from ingest.monitors import USELESS

WHO = "utilité"
# As long as votes count: by then those that held it are gone.
MOST = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Lenience:
    """A source or rule that publishes whatever the votes say. until: when that ends."""

    subject: str
    who: str
    why: str
    at: datetime
    until: datetime


def look(
    store: LeadStore, now: datetime, floor: float = FLOOR, enough: int = ENOUGH
) -> list[Precision]:
    """Open incidents for those that are held from now on, close those of the others; gives those
    whose precision is below the floor, let through or not."""
    incidents = Incidents(store)
    with store.writing() as connection:
        found = imprecise(connection, now, floor, enough)
        spared = {one.subject for one in leniences(connection, now)}
        held = {one.subject: one for one in found if one.subject not in spared}
        for subject, one in held.items():
            incidents.show(connection, subject, {USELESS: _sentence(one, floor)}, None, now)
        for subject in _known(connection) - held.keys():
            incidents.settle(connection, subject, [USELESS], WHO, now)
    return found


def leniences(connection: Connection, now: datetime) -> list[Lenience]:
    """Those that are let through at the moment, by name."""
    wanted = select(lenience).where(lenience.c.until > now).order_by(lenience.c.subject)
    return [
        Lenience(row.subject, row.who, row.why, utc(row.at), utc(row.until))
        for row in connection.execute(wanted)
    ]


def let_through(
    connection: Connection, subject: str, who: str, why: str, now: datetime, until: datetime
) -> None:
    """An analyst says that the votes are wrong, or that it is mended; told in the audit trail."""
    before = _told(connection, subject, now)
    until = min(until, now + MOST)
    row = {"subject": subject, "who": who, "why": why, "at": now, "until": until}
    upsert(connection, lenience, [row], ["subject"])
    after = {"until": until.isoformat(), "why": why}
    audit.note(connection, now, who, "utilite:laisser-passer", _subject(subject), before, after)


def hold_again(connection: Connection, subject: str, who: str, now: datetime) -> None:
    """The votes decide again."""
    before = _told(connection, subject, now)
    connection.execute(delete(lenience).where(lenience.c.subject == subject))
    audit.note(connection, now, who, "utilite:retenir", _subject(subject), before, None)


def _subject(subject: str) -> str:
    return subject if subject.startswith("regle:") else f"source:{subject}"


def _told(connection: Connection, subject: str, now: datetime) -> dict[str, str] | None:
    for one in leniences(connection, now):
        if one.subject == subject:
            return {"until": one.until.isoformat(), "why": one.why}
    return None


def _known(connection: Connection) -> set[str]:
    """Those of which an incident is open."""
    of_ours = (incident.c.kind == USELESS) & incident.c.closed.is_(None)
    return set(connection.execute(select(incident.c.source).where(of_ours)).scalars())


def _sentence(one: Precision, floor: float) -> str:
    high = round(100 * one.interval[1])
    return (
        f"{one.useful} avis utiles sur {one.judged} : {high} % de leads utiles au plus, pour un "
        f"seuil de {round(100 * floor)} %. Ses nouveaux leads attendent une relecture."
    )
