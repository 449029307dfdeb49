"""How long collections take, from the first request to the last lead written."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import select

from index.store import LeadStore, utc
from index.tables import collection, run


def admissions(store: LeadStore, since: datetime, until: datetime) -> dict[str, list[float]]:
    """Source → hours from the start of each collection of the network to the end of its ingestion,
    the time it was held included; those begun from ``since`` to ``until`` (aware) and let in."""
    asked = (
        select(collection.c.source, collection.c.started, run.c.finished)
        .join(run, run.c.id == collection.c.run)
        .where(collection.c.state == "promoted", collection.c.since.is_not(None))
        .where(collection.c.started >= since, collection.c.started < until)
        .where(run.c.finished.is_not(None))
    )
    found = defaultdict(list)
    with store.reading() as connection:
        for source, started, finished in connection.execute(asked):
            found[source].append((utc(finished) - utc(started)).total_seconds() / 3600)
    return dict(found)
