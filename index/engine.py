"""The search engine: the port that the embedded engine and OpenSearch both answer, in our words."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from index.lead import Lead
from index.query import Hit, Query, Results


class EngineAway(Exception):  # noqa: N818 reads as what happened
    """The engine does not answer, or refuses to; the message is French and meant for people."""


class SearchEngine(Protocol):
    """A disposable projection of the record. ``now`` decides what is still on offer."""

    def put(self, leads: Sequence[Lead], after: int = 0) -> int:
        """Write leads; those already held with the same or a later sequence are left alone.

        after: these are all the leads of the record written after this sequence and up to their
        last. ``sequence`` moves on only when the index already held everything up to ``after``.
        Gives back how many were written. Durable and visible to every reader on return.
        """
        ...

    def replace(self, batches: Iterable[Sequence[Lead]]) -> int:
        """Build a new generation from these leads alone and switch to it at once."""
        ...

    def sequence(self) -> int:
        """Every lead of the record up to this sequence is in the index."""
        ...

    def count(self) -> int:
        """Leads held, whatever their status."""
        ...

    def search(self, query: Query, now: datetime) -> Results:
        """A page of answers with facets. Ranked answers stop at ``query.MAX_RANKED``."""
        ...

    def similar(self, identifier: str, limit: int, now: datetime) -> tuple[Hit, ...]:
        """Leads on offer whose meaning is closest to this one's; () when it is unknown."""
        ...

    def export(self, query: Query, now: datetime) -> Iterator[Lead]:
        """All that answers, latest publication first, without end at ``MAX_RANKED``; as it was when
        the first was read, whatever is written meanwhile."""
        ...

    def held(self) -> Iterator[Lead]:
        """Every lead of the index, whatever its status, in the order of their sequence."""
        ...
