"""Is the index what the record says? Both are read in the order of their sequence, side by side."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from index.engine import SearchEngine
from index.lead import Lead
from index.store import LeadStore

# Ids told of each kind of difference.
_TOLD = 20


@dataclass(slots=True)
class Verified:
    """same: leads that are alike in both. missing: ids of those that the index lacks, or has in an
    older version; extra: those that it has and the record has not, or not so any more; different:
    those under the same sequence with another content. The first of each only; counts are whole.
    """

    same: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)

    def note(self, kind: str, lead: Lead) -> None:
        """One more difference."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        told = self.ids.setdefault(kind, [])
        if len(told) < _TOLD:
            told.append(lead.id)

    @property
    def identical(self) -> bool:
        """Whether nothing differs."""
        return not self.counts


def verify(store: LeadStore, engine: SearchEngine) -> Verified:
    """Compare record and index, lead by lead. What is written meanwhile may count as missing."""
    found = Verified()
    recorded = (lead for leads in store.changed_since(0) for lead in leads)
    for ours, theirs in _side_by_side(recorded, engine.held()):
        if theirs is None and ours is not None:
            found.note("missing", ours)
        elif ours is None and theirs is not None:
            found.note("extra", theirs)
        elif ours == theirs:
            found.same += 1
        elif ours is not None:
            found.note("different", ours)
    return found


def _side_by_side(
    recorded: Iterable[Lead], indexed: Iterable[Lead]
) -> Iterator[tuple[Lead | None, Lead | None]]:
    """Pairs of the same sequence; None where one side has none."""
    left, right = iter(recorded), iter(indexed)
    ours, theirs = next(left, None), next(right, None)
    while ours or theirs:
        first = min(one.sequence for one in (ours, theirs) if one)
        mine = ours if ours and ours.sequence == first else None
        other = theirs if theirs and theirs.sequence == first else None
        yield mine, other
        ours = next(left, None) if mine else ours
        theirs = next(right, None) if other else theirs
