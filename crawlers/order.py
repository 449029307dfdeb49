"""What a crawl is told: which source, from when to when, and with which key."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ingest.collect import Collect, dated
from ingest.source import Source, SourceError

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Order:
    """since, until: dates of publication asked for, both included. key: of access, "" for none."""

    source: Source
    collect: Collect
    since: date
    until: date
    key: str = ""

    @property
    def address(self) -> str:
        """The address to ask for the whole period."""
        start, end = self._bounds()
        return dated(self.collect.address, start, end)

    def addresses(self) -> Iterator[str]:
        """The first addresses to ask: one a window, in order, or one alone."""
        start, end = self._bounds()
        step = timedelta(hours=self.collect.window_hours) or end - start + _SECOND
        while start < end:
            yield dated(self.collect.address, start, min(start + step - _SECOND, end))
            start += step

    def _bounds(self) -> tuple[datetime, datetime]:
        """The first and the last second of the period."""
        end = datetime.combine(self.until, time()) + timedelta(days=1) - _SECOND
        return datetime.combine(self.since, time()), end


def order(
    source: Source, since: date | None, until: date | None, today: date, key: str = ""
) -> Order:
    """The order to crawl a source; without dates, its first days until today.

    Raises SourceError, in French, when nobody said how to ask this source, when it needs a key and
    none is given, or when the dates go backwards.
    """
    collect = source.collect
    if collect is None:
        raise SourceError(f"La fiche de « {source.name} » ne dit pas comment la collecter.")
    if collect.key and not key:
        raise SourceError(
            f"La source « {source.name} » demande une clé d'accès, à mettre dans la variable"
            f" d'environnement {collect.key.variable}. {collect.key.how}"
        )
    until = until or today
    since = since or until - timedelta(days=collect.first_days)
    if since > until:
        raise SourceError(f"La date de départ ({since}) est après celle de fin ({until}).")
    return Order(source, collect, since, until, key)
