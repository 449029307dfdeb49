"""The health of a source: what the record says of it, and the one word that follows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from ingest.collect import last_due
from ingest.collections import Collection
from ingest.freeze import Freeze
from ingest.incidents import Incident
from ingest.rhythm import in_words, next_due
from ingest.source import Source

Health = Literal[
    "à jour", "en retard", "retenue", "silencieuse", "incident", "jamais collectée", "archive",
    "gelée",
]  # fmt: skip
Way = Literal["collected", "brought", "archive"]

# What a collection may take after its moment before the source is late: some ask one notice a
# second, and have thousands of them.
GRACE = {"hour": timedelta(hours=1), "day": timedelta(hours=6), "week": timedelta(hours=24)}

# Word of ``schedule`` → days without anything new after which a source that people bring is silent.
# Two periods and a little, at least; the first word found says the pace.
PACES = {
    "trimestre": 190,
    "mois": 65,
    "quinzaine": 32,
    "semaine": 21,
    "lundi": 21,
    "mardi": 21,
    "mercredi": 21,
    "jeudi": 21,
    "vendredi": 21,
    "samedi": 21,
    "dimanche": 21,
    "jour": 7,
    "continu": 7,
    "heure": 7,
}


@dataclass(frozen=True, slots=True)
class Day:
    """What came in on one day of Paris: items received, new leads, runs of ingestion."""

    day: date
    received: int = 0
    new: int = 0
    runs: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """A collection and what its ingestion counted: items received and new leads, 0 when nothing had
    changed, None when it was not let in."""

    collection: Collection
    received: int | None = None
    new: int | None = None


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known of a source at a moment (``at``). All moments are aware.

    first: start of its first collection. last: its last collection; admitted: the last one of the
    network that was let in. taken: last moment due that a scheduler took.
    ingested: end of the last run that let something in, whoever brought it. heard: when something
    new last came, None when nothing did in the window that was read. newest: publication of its
    newest notice. volume: one ``Day`` for each of the last thirty, the oldest first. quarantined:
    items that wait for somebody. frozen: who wants nothing of it to be taken, None normally.
    """

    page: Source
    at: datetime
    first: datetime | None = None
    last: Account | None = None
    admitted: Collection | None = None
    ingested: datetime | None = None
    heard: datetime | None = None
    newest: datetime | None = None
    taken: datetime | None = None
    volume: tuple[Day, ...] = ()
    leads: int = 0
    incidents: tuple[Incident, ...] = ()
    quarantined: int = 0
    frozen: Freeze | None = None

    @property
    def way(self) -> Way:
        """How it comes: we ask for it, people bring it, or nothing comes any more."""
        if self.page.collect is not None:
            return "collected"
        return "archive" if self.page.schedule.lower().startswith("archive") else "brought"

    @property
    def rhythm(self) -> str:
        """When it is asked, or at what pace it is brought, in French."""
        return in_words(self.page.collect.rhythm) if self.page.collect else self.page.schedule

    @property
    def promoted(self) -> datetime | None:
        """When something was last let in: a collection, or what a person brought."""
        last = self.admitted
        ends = (self.ingested, (last.finished or last.started) if last else None)
        return max((end for end in ends if end), default=None)

    @property
    def due(self) -> datetime | None:
        """When it is to be asked next: in the past when nobody took the last moment yet; None
        when it is not asked, or frozen."""
        if self.page.collect is None or self.frozen:
            return None
        rhythm = self.page.collect.rhythm
        last = last_due(rhythm, self.at)
        asked = self.last.collection if self.last and self.last.collection.asked else None
        answers = (self.taken, asked.started if asked else None)
        answered = any(one is not None and one >= last for one in answers)
        return next_due(rhythm, self.at) if answered else last

    @property
    def overdue(self) -> bool:
        """Whether a moment passed, its grace too, without a collection let in since."""
        asked = self.admitted.started if self.admitted else self.promoted
        if self.page.collect is None or asked is None:
            return False
        rhythm = self.page.collect.rhythm
        return asked < last_due(rhythm, self.at - GRACE[rhythm.every])

    @property
    def patience(self) -> timedelta | None:
        """How long it may bring nothing new before somebody should look; None: as long as it
        likes."""
        if self.page.collect is not None:
            return timedelta(days=self.page.collect.silent_after_days)
        words = self.page.schedule.lower()
        return next((timedelta(days=n) for word, n in PACES.items() if word in words), None)

    @property
    def quiet_since(self) -> datetime | None:
        """Since when nothing new came. What a person brings may be old already: for it, the newest
        publication says more than the day of the bringing."""
        if self.page.collect is not None:
            return self.heard or self.first or self.newest
        return self.newest or self.promoted

    @property
    def interrupted(self) -> bool:
        """Whether its last collection goes on in name only."""
        return self.last is not None and self.last.collection.is_dead(self.at)

    @property
    def why_held(self) -> tuple[str, ...]:
        """What holds the last collection: its own incidents, else those still open."""
        if self.last is None or not _held(self):
            return ()
        number = self.last.collection.number
        own = [one for one in self.incidents if one.collection == number]
        return tuple(one.detail for one in own or self.incidents)

    @property
    def health(self) -> Health:
        """The first of the ``RULES`` that applies; « à jour » when none does."""
        return next((word for word, applies in RULES if applies(self)), "à jour")


def _archived(state: SourceState) -> bool:
    return state.way == "archive"


def _held(state: SourceState) -> bool:
    return state.last is not None and state.last.collection.state == "held"


def _silent(state: SourceState) -> bool:
    since, patience = state.quiet_since, state.patience
    known = state.promoted is not None or state.leads > 0
    return bool(known and since and patience and state.at - since > patience)


def _troubled(state: SourceState) -> bool:
    return bool(state.incidents)


def _never(state: SourceState) -> bool:
    return state.promoted is None and not state.leads


# In this order: a person's decision is awaited; then what we owe (asking); then what the source
# owes (something new); then the rest. A source that nobody asks is late, not silent.
RULES: tuple[tuple[Health, Callable[[SourceState], bool]], ...] = (
    ("gelée", lambda state: state.frozen is not None),
    ("archive", _archived),
    ("retenue", _held),
    ("en retard", lambda state: state.overdue),
    ("silencieuse", _silent),
    ("incident", _troubled),
    ("jamais collectée", _never),
)
