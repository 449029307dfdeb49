"""How a source is asked: the part ``collect`` of its page, read by spiders and by the scheduler.

Also the words that both have for how a crawl ended.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

# Fields of a notice whose presence is watched (``Collect.coverage``).
Covered = Literal[
    "title", "text", "buyer", "country", "published", "deadline", "amount", "codes", "url"
]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")

# Minutes without a given reading of the clock: an hour, and a change of clock (two hours at most).
_HOUR_AT_MOST = 180

_DATE = re.compile(r"\{(since|until)(?::([^{}]*))?\}")
_ADDRESS = re.compile(r"https?://[^\s/]+\S*")

# How a crawl may end, for people. The keys are kept in reports, journals and the record.
ENDINGS = {
    "finished": "la dernière page a été lue",
    "interrupted": "la collecte a été interrompue",
    "refused": "le service refuse de répondre",
    "robots": "le fichier robots.txt du service l’interdit",
    "redirects": "le service redirige en boucle",
    "loop": "la page suivante a déjà été lue",
    "empty": "trop de pages vides à la suite",
    "endless": "trop de pages",
    "offsite": "la suite est sur un autre site",
    "private": "l’adresse mène à un réseau privé",
    "tls": "l’identité du service ne peut être vérifiée",
    "oversize": "une réponse est trop volumineuse",
    "html": "une page web est venue à la place des données",
    "unreadable": "une réponse est illisible",
    "unavailable": "le service ne répond pas correctement",
    "absent": "un avis annoncé est introuvable",
    "short": "le service annonce davantage d’éléments",
    "disk": "l’écriture sur le disque a échoué",
}


class Page(BaseModel):
    """A part of a source's page: frozen, and a field that it does not know is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def known_zone(written: str) -> str:
    """The name of a time zone of the IANA base, "" for none. Raises ValueError, in French."""
    try:
        return written and ZoneInfo(written).key
    except (LookupError, ValueError, OSError) as error:
        raise ValueError(f"fuseau horaire inconnu : « {written} »") from error


class Rhythm(Page):
    """When a source is asked: every hour, day or week, at a local time of ``timezone``.

    at: "HH:MM"; for ``hour`` only the minutes count. days: those of the week on which it is asked
    (all of them when empty; the first of them for ``week``).
    """

    every: Literal["hour", "day", "week"] = "day"
    at: time = time(6, 0)
    days: tuple[Day, ...] = ()
    timezone: str = "Europe/Paris"

    @field_validator("at", mode="before")
    @classmethod
    def _is_time(cls, written: object) -> time:
        if isinstance(written, time) and not written.tzinfo:
            return written.replace(second=0, microsecond=0)
        # YAML 1.1 counts 18:30 in base sixty and gives 1110, but takes 06:00 for a text.
        if type(written) is int and 60 <= written < 24 * 60:
            return time(*divmod(written, 60))
        found = _TIME.fullmatch(written) if isinstance(written, str) else None
        if found is None:
            raise ValueError(f"heure attendue, comme 06:00 : « {str(written)[:20]} »")
        return time(int(found[1]), int(found[2]))

    @field_validator("timezone")
    @classmethod
    def _exists(cls, written: str) -> str:
        return known_zone(written or "UTC")


class AccessKey(Page):
    """A key that a service asks for. variable: the environment variable that holds it, by which the
    page names it and never shows it. One of header and parameter says where it goes. how: in
    French, how to get one."""

    variable: str = Field(pattern="[A-Z][A-Z0-9_]+")
    header: str = ""
    parameter: str = ""
    how: str


class Paging(Page):
    """How a service cuts its answers. ``items``, ``link``, ``cursor`` and ``total`` are dotted
    paths in a page; "" in ``items`` is the page itself.

    items: lists of items; a page has at least one of them.
    link: address of the next page; absent, null or "" on the last one.
    cursor: token of the next page, to be put in the query ``parameter`` of the address.
    counts: without link or cursor, what ``parameter`` counts, from the value it has in the first
    address: items (offset) or pages (number). The last page is the one that reaches the total, or
    else one without items: pages may be shorter than was asked.
    total: number of items in all pages together, where the service counts them.
    feed: there always is a next page, of what is yet to come: the last one is one without items, or
    an object without any field.
    key, version: dotted paths in an item, to its identifier (one that comes twice counts once, so
    that pages that overlap do not hide what lies between them) and to what changes with it (a date,
    a number).
    """

    items: tuple[str, ...]
    link: str = ""
    cursor: str = ""
    counts: Literal["", "offset", "number"] = ""
    parameter: str = ""
    total: str = ""
    feed: bool = False
    key: str = ""
    version: str = ""


class Collect(Page):
    """How a source is fetched.

    on_request: asked only when a person names the source: a permission or a key is still to be had.
    spider: one of ``crawlers.spiders``. address: first address; ``{since}`` and ``{until}`` mark
    the place of dates, in ISO 8601 or as said after a colon (``{since:%d/%m/%Y}``); with a time,
    the first and the last second of the period.
    window_hours: period asked at a time, for services that leave out some of a longer one; 0 for
    the whole period at once. Not for a service that counts (``total``): it counts each apart.
    hosts: other hosts on which what it links to may lie.
    paging: for the spiders that read pages of JSON.
    details: pattern of the addresses to read, for the spiders that read lists of them; for lists of
    JSON (``ocds_list``), the address of an item, with its fields in braces.
    overlap_days: days read again at each collection, for what is published late.
    first_days: days read the first time.
    delay: seconds between two requests, one at least. max_mb: largest answer accepted, in MB.
    patience: seconds for one answer, to its last byte. max_pages: answers beyond which a service is
    said to have no end; 20,000 at one a second are five and a half hours.
    silent_after_days: days without any new notice after which somebody should look.
    coverage: least share of the notices that have a field (0–1), for those that must be there.
    """

    on_request: bool = False
    spider: str
    address: str
    hosts: tuple[str, ...] = ()
    key: AccessKey | None = None
    paging: Paging | None = None
    details: str = ""
    window_hours: int = Field(default=0, ge=0)
    rhythm: Rhythm = Rhythm()
    overlap_days: int = Field(default=2, ge=0)
    first_days: int = Field(default=30, ge=1)
    delay: float = Field(default=1.0, ge=1.0)
    max_mb: int = Field(default=256, ge=1, le=4096)
    patience: float = Field(default=60, gt=0, le=3_600)
    max_pages: int = Field(default=20_000, ge=1)
    silent_after_days: int = Field(default=7, ge=1)
    coverage: dict[Covered, float] = Field(default_factory=dict)

    @field_validator("address")
    @classmethod
    def _is_address(cls, written: str) -> str:
        address = dated(written, date(2026, 1, 1), date(2026, 1, 1))
        if not _ADDRESS.fullmatch(address) or not _host(address):
            raise ValueError(f"adresse de service incorrecte : « {written[:200]} »")
        return written

    @model_validator(mode="after")
    def _counts_once(self) -> Self:
        if self.window_hours and self.paging and self.paging.total:
            raise ValueError("« window_hours » et « total » ne vont pas ensemble")
        return self

    @field_validator("details")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"expression régulière incorrecte : « {pattern} »") from error
        return pattern


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # brackets that hold no address
        return ""


def dated(address: str, since: date, until: date) -> str:
    """An address with its dates in their place."""
    dates = {"since": since, "until": until}
    return _DATE.sub(lambda found: dates[found[1]].strftime(found[2] or "%Y-%m-%d"), address)


def last_due(rhythm: Rhythm, now: datetime) -> datetime:
    """The last moment, at or before ``now`` (aware), at which a source was to be asked; in UTC.

    For day and week, a local time that a change of clock skips is read later by what was skipped,
    one that comes twice at its first coming (PEP 495): every day has exactly one moment. For hour,
    it is each time the local clock shows the minutes.
    """
    zone = ZoneInfo(rhythm.timezone)
    return _last_hour(rhythm, zone, now) if rhythm.every == "hour" else _last_day(rhythm, zone, now)


def _last_hour(rhythm: Rhythm, zone: ZoneInfo, now: datetime) -> datetime:
    # Counted back on the clock itself: not all offsets, nor all changes of clock, are whole hours.
    moment = now.astimezone(UTC).replace(second=0, microsecond=0)
    for _ in range(_HOUR_AT_MOST):
        if moment.astimezone(zone).minute == rhythm.at.minute:
            return moment
        moment -= timedelta(minutes=1)
    raise AssertionError("every clock shows every minute")


def _last_day(rhythm: Rhythm, zone: ZoneInfo, now: datetime) -> datetime:
    today = now.astimezone(zone).date()
    days = {_DAYS.index(day) for day in rhythm.days} or set(range(7))
    if rhythm.every == "week":
        days = {min(days)}
    # Eight days hold every day of the week before now; one more, where a day was skipped whole.
    for back in range(9):
        day = today - timedelta(days=back)
        due = datetime.combine(day, rhythm.at, zone).astimezone(UTC)
        if day.weekday() in days and due <= now:
            return due
    raise AssertionError("a week has a due day")
