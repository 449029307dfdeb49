"""Which rule decides for a lead, and what a rule would have decided for past ones."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from index.lead import Lead
from index.reviews import VERDICTS, Review
from index.rules import Conditions, Rule
from ingest.doubt import confidence
from taxonomies.fold import fold

# Leads shown of each kind in a rehearsal.
SAMPLES = 5


def matches(conditions: Conditions, lead: Lead) -> bool:
    """Whether a lead is all that the conditions ask."""
    return (
        conditions.source in ("", lead.source)
        and conditions.country in ("", lead.country)
        and (not conditions.sector or conditions.sector in lead.sectors)
        and (not conditions.confidence or confidence(lead) >= conditions.confidence)
        and (not conditions.words or _speaks(lead, conditions.words))
    )


def ruling(rules: Sequence[Rule], lead: Lead) -> Rule | None:
    """The first rule that matches."""
    return next((rule for rule in rules if matches(rule.conditions, lead)), None)


def _speaks(lead: Lead, words: Iterable[str]) -> bool:
    """Whether one of the words, or all words of one expression, one after the other, is said."""
    said = f" {' '.join(fold(f'{text.title} {text.text}') for text in lead.texts)} "
    return any(_pattern(word) in said for word in words if fold(word))


def _pattern(word: str) -> str:
    return f" {fold(word)}" + ("" if word.rstrip().endswith("*") else " ")


@dataclass
class Rehearsal:
    """What a rule would have decided. total: leads looked at. matched: those of which it would
    have been the first to match. decided: what people decided of these, by verdict, "" for
    nothing. shown: how many of them are published today. samples: verdict of people → leads."""

    total: int = 0
    matched: int = 0
    shown: int = 0
    decided: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[Lead]] = field(default_factory=dict)


def rehearse(
    rule: Rule,
    before: Sequence[Rule],
    leads: Iterable[Lead],
    told: Callable[[Lead], tuple[Lead, str]],
) -> Rehearsal:
    """What a rule would have decided of past leads. before: the rules that come first. told: a
    lead as it was before people decided, and their verdict, "" for none."""
    found = Rehearsal()
    for lead in leads:
        found.total += 1
        first, verdict = told(lead)
        if ruling(before, first) is not None or not matches(rule.conditions, first):
            continue
        found.matched += 1
        found.shown += lead.status == "published"
        found.decided[verdict] += 1
        samples = found.samples.setdefault(verdict, [])
        if len(samples) < SAMPLES:
            samples.append(lead)
    return found


def verdict(decided: Sequence[Review]) -> str:
    """The last verdict of a person among the decisions in force, "" for none."""
    people = (one.kind for one in reversed(decided) if one.by_person and one.kind in VERDICTS)
    return next(people, "")
