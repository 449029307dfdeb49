"""A rehearsal: what a demand would become, and the demands it resembles. Nothing is written."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from index import rules
from index.lead import Lead, lead_id
from ingest.classify import classify
from ingest.decide import STATUS
from ingest.dedupe.candidates import Candidates
from ingest.dedupe.compare import judge
from ingest.dedupe.known import kept_apart
from ingest.dedupe.profile import profile
from ingest.fold import fold
from ingest.linking import Understood
from ingest.notice import Notice, Received
from ingest.pipeline import Ingestion
from ingest.rules import ruling
from ingest.understanding import Given, Lot

# Likeness worth telling, and how many of those alike.
_ALIKE, _TOLD = 0.25, 5

# Who may be shown to a partner that resembles another's demand.
PUBLIC = ("published", "expired")


@dataclass(frozen=True, slots=True)
class Alike:
    """A lead that resembles a demand. same: it is the same one. reasons: French."""

    lead: str
    title: str
    same: bool
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """lead: None when the demand would be refused, for this reason (French)."""

    lead: Lead | None
    reason: str
    remarks: tuple[tuple[str, str], ...]
    alike: tuple[Alike, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object, as the record keeps it."""
        return {
            "lead": self.lead.model_dump(mode="json") if self.lead else None,
            "reason": self.reason,
            "remarks": [list(one) for one in self.remarks],
            "alike": [
                {
                    "lead": one.lead,
                    "title": one.title,
                    "same": one.same,
                    "score": one.score,
                    "reasons": list(one.reasons),
                }
                for one in self.alike
            ],
        }


def rehearse(ingestion: Ingestion, notice: Notice, now: datetime) -> Rehearsal:
    """What ingestion would make of a notice, taken alone."""
    lot = Lot([Given(notice.source, "", Received("", notice))], now)
    (told,) = ingestion.understanding.understood(lot, ingestion.understanding.read(lot))
    if isinstance(told, str):
        return Rehearsal(None, told, (), ())
    lead = fold(lead_id(notice.source, notice.key), [(told.arrival, told.draft)])
    (coded,) = classify([lead], ingestion.coder)
    with ingestion.ledger.store.reading() as connection:
        alike = _alike(ingestion, connection, told)
        if rule := ruling(rules.active(connection), coded):
            coded = coded.model_copy(update={"status": STATUS[rule.verdict]})
    return Rehearsal(coded, "", told.draft.remarks, alike)


def _alike(ingestion: Ingestion, connection: Connection, told: Understood) -> tuple[Alike, ...]:
    ledger, pages = ingestion.ledger, ingestion.pages
    notice = told.arrival.notice
    own = ledger.leads_known(connection, notice.source, [notice.key]).values()
    candidates = Candidates(ledger.store, connection, {told.profile: told.marks}, pages)
    near = [lead for lead in candidates.of(told.profile) if lead not in own]
    apart = kept_apart(connection, [told.profile.identity])
    held = ledger.store.read(connection, near)
    found = []
    for identifier in near:
        lead = held.get(identifier)
        if lead is None or lead.status not in PUBLIC or lead.merged_into:
            continue
        arrivals = ledger.arrivals(connection, identifier)
        theirs = [profile(ingestion.understanding.draft(one)) for one in arrivals]
        verdict = judge([told.profile], theirs, apart, ingestion.meaning)
        if verdict.score >= _ALIKE:
            found.append(
                Alike(identifier, lead.title, verdict.same, verdict.score, verdict.reasons)
            )
    found.sort(key=lambda one: (not one.same, -one.score, one.lead))
    return tuple(found[:_TOLD])
