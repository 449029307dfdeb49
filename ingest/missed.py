"""What a crawl could not have, in quarantine: without bytes, known by its address."""

from collections.abc import Container
from datetime import datetime

from sqlalchemy import Connection, select, update

from index.tables import quarantine
from ingest.crawl import Crawl
from ingest.document import short
from ingest.ledger import Ledger, Refused

# Stands for the name of a document that never came.
NOT_RECEIVED = "(non reçu)"


def refuse_missed(
    ledger: Ledger, connection: Connection, run: int, source: str, crawl: Crawl, now: datetime
) -> None:
    """Each address that gave nothing is an entry, or one more attempt of the one it had."""
    for fault in (*crawl.missed, *crawl.errors):
        if fault.address:
            reason = f"Non reçu : {fault.sentence()}"
            place = short(fault.address)
            refused = Refused(source, NOT_RECEIVED, "", place, reason)
            ledger.refuse(connection, run, refused, now)


def release_received(
    connection: Connection, run: int, source: str, received: Container[str], now: datetime
) -> None:
    """Addresses that gave something at last leave quarantine, but for those of this run."""
    waiting = select(quarantine.c.id, quarantine.c.position).where(
        quarantine.c.source == source,
        quarantine.c.document == NOT_RECEIVED,
        quarantine.c.released.is_(None),
        quarantine.c.run != run,
    )
    found = [row.id for row in connection.execute(waiting) if row.position in received]
    for number in found:
        one = update(quarantine).where(quarantine.c.id == number)
        connection.execute(one.values(released=now))
