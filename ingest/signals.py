"""What visitors tell those who decide: sources and rules that are held, leads to be looked at."""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Connection

from index import reviews, waiting
from index.ballot import Verdict
from index.lead import Lead
from index.precision import ENOUGH, FLOOR, throttled
from index.reviews import VERDICTS
from index.settings import Settings
from index.store import LeadStore
from index.usefulness import Doubt as Disliked
from index.usefulness import to_look_at
from ingest.decide import Signals, place, verdict
from ingest.doubt import doubt

_WORDS: dict[Verdict, str] = {"frauduleux": "Frauduleux", "hors-sujet": "Hors sujet"}


def listen(
    clock: Callable[[], datetime], floor: float = FLOOR, enough: int = ENOUGH
) -> Callable[[Connection], Signals]:
    """What ``Ingestion`` and ``Curation`` ask before they decide."""

    def heard(connection: Connection) -> Signals:
        held = throttled(connection, clock(), floor, enough)
        return Signals(held, disliked(connection))

    return heard


def open_signals(
    settings: Settings, clock: Callable[[], datetime]
) -> Callable[[Connection], Signals]:
    """The same, with the limits of these settings."""
    return listen(clock, settings.throttle_floor, settings.throttle_votes)


def disliked(connection: Connection, leads: Collection[str] | None = None) -> dict[str, str]:
    """Leads that visitors call fraudulent or off topic, and how many, in French. A person who
    decided since the last of these votes has seen them: the lead is left out."""
    found = to_look_at(connection, leads)
    decided = reviews.of(connection, found)
    return {
        lead: _sentence(one)
        for lead, one in found.items()
        if not any(
            said.by_person and said.kind in VERDICTS and said.at >= one.last
            for said in decided[lead]
        )
    }


def _sentence(one: Disliked) -> str:
    useful = f", utile pour {one.useful}" if one.useful else ""
    return f"{_WORDS[one.verdict]} pour {one.votes} visiteurs{useful}"


def requeue(store: LeadStore, leads: Collection[str] | None = None) -> int:
    """Published leads that visitors dislike go back to the queue, still shown; gives how many.
    leads: these only."""
    with store.writing() as connection:
        found = disliked(connection, leads)
        known = store.read(connection, found)
        shown = [
            one
            for one in known.values()
            if one.status == "published" and waiting.one(connection, one.id) is None
        ]
        rows = [place(one, [doubt("votes", votes=found[one.id])]) for one in shown]
        waiting.replace(connection, [one.id for one in shown], [row for row in rows if row])
    return len(shown)


def rule_of(connection: Connection, lead: Lead) -> str:
    """The rule that published the lead (« regle:3 »), "" when a person or its source did."""
    told = reviews.in_force(reviews.of(connection, [lead.id])[lead.id])
    one = verdict(told)
    by_rule = one is not None and one.kind == "publish" and one.who.startswith("regle:")
    return one.who if one and by_rule else ""
