"""A preview: what some documents would give, read as their source says, and nothing written.

What is shown is what ingestion would do with them, one notice at a time: duplicates are not looked
for in the record, only references that come twice are counted.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from index.coding import Coder
from index.lead import Lead, lead_id
from ingest.classify import classify
from ingest.clean import masked
from ingest.document import Document, DocumentError, Refusal, short
from ingest.feeds import jsonld, rss, tabular
from ingest.feeds.mapped import columns, parsed, unknown
from ingest.feeds.rows import Row
from ingest.fold import fold
from ingest.linking import Understood
from ingest.looked import FIELDS, covered
from ingest.notice import Received
from ingest.price import Rates
from ingest.readers import read_document
from ingest.recognise import format_of
from ingest.report import by_subject
from ingest.source import Format, Mapping, Source
from ingest.understanding import Given, Lot, Understanding

MOST = 1_000  # notices read of one document, unless all are asked for
LEADS, REFUSED, EXAMPLE = 10, 50, 60

# The formats whose columns a page may name.
_ROWS: dict[Format, Callable[[BinaryIO, Source], Iterator[Row]]] = {
    "tabular": lambda stream, page: tabular.rows(stream, page.mapping or Mapping()),
    "rss": rss.rows,
    "jsonld": jsonld.rows,
}
_MAPPINGS: dict[Format, Callable[[Source], Mapping]] = {
    "tabular": lambda page: page.mapping or Mapping(),
    "rss": rss.mapping_of,
    "jsonld": jsonld.mapping_of,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Something to look at in a document: where, and what about it."""

    document: str
    position: str
    told: str


@dataclass(slots=True)
class Preview:
    """What some documents would give.

    formats: in which they were read. whole: whether all of them was. leads: the first ones.
    refused: the first items that cannot be read, with their reasons; reasons: all, counted.
    repeated: notices under a reference already met. fields: field → notices that have it.
    unread: dates that cannot be understood, as written. unmapped: columns that the page does not
    name → an example; absent: columns that the page names and no row has, with their field.
    """

    source: str
    documents: int = 0
    received: int = 0
    quarantined: int = 0
    repeated: int = 0
    whole: bool = True
    formats: Counter[str] = field(default_factory=Counter)
    leads: list[Lead] = field(default_factory=list)
    refused: list[Place] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    remarks: Counter[tuple[str, str]] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    unread: list[Place] = field(default_factory=list)
    unmapped: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    @property
    def notices(self) -> int:
        """Items that can be read."""
        return self.received - self.quarantined

    def coverage(self, name: str) -> float:
        """Share of the notices that have a field, 0 to 1."""
        return self.fields[name] / self.notices if self.notices else 0.0

    def by_subject(self) -> dict[str, list[tuple[str, int]]]:
        """Remarks grouped by subject, the most frequent first."""
        return by_subject(self.remarks)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return {
            "source": self.source,
            "formats": dict(self.formats),
            "documents": self.documents,
            "received": self.received,
            "quarantined": self.quarantined,
            "repeated": self.repeated,
            "whole": self.whole,
            "leads": [lead.model_dump(mode="json") for lead in self.leads],
            "refused": [_plain(one) for one in self.refused],
            "reasons": dict(self.reasons.most_common(50)),
            "remarks": {name: dict(told[:50]) for name, told in self.by_subject().items()},
            "coverage": {name: round(self.coverage(name), 4) for name in FIELDS},
            "unread_dates": [_plain(one) for one in self.unread],
            "unmapped": self.unmapped,
            "absent": self.absent,
        }


def _plain(place: Place) -> dict[str, str]:
    return {"document": place.document, "position": place.position, "told": place.told}


@dataclass(slots=True)
class _Reading:
    """A preview on its way."""

    page: Source
    understanding: Understanding
    now: datetime
    most: int | None
    found: Preview
    keys: set[str] = field(default_factory=set)
    first: list[Understood] = field(default_factory=list)

    def document(self, one: Document) -> None:
        """All that is wanted of one document."""
        form = format_of(one, self.page)
        if form is None:
            self.refuse(one.name, Received("", reason="Format non reconnu"))
            return
        self.found.formats[form] += 1
        items = read_document(one, self.page, form)
        for item in islice(items, self.most):
            self.item(one.name, item)
        if next(items, None) is not None:
            self.found.whole = False
        if form in _ROWS:
            self.columns(one, form)

    def item(self, name: str, item: Received) -> None:
        lot = Lot([Given(self.page.name, "", item)], self.now)
        (understood,) = self.understanding.understood(lot, self.understanding.read(lot))
        if isinstance(understood, str):
            self.refuse(name, Received(item.position, reason=understood))
            return
        notice, draft = understood.arrival.notice, understood.draft
        self.found.received += 1
        self.found.repeated += notice.key in self.keys
        self.keys.add(notice.key)
        self.found.fields.update(covered(notice, self.page))
        self.found.remarks.update([*item.remarks, *draft.remarks])
        for title, written, read in (
            ("parution", notice.published, draft.published),
            ("date limite", notice.deadline, draft.deadline),
        ):
            if written.strip() and read is None and len(self.found.unread) < REFUSED:
                told = f"{title} : {written[:EXAMPLE]}"
                self.found.unread.append(Place(short(name), item.position, told))
        if len(self.first) < LEADS:
            self.first.append(understood)

    def refuse(self, name: str, item: Received) -> None:
        self.found.received += 1
        self.found.quarantined += 1
        self.found.reasons[item.reason] += 1
        if len(self.found.refused) < REFUSED:
            self.found.refused.append(Place(short(name), item.position, item.reason))

    def columns(self, one: Document, form: Format) -> None:
        """The columns of a table, against those that the page names."""
        mapping, seen = _MAPPINGS[form](self.page), set[str]()
        try:
            with one.open() as stream:
                for row in islice(_ROWS[form](stream, self.page), self.most):
                    seen.update(row.cells)
                    for name in unknown(row, mapping):
                        self.example(name, row.cells[name])
        except (DocumentError, OSError):
            return  # said already, of its items
        own = self.page.mapping or Mapping()
        for name, path in columns(own) if seen else ():
            if not any(part.name in seen for part in parsed(path)):
                self.found.absent.setdefault(path, name)

    def example(self, name: str, cells: Iterable[str]) -> None:
        written = next((cell.strip() for cell in cells if cell.strip()), "")
        if not self.found.unmapped.get(name):
            self.found.unmapped[name] = masked(written)[:EXAMPLE]


def preview(
    documents: Iterable[Document | Refusal],
    page: Source,
    rates: Rates,
    now: datetime,
    coder: Coder,
    most: int | None = MOST,
) -> Preview:
    """What documents would give, read as ``page`` says. most: notices read of each, None for all.

    Never raises for what the documents hold.
    """
    understanding = Understanding({page.name: page}, rates, coder)
    reading = _Reading(page, understanding, now, most, Preview(page.name))
    for one in documents:
        reading.found.documents += 1
        if isinstance(one, Refusal):
            reading.refuse(one.name, Received("", reason=one.reason))
        else:
            reading.document(one)
    told = reading.found
    told.leads = classify([_lead(one) for one in reading.first], coder)
    for subject, name in [pair for pair in told.remarks if pair[0] == "champ inconnu"]:
        told.unmapped.setdefault(name, "")
        del told.remarks[subject, name]
    return told


def _lead(one: Understood) -> Lead:
    notice = one.arrival.notice
    return fold(lead_id(notice.source, notice.key), [(one.arrival, one.draft)])
