"""Notices, names and marks that a person moves from one lead to another, so that they can be
moved back exactly."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, or_, select, update

from index.lead import lead_id
from index.store import upsert
from index.tables import distinct, lead_key, lead_signature, notice
from ingest.dedupe import known
from ingest.dedupe.profile import profile
from ingest.dedupe.signatures import signatures
from ingest.ledger import Arrival, Ledger, batched
from ingest.linking import names
from ingest.normalise import Draft

Snapshot = dict[str, Any]
Pair = list[str]

_MARK = ("signature", "lead", "source")


class Placed(NamedTuple):
    """A notice in the record: its number, what it says, the id of the lead it would be alone."""

    id: int
    arrival: Arrival
    fingerprint: str

    @property
    def identity(self) -> str:
        """The same for all versions of one notice."""
        return lead_id(self.arrival.notice.source, self.arrival.notice.key)


def placed(ledger: Ledger, connection: Connection, lead: str) -> list[Placed]:
    """The notices of a lead, first recorded first."""
    columns = (notice.c.id, notice.c.fingerprint)
    rows = connection.execute(select(*columns).where(notice.c.lead == lead).order_by(notice.c.id))
    arrivals = ledger.arrivals(connection, lead)
    return [
        Placed(number, arrival, fingerprint)
        for (number, fingerprint), arrival in zip(rows, arrivals, strict=True)
    ]


def held(connection: Connection, lead: str) -> Snapshot:
    """All that is known of a lead: its notices (and why they joined), its names, its marks."""
    joined = select(notice.c.id, notice.c.joined).where(notice.c.lead == lead)
    names_ = select(lead_key.c.source, lead_key.c.key).where(lead_key.c.lead == lead)
    marks = select(lead_signature).where(lead_signature.c.lead == lead)
    return {
        "lead": lead,
        "notices": [list(row) for row in connection.execute(joined.order_by(notice.c.id))],
        "names": [list(row) for row in connection.execute(names_)],
        "marks": [list(row) for row in connection.execute(marks)],
    }


def restore(connection: Connection, holder: str, snapshots: Sequence[Snapshot]) -> None:
    """Give each lead back what it held, as far as ``holder`` has it now; what came there since
    follows the names under which it came."""
    for one in snapshots:
        _give_back(connection, holder, one)
    _remark(connection, holder, snapshots)


def _give_back(connection: Connection, holder: str, one: Snapshot) -> None:
    lead, here = one["lead"], notice.c.lead == holder
    for number, joined in one["notices"]:
        back = update(notice).where(here, notice.c.id == number)
        connection.execute(back.values(lead=lead, joined=joined))
    for source, key in one["names"]:
        came = update(notice).where(here, notice.c.source == source, notice.c.key == key)
        connection.execute(came.values(lead=lead))
        theirs = (lead_key.c.source == source) & (lead_key.c.key == key)
        named = update(lead_key).where(theirs, lead_key.c.lead == holder)
        connection.execute(named.values(lead=lead))


def _remark(connection: Connection, holder: str, snapshots: Sequence[Snapshot]) -> None:
    columns = [column.name for column in lead_signature.c]
    rows = [dict(zip(columns, row, strict=True)) for one in snapshots for row in one["marks"]]
    for some in batched(sorted({row["signature"] for row in rows})):
        here = (lead_signature.c.lead == holder) & lead_signature.c.signature.in_(some)
        connection.execute(delete(lead_signature).where(here))
    upsert(connection, lead_signature, rows, _MARK)


def holders(connection: Connection, one: Snapshot) -> set[str]:
    """The leads that now have the notices of a snapshot."""
    numbers = [number for number, _ in one["notices"]]
    rows = connection.execute(select(notice.c.lead).where(notice.c.id.in_(numbers)).distinct())
    return set(rows.scalars())


def merge(ledger: Ledger, connection: Connection, lost: str, kept: str) -> list[Snapshot]:
    """Everything known of one lead now belongs to another; what both held before."""
    before = [held(connection, one) for one in (lost, kept)]
    ledger.hand_over(connection, lost, kept)
    known.hand_over(connection, lost, kept)
    return before


def split(
    ledger: Ledger,
    connection: Connection,
    lead: str,
    groups: Sequence[tuple[str, Sequence[Placed]]],
    draft: Callable[[Arrival], Draft],
) -> list[Snapshot]:
    """Some notices leave a lead, each group for another; what all held before."""
    before = [held(connection, one) for one in (lead, *(name for name, _ in groups))]
    leaving = {one.id for _, some in groups for one in some}
    staying = [one for one in placed(ledger, connection, lead) if one.id not in leaving]
    for name, some in groups:
        _leave(connection, lead, name, some, staying)
    _alone(connection, staying)
    kept = {tuple(row) for row in before[0]["marks"]}
    connection.execute(delete(lead_signature).where(lead_signature.c.lead == lead))
    for name, some in [(lead, staying), *groups]:
        _mark(connection, name, [draft(one.arrival) for one in some], {row[0] for row in kept})
    return before


def _leave(
    connection: Connection,
    lead: str,
    name: str,
    some: Sequence[Placed],
    staying: Sequence[Placed],
) -> None:
    numbers = [one.id for one in some]
    gone = update(notice).where(notice.c.id.in_(numbers))
    connection.execute(gone.values(lead=name, joined=""))
    shared = {_named(one, key) for one in staying for key in names(one.arrival.notice)}
    own = {_named(one, key) for one in some for key in names(one.arrival.notice)} - shared
    for source, key in own:
        here = (lead_key.c.source == source) & (lead_key.c.key == key) & (lead_key.c.lead == lead)
        connection.execute(update(lead_key).where(here).values(lead=name))


def _named(one: Placed, key: str) -> tuple[str, str]:
    return one.arrival.notice.source, key


def _alone(connection: Connection, staying: Sequence[Placed]) -> None:
    """Of the notices that stay, one at least joined no other."""
    if all(one.arrival.joined for one in staying):
        first = notice.c.id == staying[0].id
        connection.execute(update(notice).where(first).values(joined=""))


def _mark(connection: Connection, lead: str, drafts: Iterable[Draft], borne: set[int]) -> None:
    """The marks of a lead made anew; those that too many bear were given up before."""
    told = [profile(one) for one in drafts]
    known.remember(
        connection,
        [
            (mark, known.Bearer(lead, one.source, bool(one.process)))
            for one in told
            for mark in signatures(one)
            if mark in borne
        ],
    )


def apart(
    connection: Connection,
    groups: Sequence[Sequence[str]],
    who: str,
    why: str,
    at: datetime,
) -> list[Pair]:
    """Notices of these groups (identities) are demands of their own; the pairs that nobody had
    set apart before."""
    every = [name for group in groups for name in group]
    before = known.kept_apart(connection, every)
    made = []
    for n, group in enumerate(groups):
        for one in group:
            for other in (name for later in groups[n + 1 :] for name in later):
                if one != other and frozenset((one, other)) not in before:
                    known.set_apart(connection, one, other, who, why, at)
                    made.append([one, other])
    return made


def together(connection: Connection, ones: Sequence[str], others: Sequence[str]) -> list[list[str]]:
    """What was said to be apart between these notices no longer is; what was said, to say it
    again: one, other, who, why, at."""
    pairs = known.kept_apart(connection, [*ones, *others])
    lifted = [pair for pair in pairs if len(pair & set(ones)) == 1 == len(pair & set(others))]
    said = []
    for pair in lifted:
        one, other = sorted(pair)
        here = (distinct.c.one == one) & (distinct.c.other == other)
        row = connection.execute(select(distinct).where(here)).one()
        said.append([one, other, row.who, row.why, row.at.isoformat()])
        connection.execute(delete(distinct).where(here))
    return said


def rejoin(connection: Connection, pairs: Sequence[Pair]) -> None:
    """Undo ``apart``."""
    for one, other in pairs:
        here = or_(
            (distinct.c.one == one) & (distinct.c.other == other),
            (distinct.c.one == other) & (distinct.c.other == one),
        )
        connection.execute(delete(distinct).where(here))


def part(connection: Connection, said: Sequence[list[str]]) -> None:
    """Undo ``together``."""
    for one, other, who, why, at in said:
        known.set_apart(connection, one, other, who, why, datetime.fromisoformat(at))
