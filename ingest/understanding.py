"""From items to what is understood of them. Nothing here needs the record, so that several
processes may do it at once (``ingest/workers.py``)."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple

from index.coding import Coder
from ingest.classify import Asked, Coding, asked, codings
from ingest.dedupe.profile import Profile, profile
from ingest.dedupe.signatures import signatures
from ingest.document import short
from ingest.ledger import Arrival
from ingest.linking import Understood, names
from ingest.normalise import Draft, normalise
from ingest.notice import Notice, Received
from ingest.price import Rates
from ingest.source import Source

log = logging.getLogger(__name__)

# A key is part of an index of the record, which PostgreSQL limits to some 2,700 bytes.
_LONGEST = 500
# Texts coded together: their words take 1 MB a hundred.
_CODED = 128

# What a draft has beyond what both processes hold: notice, page, rates and time of reception.
_UNDERSTOOD = tuple(field.name for field in fields(Draft))[4:]


class Given(NamedTuple):
    """One item of a document: the source by whose page it is read, the document's SHA-256."""

    source: str
    sha256: str
    item: Received


class Lot(NamedTuple):
    """Items understood together, and when they were received (UTC)."""

    items: list[Given]
    now: datetime


class _Read(NamedTuple):
    """One item understood, without what the other process holds already."""

    draft: tuple[Any, ...]
    fingerprint: str
    profile: Profile
    marks: frozenset[int]


class Answer(NamedTuple):
    """For each item of a lot, what it says or why it says nothing (French). coded: the codes of
    those that will be leads of their own."""

    read: list[_Read | str]
    coded: dict[Asked, Coding]


class Understanding:
    """Reads items by the pages of their sources. Results depend on the items only."""

    def __init__(self, pages: Mapping[str, Source], rates: Rates, coder: Coder) -> None:
        self.pages, self.rates, self.coder = pages, rates, coder

    def draft(self, arrival: Arrival) -> Draft:
        """A notice that the record holds, understood again."""
        page = self.pages[arrival.notice.source]
        return normalise(arrival.notice, page, self.rates, arrival.received)

    def answer(self, lot: Lot) -> Answer:
        """Understand a lot, and code what it says."""
        read = [self._read(one, lot.now) for one in lot.items]
        drafts = (self._whole(one, lot, item) for one, item in zip(read, lot.items, strict=True))
        wanted = [asked(draft.texts, draft.codes) for draft in drafts if draft is not None]
        try:
            return Answer(read, dict(zip(wanted, self._codings(wanted), strict=True)))
        except (ArithmeticError, LookupError, TypeError, ValueError):
            # One of them cannot be coded; which one will be seen when it is written.
            return Answer(read, {})

    def _codings(self, wanted: Sequence[Asked]) -> Iterator[Coding]:
        for at in range(0, len(wanted), _CODED):
            yield from codings(wanted[at : at + _CODED], self.coder)

    def read(self, lot: Lot) -> Answer:
        """Understand a lot, no more."""
        return Answer([self._read(one, lot.now) for one in lot.items], {})

    def understood(self, lot: Lot, answer: Answer) -> list[Understood | str]:
        """What each item of a lot says, or why it says nothing."""
        found: list[Understood | str] = []
        for (_, sha256, item), one in zip(lot.items, answer.read, strict=True):
            if isinstance(one, str) or item.notice is None:
                found.append(one if isinstance(one, str) else item.reason)
                continue
            arrival = Arrival(item.notice, sha256, short(item.position), lot.now)
            draft = self._made(item.notice, one, lot.now)
            found.append(Understood(arrival, draft, one.fingerprint, one.profile, one.marks))
        return found

    def _whole(self, one: _Read | str, lot: Lot, given: Given) -> Draft | None:
        notice = given.item.notice
        return None if isinstance(one, str) or notice is None else self._made(notice, one, lot.now)

    def _made(self, notice: Notice, one: _Read, now: datetime) -> Draft:
        return Draft(notice, self.pages[notice.source], self.rates, now, *one.draft)

    def _read(self, given: Given, now: datetime) -> _Read | str:
        notice, page = given.item.notice, self.pages.get(given.source)
        if notice is None or page is None:
            return given.item.reason
        if any(len(name) > _LONGEST for name in names(notice)):
            return f"Identifiant de plus de {_LONGEST} caractères"
        if any("\0" in name for name in names(notice)):  # PostgreSQL stores none
            return "Identifiant illisible : caractère nul"
        try:
            fingerprint = notice.fingerprint()
            draft = normalise(notice, page, self.rates, now)
            compared = profile(draft)
            marks = signatures(compared)
        except (TypeError, ValueError, LookupError, OverflowError, RecursionError) as error:
            log.warning("notice of %s cannot be normalised", given.source, exc_info=True)
            return f"Contenu qui ne peut être interprété : {type(error).__name__}"
        if not draft.texts:
            return "Avis sans titre ni texte"
        return _Read(
            tuple(getattr(draft, name) for name in _UNDERSTOOD), fingerprint, compared, marks
        )
