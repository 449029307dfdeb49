"""Frozen sources: nothing of them is taken by itself until a person says otherwise.

What they have given stays; what is due, dropped or deposited meanwhile waits where it is.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from index.audit import note
from index.curation_tables import frozen
from index.store import LeadStore, utc
from ingest.collections import CollectionError

# What is told to whoever brings or asks.
WAITS = "Cette source est gelée par l’équipe : ce qui arrive attend, rien n’est perdu."


@dataclass(frozen=True, slots=True)
class Freeze:
    """Who froze a source, why (words of that person), and when."""

    source: str
    who: str
    why: str
    at: datetime


def frozen_now(connection: Connection) -> dict[str, Freeze]:
    """The frozen sources, by name."""
    rows = connection.execute(select(frozen))
    return {one.source: Freeze(one.source, one.who, one.why, utc(one.at)) for one in rows}


class Freezes:
    """Their place in the record."""

    def __init__(self, store: LeadStore) -> None:
        self.store = store

    def all(self) -> dict[str, Freeze]:
        """The frozen sources, by name."""
        with self.store.reading() as connection:
            return frozen_now(connection)

    def freeze(self, source: str, who: str, why: str, now: datetime) -> None:
        """Raises CollectionError when it is frozen already."""
        with self.store.writing() as connection:
            if there := frozen_now(connection).get(source):
                raise CollectionError(f"Cette source est déjà gelée, par {there.who}.")
            row = {"source": source, "who": who, "why": why, "at": now}
            connection.execute(insert(frozen).values(row))
            note(connection, now, who, "source gelée", f"source:{source}", None, {"raison": why})

    def thaw(self, source: str, who: str, now: datetime) -> None:
        """What waits is taken at the next look. Raises CollectionError when it is not frozen."""
        with self.store.writing() as connection:
            there = frozen_now(connection).get(source)
            if there is None:
                raise CollectionError("Cette source n’est pas gelée.")
            connection.execute(delete(frozen).where(frozen.c.source == source))
            before = {"raison": there.why, "par": there.who}
            note(connection, now, who, "source dégelée", f"source:{source}", before, None)
