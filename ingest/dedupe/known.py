"""What the record knows of likeness: which leads bear a signature, and what people set apart."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, TextClause, delete, or_, select, text

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


class Asked(NamedTuple):
    """A signature of a notice, and what forbids its lead to be another: see ``Bearer``. managed:
    the source of a notice that has an identifier of its demand, else ""."""

    signature: int
    country: str = ""
    deadline: int | None = None
    managed: str = ""


class Borne(NamedTuple):
    """bearers: signature → the leads that bear it and that nothing forbids. number: signature →
    how many bear it."""

    bearers: dict[int, list[Bearer]]
    number: dict[int, int]


# One parameter, a JSON list: a statement with 5,000 of them costs more than its answer. What is
# forbidden stays in the database, where telling it so costs a tenth of reading it.
_LISTS = {
    "sqlite": ("json_each(:asked) AS asked", "value", "json_extract(value, '$[{}]')"),
    "postgresql": (
        "jsonb_array_elements(CAST(:asked AS jsonb)) AS asked(value)",
        "value #>> '{}'",
        "(value ->> {})",
    ),
}
_COUNTED = """
SELECT signature, count(*) FROM lead_signature
WHERE signature IN (SELECT CAST(%s AS BIGINT) FROM %s) GROUP BY signature"""
_BORNE = """
SELECT DISTINCT borne.signature, lead, source, borne.managed, borne.country, borne.deadline
FROM (
    SELECT CAST(%s AS BIGINT) AS signature, %s AS country, CAST(%s AS INTEGER) AS deadline,
           %s AS managed
    FROM %s
) AS one JOIN lead_signature AS borne ON borne.signature = one.signature
WHERE (one.country = '' OR borne.country = '' OR borne.country = one.country)
  AND (one.deadline IS NULL OR borne.deadline IS NULL
       OR borne.deadline - one.deadline BETWEEN -1 AND 1)
  AND NOT (borne.managed AND borne.source = one.managed)
ORDER BY borne.signature, lead, source"""


@cache
def _statements(dialect: str) -> tuple[TextClause, TextClause]:
    """Counting, and reading."""
    table, whole, part = _LISTS[dialect]
    parts = [part.format(n) for n in range(len(Asked._fields))]
    return text(_COUNTED % (whole, table)), text(_BORNE % (*parts, table))


def bearers(connection: Connection, asked: Iterable[Asked]) -> Borne:
    """What the record knows of these signatures; of those of a crowd, only that."""
    counting, reading = _statements(connection.dialect.name)
    every = sorted(set(asked), key=lambda one: one.signature)
    signatures = orjson.dumps(list(dict.fromkeys(one.signature for one in every))).decode()
    number = dict(map(tuple, connection.execute(counting, {"asked": signatures})))
    rare = [one for one in every if 0 < number.get(one.signature, 0) < CROWD]
    found: dict[int, list[Bearer]] = {}
    rows = connection.execute(reading, {"asked": orjson.dumps(rare, default=tuple).decode()})
    for signature, lead, source, managed, *told in rows:
        found.setdefault(signature, []).append(Bearer(lead, source, bool(managed), *told))
    return Borne(found, number)


# Written once, for the driver itself: a notice has some ten.
_REMEMBERED = """
INSERT INTO lead_signature (signature, lead, source, managed, country, deadline)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (signature, lead, source) DO UPDATE
SET managed = excluded.managed, country = excluded.country, deadline = excluded.deadline"""


def remember(connection: Connection, borne: Iterable[tuple[int, Bearer]]) -> None:
    """From now on these leads bear these signatures."""
    rows = {(signature, one.lead, one.source): (signature, *one) for signature, one in borne}
    if rows:
        mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
        # Side by side in the table, they are written faster.
        told = [rows[key] for key in sorted(rows)]
        connection.exec_driver_sql(_REMEMBERED.replace("?", mark), told)


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
