"""Which lead a notice speaks of: one known by its key, its process or what it follows, else one
whose notices tell the same demand, or none yet.

Works on a few hundred notices at a time, within one transaction of the record.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Literal

from sqlalchemy import Connection

from index.lead import Joining, Lead, lead_id
from ingest.dedupe import known as record
from ingest.dedupe.candidates import Candidates
from ingest.dedupe.compare import Verdict, judge
from ingest.dedupe.evidence import Meaning, unmeant
from ingest.dedupe.profile import Profile, profile
from ingest.fold import fold
from ingest.ledger import Arrival, Ledger
from ingest.normalise import Draft
from ingest.notice import REPLACING, Notice
from taxonomies.fold import fold as fold_words

# Demands told apart under one identifier. A source that gives all its notices the same one must
# not make each of them look through all the others.
_NAMESAKES = 20

# Shorter words are articles and legal forms, which any two buyers share.
_LONG = 4

Outcome = Literal["new", "updated", "joined", "duplicates"]


@dataclass(frozen=True, slots=True)
class Understood:
    """A notice that arrived, what is understood of it, the fingerprint of its words, what is
    compared of it with others, and its signatures."""

    arrival: Arrival
    draft: Draft
    fingerprint: str
    profile: Profile
    marks: frozenset[int]


def names(notice: Notice) -> list[str]:
    """Names under which a lead may be known, the surest first. "=" marks a process, so that it
    can never be taken for a key."""
    process = [f"={notice.process}"] if notice.process else []
    return list(dict.fromkeys([notice.key, *process, *notice.previous]))


def _namesake(name: str, n: int) -> str:
    """The name of the n-th demand (from 1) that a source published under one identifier."""
    return name if n == 1 else f"{name}#{n}"


def contradict(one: Draft, other: Draft) -> bool:
    """Whether two notices cannot speak of the same demand, whatever their identifiers say.

    Their buyers are of different countries, or neither buyers nor titles share a word. Test
    notices and careless buyers reuse identifiers; a lead must not be made of their mixture.
    """
    if one.country and other.country and one.country != other.country:
        return True
    buyers, titles = (
        [_long_words(texts(draft)) for draft in (one, other)] for texts in (_buyer, _titles)
    )
    return all(buyers) and buyers[0].isdisjoint(buyers[1]) and titles[0].isdisjoint(titles[1])


def _leads_under(known: dict[str, str], name: str) -> list[str]:
    """The leads known by a name, in the order in which they took it."""
    names = (_namesake(name, n) for n in range(1, _NAMESAKES + 1))
    return [known[one] for one in takewhile(known.__contains__, names)]


def _name(known: dict[str, str], name: str, lead: str) -> None:
    """From now on the lead is known by this name, beside those that already are."""
    leads = _leads_under(known, name)
    if lead not in leads and len(leads) < _NAMESAKES:
        known[_namesake(name, len(leads) + 1)] = lead


def _buyer(draft: Draft) -> str:
    return draft.buyer


def _titles(draft: Draft) -> str:
    return " ".join(text.title for text in draft.texts)


def _long_words(text: str) -> set[str]:
    return {word for word in fold_words(text).split() if len(word) >= _LONG}


class Linking:
    """The notices of one transaction on their way to leads.

    draft: understands an arrival that the record already holds, again, if it is of one of these
    sources. meaning: compares notices told in two languages. merged: leads that turned out to be
    another, lost → kept.
    """

    def __init__(
        self,
        ledger: Ledger,
        connection: Connection,
        batch: Sequence[Understood],
        draft: Callable[[Arrival], Draft],
        sources: Collection[str],
        meaning: Meaning = unmeant,
    ) -> None:
        self._ledger, self._connection, self._draft = ledger, connection, draft
        self._meaning = meaning
        self._leads: dict[str, dict[str, str]] = {}
        self._words: dict[str, set[tuple[str, str]]] = {}
        self._taken: dict[str, list[Understood]] = defaultdict(list)
        self._before: dict[str, list[tuple[Arrival, Draft]]] = {}
        self._compared: dict[str, list[Profile]] = {}
        self._fresh: set[str] = set()
        self.merged: dict[str, str] = {}
        keys: dict[str, set[str]] = defaultdict(set)
        for one in batch:
            keys[one.arrival.notice.source].update(names(one.arrival.notice))
        for source, wanted in keys.items():
            self._leads[source] = self._known(source, wanted)
            self._words[source] = ledger.words_known(connection, source, sorted(wanted))
        fresh = {one.profile: one.marks for one in batch if not self._heard(one)}
        self._candidates = Candidates(ledger.store, connection, fresh, sources)
        self._apart = record.kept_apart(connection, [one.identity for one in fresh])

    def _heard(self, one: Understood) -> bool:
        """Whether the record holds the notice, word for word."""
        notice = one.arrival.notice
        return (notice.key, one.fingerprint) in self._words[notice.source]

    def _known(self, source: str, wanted: set[str]) -> dict[str, str]:
        """Name → lead, with the namesakes of these names."""
        known: dict[str, str] = {}
        asked = sorted(wanted)
        for n in range(1, _NAMESAKES + 1):
            found = self._ledger.leads_known(
                self._connection, source, [_namesake(name, n) for name in asked]
            )
            known |= found
            asked = [name for name in asked if _namesake(name, n) in found]
        return known

    def take(self, one: Understood) -> Outcome:
        """Give the notice to its lead; says whether that lead is new."""
        if self._heard(one):
            return "duplicates"
        notice = one.arrival.notice
        self._words[notice.source].add((notice.key, one.fingerprint))
        known = self._leads[notice.source]
        keys = names(notice)
        agreeing = (self._agreeing(one.draft, key, known) for key in keys)
        leads = list(dict.fromkeys(lead for lead in agreeing if lead))
        others: list[str] = []
        if leads and self._another_call(notice, known, leads[0]):
            others, leads = leads, []
            keys = [key for key in keys if key not in notice.previous]
        for lost in leads[1:]:
            if not self._told_apart(one.profile, lost, leads[0]):
                self._merge(lost, leads[0])
        found = self._resembling(one.profile, leads[:1], others)
        identifier = (leads or [lead for lead, _ in found] or [self._born(one)])[0]
        if not leads and not found:
            self._fresh.add(identifier)
        for lost, _ in found:
            if lost != identifier:
                self._merge(lost, identifier)
        for key in keys:
            _name(known, key, identifier)
        self._give(one, identifier, found[0] if found else None)
        return "updated" if leads else "joined" if found else "new"

    def _give(self, one: Understood, lead: str, found: tuple[str, Verdict] | None) -> None:
        if found is not None:
            to, verdict = found
            joined = Joining(to=to, score=verdict.score, reasons=verdict.reasons)
            one = replace(one, arrival=replace(one.arrival, joined=joined))
        alone = lead in self._fresh and not self._taken.get(lead)
        self._taken[lead].append(one)
        self._candidates.give(one.profile, lead, alone)

    def _resembling(
        self, one: Profile, known: Sequence[str], others: Sequence[str]
    ) -> list[tuple[str, Verdict]]:
        """The leads that tell the demand of this notice, the most alike first. known: the lead it
        belongs to by its identifiers, if any; others: those it is known to differ from."""
        ours = [one, *(part for lead in known for part in self._profiles(lead))]
        leads = [lead for lead in self._candidates.of(one) if lead not in {*known, *others}]
        judged = [(lead, self._judge([one], lead)) for lead in leads]
        judged.sort(key=lambda told: (-told[1].score, told[0]))
        found = []
        for lead, verdict in judged:
            # Each may contradict what the notice already belongs to.
            if verdict.same and (len(ours) == 1 or self._judge(ours, lead).same):
                found.append((lead, verdict))
                ours += self._profiles(lead)
        return found

    def _told_apart(self, one: Profile, *leads: str) -> bool:
        """Whether somebody said that these leads, which a notice names both, are two."""
        sides = [{part.identity for part in self._profiles(lead)} for lead in leads]
        apart = record.kept_apart(self._connection, [one.identity, *sides[0], *sides[1]])
        return any(frozenset((a, b)) in apart for a in sides[0] for b in sides[1])

    def _judge(self, ours: Sequence[Profile], lead: str) -> Verdict:
        apart = self._apart
        if len(ours) > 1:
            apart = record.kept_apart(self._connection, [one.identity for one in ours])
        return judge(ours, self._profiles(lead), apart, self._meaning)

    def _profiles(self, lead: str) -> list[Profile]:
        if lead not in self._compared:
            self._compared[lead] = [profile(draft) for _, draft in self._recorded(lead)]
        return self._compared[lead] + [one.profile for one in self._taken.get(lead, [])]

    def _born(self, one: Understood) -> str:
        """Id of a new lead. A key that another demand already bears is told apart by its words."""
        notice = one.arrival.notice
        taken = notice.key in self._leads[notice.source]
        return lead_id(notice.source, f"{notice.key} {one.fingerprint}" if taken else notice.key)

    def _agreeing(self, draft: Draft, name: str, known: dict[str, str]) -> str:
        """The first of the leads known by a name that the notice can speak of, "" if none."""
        leads = _leads_under(known, name)
        return next((lead for lead in leads if self._agrees(draft, lead)), "")

    def _agrees(self, draft: Draft, lead: str) -> bool:
        # Who replaces its own words may correct all of them.
        own = draft.notice.change in REPLACING
        return own or any(not contradict(draft, earlier) for _, earlier in self._parts(lead))

    def _another_call(self, notice: Notice, known: dict[str, str], lead: str) -> bool:
        """Whether one prior notice announced several calls and this is not the first: each call
        is a demand of its own."""
        if notice.stage != "open" or notice.change or notice.key in known:
            return False
        if notice.process and f"={notice.process}" in known:
            return False
        return any(
            one.notice.stage == "open" and not one.notice.change for one, _ in self._parts(lead)
        )

    def _recorded(self, lead: str) -> list[tuple[Arrival, Draft]]:
        if lead in self._fresh:
            return []
        if lead not in self._before:
            arrivals = self._ledger.arrivals(self._connection, lead)
            self._before[lead] = [(one, self._draft(one)) for one in arrivals]
        return self._before[lead]

    def _parts(self, lead: str) -> list[tuple[Arrival, Draft]]:
        """All the notices of a lead so far, those of this transaction last."""
        now = [(one.arrival, one.draft) for one in self._taken.get(lead, [])]
        return self._recorded(lead) + now

    def _merge(self, lost: str, kept: str) -> None:
        self._ledger.hand_over(self._connection, lost, kept)
        self._candidates.merge(lost, kept)
        self._taken[kept] += self._taken.pop(lost, [])
        self._before, self._compared = {}, {}
        self._fresh.discard(kept)
        self.merged[lost] = kept
        for known in self._leads.values():
            known |= {key: kept for key, lead in known.items() if lead == lost}

    def close(self) -> list[Lead]:
        """Write notices and names down; the leads they touched, made anew from all their notices,
        and those that were lost, which now lead to the one that took them over."""
        taken = {lead: some for lead, some in self._taken.items() if some}
        told = [fold(lead, self._parts(lead)) for lead in taken]
        self._ledger.record(
            self._connection,
            [(one.arrival, one.fingerprint, lead) for lead, some in taken.items() for one in some],
        )
        self._ledger.name(
            self._connection,
            [
                (source, key, lead)
                for source, known in self._leads.items()
                for key, lead in known.items()
            ],
        )
        self._candidates.close()
        return told + self._lost()

    def _lost(self) -> list[Lead]:
        held = self._ledger.store.read(self._connection, self.merged)
        return [
            held[lost].model_copy(update={"status": "withdrawn", "merged_into": kept})
            for lost, kept in self.merged.items()
            if lost in held
        ]
