"""The leads that a notice might double: those of the record and of the transaction under way
that share a signature with it, the most shared first."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection

from index.store import LeadStore
from ingest.dedupe import known
from ingest.dedupe.buyers import agree, buyer
from ingest.dedupe.facts import same_day
from ingest.dedupe.known import CROWD, Asked, Bearer
from ingest.dedupe.profile import Profile
from ingest.ledger import batched

# Leads compared with one notice.
_COMPARED = 10


def _day(moment: datetime | None) -> int | None:
    """Days since year 1, in UTC: of two moments of one day in some zone, at most one apart."""
    return moment.astimezone(UTC).toordinal() if moment else None


def _asked(mark: int, one: Profile) -> Asked:
    return Asked(mark, one.country, _day(one.deadline), one.source if one.process else "")


class _Facts(NamedTuple):
    """What a lead of the record says of itself. sources: of its notices. deadline: None when it
    moved, since an earlier notice may tell another."""

    sources: frozenset[str]
    country: str
    deadline: datetime | None
    language: str
    buyer: str


def _facts(lead: dict[str, Any]) -> _Facts:
    moved = any("deadline" in change["fields"] for change in lead["history"])
    deadline = None if moved else lead["deadline"]
    return _Facts(
        frozenset(origin["source"] for origin in lead["provenances"]),
        lead["country"],
        datetime.fromisoformat(deadline) if deadline else None,
        lead["texts"][0]["language"],
        lead["buyer"],
    )


class Candidates:
    """For the notices of one transaction; marks: the signatures of each. sources: those that can
    be read again; a lead with a notice of another is left alone."""

    def __init__(
        self,
        store: LeadStore,
        connection: Connection,
        marks: Mapping[Profile, frozenset[int]],
        sources: Collection[str],
    ) -> None:
        self._connection, self._sources = connection, frozenset(sources)
        self._marks = marks
        wanted = (_asked(mark, one) for one, some in marks.items() for mark in some)
        borne, self._number = known.bearers(connection, wanted)
        self._borne = defaultdict(list, borne)
        self._new: list[tuple[int, Bearer]] = []
        self._heirs: dict[str, str] = {}
        found = {lead for one in marks for lead in self._sharing(one)}
        self._held: dict[str, _Facts] = {}
        # In lots: a statement holds so many parameters and no more.
        for some in batched(sorted(found)):
            held = {lead["id"]: _facts(lead) for lead in store.bodies(connection, some)}
            self._held |= held

    def of(self, one: Profile) -> list[str]:
        """Ids of the leads to compare with this notice."""
        some = (lead for lead in self._sharing(one) if self._possible(one, lead))
        return list(islice(some, _COMPARED))

    def give(self, one: Profile, lead: str, alone: bool) -> None:
        """The notice belongs to this lead, which bears its signatures from now on. alone: the lead
        has no other notice; of several, one may tell what another does not."""
        told = (one.country, _day(one.deadline)) if alone else ("", None)
        bearer = Bearer(lead, one.source, bool(one.process), *told)
        for mark in self._marks[one]:
            if not self._crowded(mark):
                self._borne[mark].append(bearer)
                self._new.append((mark, bearer))
                self._number[mark] = self._number.get(mark, 0) + 1
        self._held.pop(lead, None)

    def _crowded(self, mark: int) -> bool:
        """Whether so many bear it that it tells nothing."""
        return self._number.get(mark, 0) >= CROWD

    def merge(self, lost: str, kept: str) -> None:
        """All that one lead bore, another does."""
        self._heirs = {old: kept if heir == lost else heir for old, heir in self._heirs.items()}
        self._heirs[lost] = kept
        self._held.pop(kept, None)
        known.hand_over(self._connection, lost, kept)

    def close(self) -> None:
        """Write the new signatures down."""
        known.remember(
            self._connection,
            [
                (mark, one._replace(lead=self._heirs.get(one.lead, one.lead)))
                for mark, one in self._new
            ],
        )

    def _sharing(self, one: Profile) -> list[str]:
        """Leads by number of signatures shared. Two demands that one source numbered are two, and
        so are those of two countries or two days of answer."""
        country, day = one.country, _day(one.deadline)
        shared = Counter(
            self._heirs.get(bearer.lead, bearer.lead)
            for mark in self._marks[one]
            if not self._crowded(mark)
            for bearer in self._borne.get(mark, ())
            if not (country and bearer.country and bearer.country != country)
            and not (day and bearer.deadline and not -1 <= bearer.deadline - day <= 1)
            and not (one.process and bearer.managed and bearer.source == one.source)
        )
        return sorted(shared, key=lambda lead: (-shared[lead], lead))

    def _possible(self, one: Profile, identifier: str) -> bool:
        """Whether a lead of the record, as it stands, is worth reading its notices again."""
        lead = self._held.get(identifier)
        if lead is None:
            return True
        if not lead.sources <= self._sources:
            return False
        if one.country and lead.country and one.country != lead.country:
            return False
        if one.deadline and lead.deadline and not same_day(one.deadline, lead.deadline):
            return False
        language = {wording.language for wording in one.wordings}
        told = lead.language in language or "" in {lead.language, *language}
        return agree(one.buyer, buyer(lead.buyer), told) != "different"
