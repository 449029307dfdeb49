"""What a run did with all that it received, item by item, so that nothing goes missing."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

# Details and reasons told apart in one report, and the name of the rest.
DISTINCT, OTHERS = 5_000, "(autres)"

OUTCOMES = ("new", "updated", "joined", "duplicates", "quarantined")


def by_subject(remarks: Counter[tuple[str, str]]) -> dict[str, list[tuple[str, int]]]:
    """Remarks, (subject, detail) → times, grouped by subject, the most frequent first."""
    subjects: dict[str, list[tuple[str, int]]] = {}
    for (subject, detail), times in remarks.most_common():
        subjects.setdefault(subject, []).append((detail, times))
    return subjects


@dataclass(slots=True)
class Report:
    """Counts of one run. Every item received ends in exactly one of the ``OUTCOMES``.

    number: of the run in the record. joined: notices that tell, under another identifier, a demand
    already known. domestic: new leads of French buyers, kept but not shown by default (among
    ``new``). merged: leads that turned out to be one. remarks: (subject, detail) → times.
    """

    number: int = 0
    documents: int = 0
    received: int = 0
    new: int = 0
    updated: int = 0
    joined: int = 0
    duplicates: int = 0
    quarantined: int = 0
    domestic: int = 0
    merged: int = 0
    remarks: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)

    def add(self, part: "Report") -> None:
        """Count what another report counts. Of details and reasons, a million of which may differ,
        those met once ``DISTINCT`` are known count together, as others."""
        for name in (*OUTCOMES, "documents", "received", "domestic", "merged"):
            setattr(self, name, getattr(self, name) + getattr(part, name))
        for (subject, detail), times in part.remarks.items():
            known = (subject, detail) in self.remarks or len(self.remarks) < DISTINCT
            self.remarks[subject, detail if known else OTHERS] += times
        for reason, times in part.reasons.items():
            known = reason in self.reasons or len(self.reasons) < DISTINCT
            self.reasons[reason if known else OTHERS] += times
        self.sources.update(part.sources)

    def balanced(self) -> bool:
        """received = new + updated + joined + duplicates + quarantined."""
        return bool(self.received == sum(getattr(self, outcome) for outcome in OUTCOMES))

    def by_subject(self) -> dict[str, list[tuple[str, int]]]:
        """Remarks grouped by subject, the most frequent first."""
        return by_subject(self.remarks)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object, for the record and for ``--json``."""
        return {
            "documents": self.documents,
            "received": self.received,
            **{outcome: getattr(self, outcome) for outcome in OUTCOMES},
            "domestic": self.domestic,
            "merged": self.merged,
            "balanced": self.balanced(),
            "sources": dict(self.sources),
            "reasons": dict(self.reasons.most_common(50)),
            "remarks": {
                subject: dict(details[:50]) for subject, details in self.by_subject().items()
            },
        }
