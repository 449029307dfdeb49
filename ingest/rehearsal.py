"""What a rule would have decided of the leads of the last months."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from index import reviews, rules
from index.lead import Lead
from index.reviews import Review
from index.rules import Rule
from index.store import LeadStore
from index.tables import lead as lead_table
from ingest.rules import Rehearsal, rehearse, verdict

_BATCH = 500
# Leads looked at, the last first: enough to judge a rule, and a page that answers.
MOST = 20_000


def rehearsal(store: LeadStore, rule: Rule, months: int, now: datetime) -> Rehearsal:
    """A rule tried on the leads published in the last months, as they were before people decided;
    rules that are on and come first keep what they match."""
    with store.reading() as connection:
        first = [one for one in rules.active(connection) if one.id != rule.id]
        if rule.id:
            first = [one for one in first if one.place < rule.place]
        told: dict[str, tuple[Lead, str]] = {}
        leads = _leads(connection, now - timedelta(days=30 * months), told)
        return rehearse(rule, first, leads, lambda lead: told[lead.id])


def _leads(
    connection: Connection, since: datetime, told: dict[str, tuple[Lead, str]]
) -> Iterator[Lead]:
    recent = lead_table.c.published.is_(None) | (lead_table.c.published >= since)
    wanted = (
        select(lead_table.c.body)
        .where(recent, lead_table.c.status != "withdrawn")
        .order_by(lead_table.c.sequence.desc())
        .limit(MOST)
    )
    bodies = connection.execute(wanted).scalars().all()
    for start in range(0, len(bodies), _BATCH):
        leads = [Lead.model_validate_json(body) for body in bodies[start : start + _BATCH]]
        decided = reviews.of(connection, [lead.id for lead in leads])
        told.clear()
        told |= {lead.id: _before(connection, lead, decided) for lead in leads}
        yield from leads


def _before(
    connection: Connection, lead: Lead, decided: Mapping[str, Sequence[Review]]
) -> tuple[Lead, str]:
    """The lead before a person first decided, and what people decided."""
    people = [one for one in decided[lead.id] if one.by_person]
    if not people:
        return lead, ""
    held = (one for one in reviews.before(connection, people[0].id) if one.id == lead.id)
    return next(held, lead), verdict(reviews.in_force(decided[lead.id]))
