"""A crawl seen from here: what is asked, what it says on its way, how it ended.

Crawls run in a process of their own (``python -m crawlers``) and leave a folder: bodies as they
came, and a report. Nothing of the crawlers is imported.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from ingest.collect import ENDINGS

REPORT = "_run.json"
# A number of people's files instead of a crawl's (``Collecting.take``).
BROUGHT = "brought"

# What may be over in an hour: the crawl goes on from where it stopped.
PASSING = frozenset({"interrupted", "unavailable", "refused", "html", "unreadable", "disk"})

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")


class Fault(BaseModel):
    """Something that could not be had: where, why (a key of ENDINGS) and the words of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    address: str = ""
    reason: str = ""
    detail: str = ""

    def sentence(self) -> str:
        """In French, for people."""
        why = ENDINGS.get(self.reason, self.reason or "raison inconnue")
        where = ", ".join(filter(None, (self.address, self.detail)))
        return printable(f"{why} ({where})" if where else why)


class Crawl(BaseModel):
    """The report of a crawl: see ``crawlers.landing``.

    reason: a key of ENDINGS, or BROUGHT. pages: answers landed; items: seen or listed in them;
    declared: as counted by the service. unchanged: answers that said so, and details known already.
    missed: details that could not be had, errors: why it stopped.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: str = ""
    since: date | None = None
    until: date | None = None
    reason: str = "interrupted"
    pages: int = 0
    bytes: int = 0
    items: int = 0
    declared: int | None = None
    requests: int = 0
    retries: int = 0
    unchanged: int = 0
    missed: tuple[Fault, ...] = ()
    errors: tuple[Fault, ...] = ()
    user_agent: str = ""

    @property
    def finished(self) -> bool:
        """Whether all that was asked for was read."""
        return self.reason in ("finished", BROUGHT)


def report(folder: Path | None, last: str = "") -> Crawl:
    """The report that a crawl left; where there is none, one that says so, with its last words."""
    try:
        return Crawl.model_validate(_read(folder))
    except (OSError, ValueError, ValidationError):
        return Crawl(errors=(Fault(reason="interrupted", detail=last),) if last else ())


def known(folder: Path | None) -> dict[str, Any]:
    """Validators (address → version, etag, modified) that a crawl left for the next one."""
    try:
        found = _read(folder).get("known")
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _read(folder: Path | None) -> dict[str, Any]:
    if folder is None:
        raise FileNotFoundError(REPORT)
    read = orjson.loads((folder / REPORT).read_bytes())
    if not isinstance(read, dict):
        raise ValueError(REPORT)
    return read


def printable(text: str) -> str:
    """Words from outside, as the record and a page may hold them."""
    return _CONTROL.sub(" ", text)[:1_000]


@dataclass(frozen=True, slots=True)
class Request:
    """What a crawl is asked: notices published from ``since`` to ``until``. It lands in
    ``landing/<source>/<moment>``, or goes on in ``resume``. known: see ``known``."""

    source: str
    landing: Path
    since: date
    until: date
    resume: Path | None = None
    known: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """How far the work is. step: crawl, look or ingest. items: seen so far; declared: in all, when
    the service counts them; left: addresses still to be asked, as far as known."""

    step: str
    folder: str = ""
    pages: int = 0
    items: int = 0
    declared: int | None = None
    bytes: int = 0
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a crawl landed, None when nothing did. impossible: why it could not even start, in
    French. last: its last words when it broke."""

    folder: Path | None = None
    impossible: str = ""
    last: str = ""


# Asks the network. Calls the function it is given after each answer, and often enough in between to
# show that it lives; what that function raises ends the crawl.
Ask = Callable[[Request, Callable[[Told], None]], Answer]
