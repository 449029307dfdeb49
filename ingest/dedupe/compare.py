"""The decision: whether two notices, or two leads told by theirs, are one demand, and why.

First what forbids it, whatever else agrees; then what speaks for it, added up in points.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ingest.dedupe.contradictions import ALWAYS, CONTRADICTIONS
from ingest.dedupe.evidence import Meaning, facts, translation, unmeant, words
from ingest.dedupe.facts import one_language, same_day
from ingest.dedupe.profile import Profile

# Points from which two notices are one demand; a score of 1 is twice as many.
NEEDED = 6.0
# Within one source and one stage, two demands alike are more frequent than one told twice.
_MORE = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """same: whether it is one demand. score: 0–1, from 0.5 on when it is. reasons: French."""

    same: bool
    score: float
    reasons: tuple[str, ...]


def compare(one: Profile, other: Profile, meaning: Meaning = unmeant) -> Verdict:
    """Whether the two notices speak of one demand."""
    for contradiction in CONTRADICTIONS:
        if reason := contradiction(one, other):
            return Verdict(False, 0.0, (reason,))
    points = list(facts(one, other))
    points += words(one, other) if one_language(one, other) else translation(one, other, meaning)
    total = sum(point for point, _ in points)
    if one.source == other.source and one.stage == other.stage:
        total -= _MORE
    reasons = tuple(reason for point, reason in points if point)
    return Verdict(total >= NEEDED, round(min(max(total / (2 * NEEDED), 0.0), 1.0), 2), reasons)


def _forbidden(ours: Sequence[Profile], theirs: Sequence[Profile]) -> str:
    for one in ours:
        for other in theirs:
            for contradiction in ALWAYS:
                if reason := contradiction(one, other):
                    return reason
    mine, yours = ([one.deadline for one in side if one.deadline] for side in (ours, theirs))
    if not mine or not yours or any(same_day(one, other) for one in mine for other in yours):
        return ""
    return "échéances différentes"


def judge(
    ours: Sequence[Profile],
    theirs: Sequence[Profile],
    apart: Collection[frozenset[str]] = (),
    meaning: Meaning = unmeant,
) -> Verdict:
    """Whether two leads, each told by its notices, are one: two notices must be the same, and
    none may contradict. Where some can be compared in one language, a translation proves nothing.
    apart: pairs of identities that people said to be two demands."""
    pairs = {frozenset((one.identity, other.identity)) for one in ours for other in theirs}
    if not pairs.isdisjoint(apart):
        return Verdict(False, 0.0, ("dits distincts par une personne",))
    if reason := _forbidden(ours, theirs):
        return Verdict(False, 0.0, (reason,))
    couples = [(one, other) for one in ours for other in theirs]
    told = [couple for couple in couples if one_language(*couple)]
    verdicts = (compare(one, other, meaning) for one, other in told or couples)
    return max(verdicts, key=lambda verdict: (verdict.same, verdict.score))
