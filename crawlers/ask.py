"""What a spider asks for, and what it reads in the answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

MAX_ADDRESS = 2083  # characters; beyond it, Scrapy drops the request in silence


class PageError(ValueError):
    """An answer that cannot be read on. reason: a key of collect.ENDINGS."""

    def __init__(self, message: str, reason: str = "unreadable") -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Ask:
    """One request.

    notices: the answer holds notices; else it only says where they are, and ingestion passes over.
    alone: the rest of the crawl does without the answer; else its loss ends the crawl.
    suffix: of the file in which it lands, by which archives are known.
    version: what a list says of its state (a date, a number): the same as the last time, it is not
    asked again. conditional: what did not change since the last time (304) need not come again.
    Raises ValueError when the address is none that can be asked.
    """

    address: str
    method: str = "GET"
    body: str = ""
    notices: bool = True
    alone: bool = False
    suffix: str = "json"
    version: str = ""
    conditional: bool = False

    def __post_init__(self) -> None:
        if len(self.address) > MAX_ADDRESS:
            raise PageError(f"an address of {len(self.address)} characters")
        if not urlsplit(self.address).scheme:
            raise PageError(f"not an address: {self.address}")
        # Lone surrogates, which JSON lets through, can be neither asked nor written in a journal.
        "".join((self.address, self.body, self.version)).encode()

    @property
    def name(self) -> str:
        """What tells this request from another."""
        return f"{self.address} {self.body}" if self.body else self.address


def plain(text: str) -> str:
    """A text from outside, short, as it can be written: lone surrogates cannot, in UTF-8."""
    return text[:500].encode("utf-8", "backslashreplace").decode()


def possible(wanted: Iterable[dict[str, Any]]) -> tuple[tuple[Ask, ...], tuple[str, ...]]:
    """The requests that can be made of these fields of ``Ask``, and the addresses of the others:
    one bad row of a list must not hide its neighbours."""
    asks, lost = [], []
    for fields in wanted:
        try:
            asks.append(Ask(**fields))
        except ValueError:
            lost.append(plain(fields["address"]))
    return tuple(asks), tuple(lost)


@dataclass(frozen=True, slots=True)
class Read:
    """What an answer says.

    items: how many notices it holds or lists; keys: their identifiers where it gives them: one that
    comes twice counts once. declared: how many there are in all answers together, None when unsaid.
    follow: what to ask next. lost: what it lists and nobody can ask for (addresses, rows).
    Raises ValueError when a key cannot be written.
    """

    items: int = 0
    keys: tuple[str, ...] = ()
    declared: int | None = None
    follow: tuple[Ask, ...] = ()
    lost: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        "".join(self.keys).encode()
