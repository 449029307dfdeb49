"""What a crawl is told: which source, from when to when, and with which key."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import quote, quote_plus, urlsplit

from crawlers.address import origin, without_parameter
from crawlers.networks import private
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

    def hide(self, text: str) -> str:
        """A text without the access key, however it is written there."""
        for written in (self.key, quote(self.key, safe=""), quote_plus(self.key)):
            text = text.replace(written, "…") if written else text
        return text

    def unkeyed(self, address: str) -> str:
        """An address without the access key, which services like to repeat in their links."""
        name = self.collect.key.parameter if self.collect.key else ""
        return without_parameter(address, name) if name else address


def order(
    source: Source, since: date | None, until: date | None, today: date, key: str = ""
) -> Order:
    """The order to crawl a source; without dates, its first days until today.

    Raises SourceError, in French, when nobody said how to ask this source, when it needs a key and
    none is given, when its address is one where nothing is to be fetched, or when the dates go
    backwards.
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
    told = Order(source, collect, since, until, key)
    _check(source.name, told.address)
    return told


def _check(name: str, address: str) -> None:
    """Raises SourceError when an address is not one to ask, before any name is resolved."""
    try:
        _, host, _ = origin(address)
    except ValueError:
        host = None
    if not host or "@" in urlsplit(address).netloc:
        raise SourceError(f"L'adresse de « {name} » est incorrecte, ou contient un mot de passe.")
    if private(host):
        raise SourceError(f"L'adresse de « {name} » mène à un réseau privé : {host}.")
