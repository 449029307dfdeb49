"""What analysts decide of a lead, on the spot: the decision is kept, the lead made anew.

All in one transaction: the decision, what it moves, the lead, the audit trail, the labelled texts.
Writers queue on the record, so two analysts never decide at once; who looked at an older state of
the lead than the present one is told so (``Conflict``), and nothing of his is applied.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from index import audit, reviews, waiting
from index.coding import Coder
from index.lead import Lead, lead_id
from index.reviews import VERDICTS, Corrections, Kind, Review
from index.store import LeadStore
from ingest import handover
from ingest.classify import classify
from ingest.corrections import facts
from ingest.decide import NO_SIGNALS, Signals, decide
from ingest.doubles import Double, doubles
from ingest.doubt import doubts
from ingest.fold import fold
from ingest.handover import Placed
from ingest.labels import Labels
from ingest.ledger import Arrival, Ledger
from ingest.lookups import explained
from ingest.normalise import Draft
from ingest.price import Rates
from ingest.recode import codings_known
from ingest.source import Source
from ingest.understanding import Understanding


class Refusal(Exception):  # noqa: N818 reads as what happened
    """What is asked cannot be done; the message is French and meant for people."""


class Conflict(Exception):  # noqa: N818 reads as what happened
    """Somebody, or a notice, changed the lead meanwhile. lead: as it is now."""

    def __init__(self, lead: Lead) -> None:
        super().__init__(lead.id)
        self.lead = lead


class Curation:
    """Decisions on the leads of a record. Safe to share between threads and processes.

    pages: of all sources. coder: classifies texts that it did not classify before. signals: what
    usefulness tells. Methods raise LookupError for an unknown lead, Conflict, Refusal.
    sequence: of the lead that the person looked at.
    """

    def __init__(
        self,
        store: LeadStore,
        pages: Mapping[str, Source],
        rates: Rates,
        coder: Coder,
        clock: Callable[[], datetime],
        signals: Callable[[Connection], Signals] = lambda connection: NO_SIGNALS,
    ) -> None:
        self.store, self.ledger, self.pages = store, Ledger(store), pages
        self.coder, self.clock, self.signals = coder, clock, signals
        self.rates = rates

    def review(
        self,
        lead: str,
        sequence: int,
        who: str,
        kind: Kind,
        why: str = "",
        fields: Corrections | None = None,
    ) -> Lead:
        """Publish, reject, hold or correct a lead; ``fields`` as in ``index.reviews.Review``."""
        if kind not in (*VERDICTS, "correct"):
            raise ValueError(kind)
        if kind == "reject" and not why.strip():
            raise Refusal("Dites pourquoi ce lead est rejeté.")
        if kind == "correct" and not fields:
            raise Refusal("Rien n’est corrigé.")
        now = self.clock()
        with self.store.writing() as connection:
            held = self._current(connection, lead, sequence)
            folded = self._fold(connection, lead)
            labels = Labels(connection, folded)
            moved = labels.before(fields or {})
            one = Review(lead, now, who, kind, why.strip(), fields or {}, facts(folded), moved)
            labels.keep(fields or {}, who, now)
            return self._decided(connection, one, [folded], [held])

    def merge(self, lost: tuple[str, int], kept: tuple[str, int], who: str, why: str = "") -> Lead:
        """One demand: the notices of the first lead (id, sequence) go to the second."""
        now, (gone, heir) = self.clock(), (lost[0], kept[0])
        if gone == heir:
            raise Refusal("Un lead ne se réunit pas à lui-même.")
        with self.store.writing() as connection:
            theirs, ours = (self._current(connection, *one) for one in (lost, kept))
            if theirs.fictitious != ours.fictitious:
                raise Refusal("Un exemple fictif ne se réunit pas à une vraie demande.")
            sides = [self._identities(connection, one) for one in (gone, heir)]
            moved: dict[str, Any] = {"lost": gone}
            moved["lifted"] = handover.together(connection, *sides)
            moved["held"] = handover.merge(self.ledger, connection, gone, heir)
            folded = self._fold(connection, heir)
            one = Review(heir, now, who, "merge", why.strip(), {}, facts(folded), moved)
            left = theirs.model_copy(update={"status": "withdrawn", "merged_into": heir})
            return self._decided(connection, one, [folded, left], [ours, theirs])

    def split(
        self, lead: str, sequence: int, identities: Sequence[str], who: str, why: str = ""
    ) -> list[Lead]:
        """Not one demand: each of these notices (``Placed.identity``) is a lead of its own, for
        ever; all of them when none is named. The leads, the first being what stays."""
        now = self.clock()
        with self.store.writing() as connection:
            held = self._current(connection, lead, sequence)
            some = handover.placed(self.ledger, connection, lead)
            groups = self._groups(connection, lead, some, identities)
            names = [name for name, _ in groups]
            known = self.store.read(connection, names)
            leaving = {one.identity for _, group in groups for one in group}
            staying = [one.identity for one in some if one.identity not in leaving]
            gone = [sorted({one.identity for one in group}) for _, group in groups]
            moved: dict[str, Any] = {"made": names}
            moved["apart"] = handover.apart(
                connection, [list(dict.fromkeys(staying)), *gone], who, why, now
            )
            moved["held"] = handover.split(
                self.ledger, connection, lead, groups, self._draft(connection)
            )
            folded = [self._fold(connection, name) for name in (lead, *names)]
            one = Review(lead, now, who, "split", why.strip(), {}, facts(folded[0]), moved)
            before = [held, *known.values()]
            self._decided(connection, one, folded, before)
            made = self.store.read(connection, [lead, *names])
            return [made[name] for name in (lead, *names)]

    def undo(self, lead: str, sequence: int, number: int, who: str, why: str = "") -> Lead:
        """Take a decision back: what it moved returns, the lead says what it said before."""
        now = self.clock()
        with self.store.writing() as connection:
            held = self._current(connection, lead, sequence)
            decided = reviews.in_force(reviews.of(connection, [lead])[lead])
            target = next((one for one in decided if one.id == number), None)
            if target is None:
                raise Refusal("Cette décision n’est plus en vigueur.")
            before = reviews.before(connection, number)
            others = self._move_back(connection, lead, target, before)
            folded = self._fold(connection, lead)
            rest = [other for other in decided if other is not target]
            Labels(connection, folded).take_back(target, rest)
            one = Review(lead, now, who, "undo", why.strip(), undoes=number)
            return self._decided(connection, one, [folded, *others], [held, *before])

    def doubles(self, lead: str) -> list[Double]:
        """Other leads that may tell the same demand."""
        with self.store.reading() as connection:
            return doubles(self.store, connection, lead, self._draft(connection), self.pages)

    def notices(self, lead: str) -> list[Placed]:
        """The notices of a lead, first recorded first."""
        with self.store.reading() as connection:
            return handover.placed(self.ledger, connection, lead)

    def doubts(self, lead: Lead) -> list[str]:
        """What is uncertain in a lead, or was written of it in the queue."""
        with self.store.reading() as connection:
            row = waiting.one(connection, lead.id)
        if row is not None and row.reasons:
            return list(row.reasons)
        return [one.label for one in doubts(lead, self.pages.get(lead.source))]

    def _current(self, connection: Connection, lead: str, sequence: int) -> Lead:
        held = self.store.read(connection, [lead]).get(lead)
        if held is None:
            raise LookupError(lead)
        if held.sequence != sequence:
            raise Conflict(held)
        if held.merged_into:
            raise Refusal("Ce lead est réuni à un autre : c’est celui-là qu’il faut ouvrir.")
        return held

    def _fold(self, connection: Connection, lead: str) -> Lead:
        """The lead as its notices tell it."""
        arrivals = self.ledger.arrivals(connection, lead)
        if not arrivals:
            raise Refusal("Aucun avis de ce lead n’est conservé : rien ne peut en être décidé.")
        if missing := {one.notice.source for one in arrivals} - set(self.pages):
            raise Refusal(f"La source {min(missing)} n’a plus de fiche : ses avis sont illisibles.")
        draft = self._draft(connection)
        return fold(lead, [(one, draft(one)) for one in arrivals])

    def _draft(self, connection: Connection) -> Callable[[Arrival], Draft]:
        """What understands notices, by the pages and the words that people explained since."""
        pages = explained(connection, self.pages)
        return Understanding(pages, self.rates, self.coder).draft

    def _identities(self, connection: Connection, lead: str) -> list[str]:
        some = handover.placed(self.ledger, connection, lead)
        return list(dict.fromkeys(one.identity for one in some))

    def _groups(
        self, connection: Connection, lead: str, some: Sequence[Placed], wanted: Sequence[str]
    ) -> list[tuple[str, list[Placed]]]:
        """The leads that notices leave for. All versions of one notice go together."""
        every = list(dict.fromkeys(one.identity for one in some))
        stays = lead if lead in every else every[0]
        gone = [one for one in every if one in wanted or (not wanted and one != stays)]
        if not gone or len(gone) == len(every):
            raise Refusal("Choisissez des avis à détacher, et laissez-en un au moins.")
        groups = []
        for identity in gone:
            group = [one for one in some if one.identity == identity]
            groups.append((self._name(connection, lead, group), group))
        return groups

    def _name(self, connection: Connection, lead: str, group: Sequence[Placed]) -> str:
        """The id of the lead that these notices will be: the one they would have alone, or had,
        unless another lead bears it."""
        first = group[0]
        taken = self.store.read(connection, [first.identity]).get(first.identity)
        if taken is None or taken.merged_into == lead:
            return first.identity
        notice = first.arrival.notice
        return lead_id(notice.source, f"{notice.key} {first.fingerprint}")

    def _move_back(
        self, connection: Connection, lead: str, target: Review, before: Sequence[Lead]
    ) -> list[Lead]:
        """What a merge or a split moved returns; the other leads that this makes anew."""
        if target.kind == "merge":
            return self._part(connection, lead, target)
        if target.kind == "split":
            return self._reunite(connection, lead, target, before)
        return []

    def _part(self, connection: Connection, lead: str, target: Review) -> list[Lead]:
        lost, ours = target.moved["held"]
        if handover.holders(connection, lost) != {lead}:
            raise Refusal("Ses avis ont été déplacés depuis : défaites d’abord cette décision-là.")
        handover.restore(connection, lead, [lost, ours] if ours["lead"] == lead else [lost])
        handover.part(connection, target.moved["lifted"])
        return [self._fold(connection, lost["lead"])]

    def _reunite(
        self, connection: Connection, lead: str, target: Review, before: Sequence[Lead]
    ) -> list[Lead]:
        ours = target.moved["held"][0]
        if ours["lead"] != lead or not handover.holders(connection, ours) <= {
            lead,
            *target.moved["made"],
        }:
            raise Refusal("Ses avis ont été déplacés depuis : défaites d’abord cette décision-là.")
        names = target.moved["made"]
        made = self.store.read(connection, names)
        for name in names:
            handover.merge(self.ledger, connection, name, lead)
        handover.restore(connection, lead, [ours])
        handover.rejoin(connection, target.moved["apart"])
        known = {one.id: one for one in before}
        return [
            known.get(name) or one.model_copy(update={"status": "withdrawn", "merged_into": lead})
            for name, one in made.items()
        ]

    def _decided(
        self,
        connection: Connection,
        one: Review,
        folded: Sequence[Lead],
        before: Sequence[Lead],
    ) -> Lead:
        """Keep the decision, write the leads anew and the trail; the first lead."""
        number = reviews.write(connection, one, before)
        told = decide(
            connection,
            folded,
            lambda leads: self._coded(leads, before),
            self.pages,
            one.at,
            self.signals(connection),
        )
        made = {lead.id: lead for lead in self.store.put(connection, told)}
        lead = made[one.lead]
        was, now = _differences(before[0], lead)
        now |= {"decision": number} | ({"why": one.why} if one.why else {})
        if one.undoes is not None:
            now["undoes"] = one.undoes
        if others := sorted(set(made) - {lead.id}):
            now["leads"] = others
        audit.note(connection, one.at, one.who, one.kind, f"lead:{lead.id}", was, now)
        return lead

    def _coded(self, leads: Sequence[Lead], before: Sequence[Lead]) -> list[Lead]:
        return classify(leads, self.coder, codings_known(leads, before))


def _told(lead: Lead) -> dict[str, Any]:
    """What the trail tells of a lead."""
    codes = [f"{code.scheme} {code.code}" for code in lead.told if code.scheme != "NAF"]
    french = next((text.title for text in lead.texts[1:] if text.language == "fr"), "")
    return {
        "status": lead.status,
        "stage": lead.stage,
        "country": lead.country,
        "deadline": lead.deadline.isoformat() if lead.deadline else "",
        "codes": codes,
        "title": french,
        "notices": len(lead.provenances),
    }


def _differences(before: Lead, after: Lead) -> tuple[dict[str, Any], dict[str, Any]]:
    was, now = _told(before), _told(after)
    changed = [name for name in was if was[name] != now[name]]
    return {name: was[name] for name in changed}, {name: now[name] for name in changed}
