"""What the record knows of likeness: which leads bear a signature, and what people set apart."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, or_, select

from index.store import upsert
from index.tables import distinct, lead_signature
from ingest.ledger import batched

# Leads under one signature that are proposed. Hundreds of « Legal services » share a title; a
# demand told twice also shares rarer marks.
CROWD = 50


class Bearer(NamedTuple):
    """A lead that bears a signature by a notice of this source. managed: the notice has an
    identifier of its demand."""

    lead: str
    source: str
    managed: bool


def bearers(connection: Connection, signatures: Iterable[int]) -> dict[int, list[Bearer]]:
    """Signature → the leads that bear it, at most ``CROWD`` each."""
    found: dict[int, list[Bearer]] = {}
    columns = lead_signature.c
    number = func.row_number().over(partition_by=columns.signature, order_by=columns.lead)
    for some in batched(sorted(signatures)):
        ranked = select(lead_signature, number.label("n")).where(columns.signature.in_(some))
        told = ranked.subquery()
        for row in connection.execute(select(told).where(told.c.n <= CROWD)):
            found.setdefault(row.signature, []).append(Bearer(row.lead, row.source, row.managed))
    return found


def remember(connection: Connection, borne: Iterable[tuple[int, Bearer]]) -> None:
    """From now on these leads bear these signatures."""
    rows = {
        (signature, one.lead, one.source): {"signature": signature} | one._asdict()
        for signature, one in borne
    }
    upsert(connection, lead_signature, list(rows.values()), ["signature", "lead", "source"])


def hand_over(connection: Connection, lost: str, kept: str) -> None:
    """The signatures of one lead now belong to another."""
    of_lost = lead_signature.c.lead == lost
    rows = connection.execute(select(lead_signature).where(of_lost)).all()
    remember(connection, [(row.signature, Bearer(kept, row.source, row.managed)) for row in rows])
    connection.execute(delete(lead_signature).where(of_lost))


def set_apart(
    connection: Connection, one: str, other: str, who: str, why: str, at: datetime
) -> None:
    """Somebody decided that two notices tell two demands. one, other: ``Profile.identity``."""
    first, second = sorted((one, other))
    row = {"one": first, "other": second, "who": who, "why": why, "at": at}
    upsert(connection, distinct, [row], ["one", "other"])


def kept_apart(connection: Connection, identities: Sequence[str]) -> set[frozenset[str]]:
    """The decisions in which one of these notices has a part."""
    found: set[frozenset[str]] = set()
    for some in batched(identities):
        told = or_(distinct.c.one.in_(some), distinct.c.other.in_(some))
        rows = connection.execute(select(distinct.c.one, distinct.c.other).where(told))
        found |= {frozenset((str(one), str(other))) for one, other in rows}
    return found
