"""What documents hold, counted before anything of it is let in. Flat memory, whatever the size."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from zlib import crc32

from ingest import dates
from ingest.collect import Covered
from ingest.document import Document, DocumentError, Limits, Refusal
from ingest.documents import documents
from ingest.notice import Notice, Received
from ingest.readers import read_document
from ingest.recognise import format_of
from ingest.source import Source

FIELDS: tuple[Covered, ...] = get_args(Covered)

# Years that programs write when they know none: Unix, spreadsheets, databases.
_DEFAULT_YEAR = re.compile(r"(?<![0-9])(?:0001|1899|1900|1904|1970)(?![0-9])")
_WEB_PAGE = re.compile(rb"\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S)
_HEAD = 4_096

# A service may be a day ahead of UTC, and date a notice of the evening to the morrow.
_AHEAD = timedelta(days=2)
# Dynamic purchasing systems stay open for years, none for more than ten.
_FAR = timedelta(days=3_660)

# Keys are remembered as bits: 2 MiB tell a million of them apart but for 3 %.
_BITS = 1 << 24

# Reasons may repeat what documents say: kept for a few hundred of them.
_REASONS = 500

# Items between two signs of life.
_STEP = 500

_COVERED: dict[Covered, Callable[[Notice, Source], bool]] = {
    "title": lambda notice, page: any(text.title.strip() for text in notice.texts),
    "text": lambda notice, page: any(text.body.strip() for text in notice.texts),
    "buyer": lambda notice, page: bool(notice.buyer.strip()),
    "country": lambda notice, page: bool(notice.country.strip() or page.country),
    "published": lambda notice, page: bool(notice.published.strip()),
    "deadline": lambda notice, page: bool(notice.deadline.strip()),
    "amount": lambda notice, page: bool(notice.amount and notice.amount.value.strip()),
    "codes": lambda notice, page: any(code.value.strip() for code in notice.codes),
    "url": lambda notice, page: bool(notice.url.strip() or page.notice_url),
}


@dataclass(slots=True)
class Days:
    """The days that one field of the notices gives. default: those of a year that means none;
    unread: not understood; ahead: later than any honest one."""

    written: int = 0
    default: int = 0
    unread: int = 0
    ahead: int = 0
    days: Counter[date] = field(default_factory=Counter)

    def add(self, text: str, page: Source, latest: date) -> None:
        """Count one field as written, "" for none."""
        if not text.strip():
            return
        self.written += 1
        day = dates.day(text, page.dates.order)
        if day is not None:
            self.days[day] += 1
            self.ahead += day > latest
        elif _DEFAULT_YEAR.search(text[:100]):
            self.default += 1
        else:
            self.unread += 1

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object: counts, first and last day, the most notices of one day."""
        return {
            "written": self.written,
            "default": self.default,
            "unread": self.unread,
            "ahead": self.ahead,
            "first": min(self.days).isoformat() if self.days else None,
            "last": max(self.days).isoformat() if self.days else None,
            "distinct": len(self.days),
            "most": max(self.days.values(), default=0),
        }


@dataclass(slots=True)
class Look:
    """What some documents hold.

    received: items; quarantined: those that cannot be read; repeated: notices under a key already
    met; web_pages: documents that are pages of a site. fields: field → notices that have it.
    """

    documents: int = 0
    received: int = 0
    quarantined: int = 0
    repeated: int = 0
    web_pages: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    published: Days = field(default_factory=Days)
    deadline: Days = field(default_factory=Days)

    @property
    def notices(self) -> int:
        """Items that can be read."""
        return self.received - self.quarantined

    def refuse(self, reason: str) -> None:
        """Count an item that cannot be read; its reason too, unless they are all different."""
        self.quarantined += 1
        if reason in self.reasons or len(self.reasons) < _REASONS:
            self.reasons[reason] += 1

    def coverage(self, name: str) -> float:
        """Share of the notices that have a field, 0 to 1."""
        return self.fields[name] / self.notices if self.notices else 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object, for the record."""
        return {
            "documents": self.documents,
            "received": self.received,
            "quarantined": self.quarantined,
            "repeated": self.repeated,
            "web_pages": self.web_pages,
            "coverage": {name: round(self.coverage(name), 4) for name in FIELDS},
            "reasons": dict(self.reasons.most_common(10)),
            "published": self.published.to_json(),
            "deadline": self.deadline.to_json(),
        }


def look(
    folder: Path, page: Source, now: datetime, limits: Limits, tell: Callable[[int], None]
) -> Look:
    """Read all documents of a folder as its source, and write nothing. tell: called with the items
    read so far, often."""
    found, seen = Look(), bytearray(_BITS // 8)
    for one in documents([folder], limits):
        found.documents += 1
        for item in _items(one, page, found):
            found.received += 1
            if item.notice is None or not _says(item.notice):
                found.refuse(item.reason or "Avis sans titre ni texte")
            else:
                _count(item.notice, page, now, found, seen)
            if found.received % _STEP == 0:
                tell(found.received)
        tell(found.received)
    return found


def _items(one: Document | Refusal, page: Source, found: Look) -> Iterator[Received]:
    if isinstance(one, Refusal):
        yield Received("", reason=one.reason)
        return
    form = format_of(one, page)
    # Where pages of a site are the documents, one that is nothing else has no notice.
    expected = form == "jsonld" or (page.mapping is not None and page.mapping.html)
    found.web_pages += not expected and _is_web_page(one)
    if form is None:
        yield Received("", reason="Format non reconnu")
    else:
        yield from read_document(one, page, form)


def _is_web_page(one: Document) -> bool:
    try:
        with one.open() as stream:
            return bool(_WEB_PAGE.match(stream.read(_HEAD).removeprefix(b"\xef\xbb\xbf")))
    except (DocumentError, OSError):
        return False


def covered(notice: Notice, page: Source) -> list[Covered]:
    """The fields that a notice has, what the page of its source says for all of them included."""
    return [name for name, has in _COVERED.items() if has(notice, page)]


def _says(notice: Notice) -> bool:
    return any(text.title or text.body for text in notice.texts)


def _count(notice: Notice, page: Source, now: datetime, found: Look, seen: bytearray) -> None:
    place, bit = divmod(crc32(notice.key.encode("utf-8", "replace")) % _BITS, 8)
    found.repeated += seen[place] >> bit & 1
    seen[place] |= 1 << bit
    found.fields.update(covered(notice, page))
    found.published.add(notice.published, page, (now + _AHEAD).date())
    found.deadline.add(notice.deadline, page, (now + _FAR).date())
