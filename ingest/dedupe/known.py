"""What the record knows of likeness: which leads bear a signature, and what people set apart."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, or_, select

from index.store import upsert
from index.tables import distinct, lead_signature
from ingest.ledger import batched

# Leads under one signature from which on it tells nothing: hundreds of « Legal services » share a
# title, thousands of one partner's demands the sentences of a form. A demand told twice also shares
# rarer marks.
CROWD = 50


class Bearer(NamedTuple):
    """A lead that bears a signature by a notice of this source. managed: the notice has an
    identifier of its demand. country, deadline (days since year 1): of the notice, "" and None
    when unknown."""

    lead: str
    source: str
    managed: bool
    country: str = ""
    deadline: int | None = None


class Borne(NamedTuple):
    """bearers: signature → the leads that bear it. crowded: signatures that tell nothing."""

    bearers: dict[int, list[Bearer]]
    crowded: set[int]


# Written once: a statement made anew for 5,000 signatures costs more than its answer.
_ASKED = lead_signature.c.signature.in_(bindparam("asked", expanding=True))
_COUNTED = (
    select(lead_signature.c.signature, func.count())
    .where(_ASKED)
    .group_by(lead_signature.c.signature)
)
_BORNE = (
    select(lead_signature.c.signature, *(lead_signature.c[name] for name in Bearer._fields))
    .where(_ASKED)
    .order_by(lead_signature.c.signature, lead_signature.c.lead)
)


def bearers(connection: Connection, signatures: Iterable[int]) -> Borne:
    """What the record knows of these signatures."""
    found: dict[int, list[Bearer]] = {}
    crowded: set[int] = set()
    for some in batched(sorted(signatures)):
        rare = []
        for signature, number in connection.execute(_COUNTED, {"asked": some}).all():
            if number < CROWD:
                rare.append(signature)
            else:
                crowded.add(signature)
        for signature, *bearer in connection.execute(_BORNE, {"asked": rare}).all():
            found.setdefault(signature, []).append(Bearer(*bearer))
    return Borne(found, crowded)


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
    borne = [
        (row.signature, Bearer(kept, row.source, row.managed, row.country, row.deadline))
        for row in rows
    ]
    remember(connection, borne)
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
