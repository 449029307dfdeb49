"""How good what a partner submits is: what was accepted, why the rest was not, what is missing."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, and_, select

from index.submission_tables import submission, submission_version
from index.tables import lead, lead_key
from ingest.submissions.demand import HELPFUL

# What a score looks back at, and how many demands at most.
WINDOW, _MOST = timedelta(days=90), 5_000
# Weights of a score of 100: what was accepted, what nobody had told before, what is complete.
_ACCEPTED, _ORIGINAL, _COMPLETE = 60, 20, 20


@dataclass(frozen=True, slots=True)
class Score:
    """What became of the demands of a partner, changed within ``WINDOW``. waiting: of nobody's
    decision yet. reasons: why others were refused (French) → times. missing: field of ``HELPFUL`` →
    demands without it. joined: demands that were known already."""

    demands: int = 0
    accepted: int = 0
    refused: int = 0
    withdrawn: int = 0
    waiting: int = 0
    joined: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)

    @property
    def mark(self) -> int | None:
        """0 to 100, None as long as nothing was decided."""
        decided = self.accepted + self.refused
        if not decided:
            return None
        lacking = sum(self.missing.values()) / (self.demands * len(HELPFUL))
        original = 1 - self.joined / self.demands
        points = _ACCEPTED * self.accepted / decided + _ORIGINAL * original
        return round(points + _COMPLETE * (1 - lacking))


def score(connection: Connection, partner: str, now: datetime) -> Score:
    """The score of a partner; what was only tried does not count."""
    last = and_(
        submission_version.c.submission == submission.c.id,
        submission_version.c.version == submission.c.version,
    )
    named = and_(
        lead_key.c.source == submission.c.partner, lead_key.c.key == submission.c.reference
    )
    columns = (submission.c.present, submission_version.c.outcome, submission_version.c.reason)
    rows = connection.execute(
        select(*columns, submission_version.c.told, lead.c.status)
        .join(submission_version, last)
        .outerjoin(lead_key, named)
        .outerjoin(lead, lead.c.id == lead_key.c.lead)
        .where(
            submission.c.partner == partner,
            submission.c.sandbox.is_(False),
            submission.c.changed >= now - WINDOW,
        )
        .order_by(submission.c.id.desc())
        .limit(_MOST)
    )
    counts, reasons, missing = Counter[str](), Counter[str](), Counter[str]()
    for row in rows:
        kind, why = _standing(row)
        counts.update((kind, "demands"))
        counts["joined"] += row.outcome == "joined"
        reasons.update(why)
        missing.update(orjson.loads(row.told).get("missing", ()))
    return Score(**counts, reasons=reasons, missing=missing)


def _standing(row: Any) -> tuple[str, list[str]]:
    if not row.present:
        return "withdrawn", []
    if row.outcome == "refused":
        return "refused", [row.reason]
    if row.outcome and row.status == "rejected":
        return "refused", ["Écartée par un analyste"]
    decided = row.outcome and row.status in ("published", "expired")
    return ("accepted" if decided else "waiting"), []
