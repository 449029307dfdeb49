"""The last step before the record: what analysts and rules decided of leads made anew.

A lead is a function of its notices and of the decisions in force on it, in whatever order both
came. Decisions are never overwritten: corrected fields stay, and where a source changes one of
them, the lead goes back to the queue. A rule, or the throttling of a source, decides once, for
leads on which nobody ever decided and which are not shown yet; that too is a decision, which a
person may undo.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, select

from index import audit, reviews, rules, waiting
from index.lead import Lead, Status
from index.reviews import VERDICTS, Kind, Review
from index.tables import lead as lead_table
from ingest.corrections import NAMES, Corrected, coded, corrected, corrections, facts
from ingest.doubt import Doubt, doubt, doubts, total
from ingest.ledger import batched
from ingest.rules import ruling
from ingest.source import Source

STATUS: Mapping[Kind, Status] = {"publish": "published", "hold": "proposed", "reject": "rejected"}

Coding = Callable[[list[Lead]], list[Lead]]


@dataclass(frozen=True, slots=True)
class Signals:
    """What usefulness tells of leads. throttled: sources and rules whose new leads wait. disliked:
    lead → what people said against it (French)."""

    throttled: frozenset[str] = frozenset()
    disliked: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


NO_SIGNALS = Signals()


def decide(
    connection: Connection,
    folded: Sequence[Lead],
    code: Coding,
    pages: Mapping[str, Source],
    now: datetime,
    signals: Signals = NO_SIGNALS,
) -> list[Lead]:
    """The leads as decided, to be written in the same transaction; their place in the queue is.

    folded: as their notices tell them, and those that another took over. code: classifies.
    """
    reviews.hand_down(connection, folded)
    live = [lead for lead in folded if not lead.merged_into]
    told = reviews.of(connection, [lead.id for lead in live])
    force = {lead: reviews.in_force(decided) for lead, decided in told.items()}
    said = {lead.id: corrections(lead, force[lead.id]) for lead in live}
    classified = code([coded(lead, said[lead.id].fields) for lead in live])
    full = [corrected(lead, said[lead.id].fields, pages) for lead in classified]
    seen = {lead.id: facts(lead) for lead in live}
    free = [lead for lead in full if not told[lead.id] and lead.status != "withdrawn"]
    for ruled in _rule(connection, free, seen, now, signals):
        force[ruled.lead].append(ruled)
    named = {one.signature: one.name for one in rules.every(connection)}
    made = [_standing(lead, force[lead.id]) for lead in full]
    rows = [
        place(lead, _reasons(lead, force[lead.id], said[lead.id], pages, signals, named))
        for lead in made
    ]
    waiting.replace(connection, [lead.id for lead in folded], [row for row in rows if row])
    return [*made, *(lead for lead in folded if lead.merged_into)]


def _rule(
    connection: Connection,
    free: Sequence[Lead],
    seen: Mapping[str, Mapping[str, str]],
    now: datetime,
    signals: Signals,
) -> list[Review]:
    """What rules decide of the leads on which nobody did; written down."""
    active = rules.active(connection)
    if not free or not (active or signals.throttled):
        return []
    statuses = _statuses(connection, [lead.id for lead in free])
    made = []
    for lead in free:
        if statuses.get(lead.id) == "published":
            continue
        rule = ruling(active, lead)
        if rule and rule.verdict == "publish" and rule.signature in signals.throttled:
            who = f"frein:{rule.signature}"
            one = Review(lead.id, now, who, "hold", rule.name, seen=seen[lead.id])
        elif rule:
            one = Review(lead.id, now, rule.signature, rule.verdict, rule.name, seen=seen[lead.id])
        elif lead.source in signals.throttled and lead.id not in statuses:
            one = Review(lead.id, now, f"frein:{lead.source}", "hold", seen=seen[lead.id])
        else:
            continue
        number = reviews.write(connection, one)
        after = {"status": STATUS[one.kind], "decision": number, "why": one.why}
        audit.note(connection, now, one.who, one.kind, f"lead:{lead.id}", None, after)
        made.append(one)
    return made


def _statuses(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Status of the leads that the record holds."""
    found: dict[str, str] = {}
    columns = (lead_table.c.id, lead_table.c.status)
    for some in batched(ids):
        rows = connection.execute(select(*columns).where(lead_table.c.id.in_(some)))
        found |= {str(lead): str(status) for lead, status in rows}
    return found


def verdict(decided: Sequence[Review]) -> Review | None:
    """The decision in force that says whether a lead is shown, None when there is none. Of the
    leads that it was made of, what one published stays published though another was rejected."""
    last = {one.lead: one for one in decided if one.kind in VERDICTS}
    ranked = sorted(last.values(), key=lambda one: (VERDICTS.index(one.kind), -one.id))
    return ranked[0] if ranked else None


def _standing(lead: Lead, decided: Sequence[Review]) -> Lead:
    one = verdict(decided)
    # What a source took back, nobody shows.
    if one is None or lead.status == "withdrawn":
        return lead
    return lead.model_copy(update={"status": STATUS[one.kind]})


def _reasons(
    lead: Lead,
    decided: Sequence[Review],
    said: Corrected,
    pages: Mapping[str, Source],
    signals: Signals,
    named: Mapping[str, str],
) -> list[Doubt]:
    """Why an analyst should look at it, the heaviest reason first."""
    found = []
    if said.changed:
        fields = " et ".join(NAMES[name] for name in said.changed)
        found.append(doubt("changed", fields=fields))
    if lead.id in signals.disliked:
        found.append(doubt("votes", votes=signals.disliked[lead.id]))
    one = verdict(decided)
    if one is not None and one.kind == "hold" and not one.by_person:
        kind = one.who.partition(":")[0]
        found.append(doubt(kind, rule=f"« {named.get(one.who, one.why)} »"))
    if one is None or not one.by_person or one.kind == "hold":
        found += doubts(lead, pages.get(lead.source))
    return sorted(found, key=lambda one: -one.weight)


def place(lead: Lead, reasons: Sequence[Doubt]) -> waiting.Waiting | None:
    """Its row in the queue, None when it does not wait."""
    second = lead.status == "published" and any(one.second_look for one in reasons)
    if lead.status != "proposed" and not second:
        return None
    tags = [f"raison:{kind}" for kind in dict.fromkeys(one.kind for one in reasons)]
    return waiting.Waiting(
        lead=lead.id,
        status=lead.status,
        source=lead.source,
        country=lead.country,
        doubt=total(reasons),
        deadline=lead.deadline,
        tags=(*tags, *(f"secteur:{name}" for name in lead.sectors)),
        reasons=tuple(one.label for one in reasons),
    )
