"""Other leads that may tell the same demand as one, for an analyst to say."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from index.lead import Lead
from index.store import LeadStore
from index.tables import lead_signature
from ingest.dedupe import known
from ingest.dedupe.compare import Verdict, judge
from ingest.dedupe.profile import Profile, profile
from ingest.ledger import Arrival, Ledger
from ingest.normalise import Draft
from ingest.source import Source

# Leads compared, and shown.
_COMPARED, _SHOWN = 10, 5


class Double(NamedTuple):
    """A lead that shares marks with another; verdict: as ingestion judges the two."""

    lead: Lead
    verdict: Verdict


def doubles(
    store: LeadStore,
    connection: Connection,
    lead: str,
    draft: Callable[[Arrival], Draft],
    pages: Mapping[str, Source],
) -> list[Double]:
    """The likeliest doubles of a lead that ingestion left apart, the most alike first."""
    mine = select(lead_signature.c.signature).where(lead_signature.c.lead == lead)
    marks = connection.execute(mine).scalars()
    borne = known.bearers(connection, map(known.Asked, marks))
    shared = Counter(one.lead for some in borne.bearers.values() for one in some)
    del shared[lead]
    names = [name for name, _ in shared.most_common(_COMPARED)]
    held = store.read(connection, names)

    def profiles(name: str) -> list[Profile]:
        arrivals = Ledger(store).arrivals(connection, name)
        return [profile(draft(one)) for one in arrivals if one.notice.source in pages]

    ours = profiles(lead)
    apart = known.kept_apart(connection, [one.identity for one in ours])
    found = [
        Double(held[name], judge(ours, theirs, apart))
        for name in names
        if name in held and not held[name].merged_into and ours and (theirs := profiles(name))
    ]
    found.sort(key=lambda one: (-one.verdict.score, one.lead.id))
    return found[:_SHOWN]
