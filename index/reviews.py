"""Decisions on leads in the record: written once, in force until another decision undoes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, get_args

import orjson
from sqlalchemy import Connection, Row, delete, insert, select

from index.lead import Checked, Lead
from index.store import upsert, utc
from index.tables import heir, review

Kind = Literal["publish", "reject", "hold", "correct", "merge", "split", "undo"]
# Kinds that say whether a lead is shown.
VERDICTS: tuple[Kind, ...] = ("publish", "hold", "reject")

FIELDS: tuple[Checked, ...] = get_args(Checked)
# An official code list, or a short text, "" for none.
Corrections = Mapping[Checked, Any]

_NONE: Mapping[Any, Any] = MappingProxyType({})
# Ids that go in one statement.
_IDS = 5_000


@dataclass(frozen=True, slots=True)
class Review:
    """One decision.

    lead: on which it was taken. who: login, « regle:3 », « frein:source ». why: French, "" when
    nothing was said. fields: what the analyst says instead: codes of CPV and HS (lists, the main
    one first; an empty one of HS: it has none), country, deadline (ISO, "" for none), stage, title
    in French. seen: what the sources said then. moved: what passed from one lead to another.
    undoes: number of the decision that this one undoes.
    """

    lead: str
    at: datetime
    who: str
    kind: Kind
    why: str = ""
    fields: Corrections = field(default_factory=lambda: _NONE)
    seen: Mapping[str, str] = field(default_factory=lambda: _NONE)
    moved: Mapping[str, Any] = field(default_factory=lambda: _NONE)
    undoes: int | None = None
    id: int = 0

    @property
    def by_person(self) -> bool:
        """Whether a person decided, no rule."""
        return ":" not in self.who


def write(connection: Connection, one: Review, before: Sequence[Lead] = ()) -> int:
    """Keep a decision; gives back its number. before: the leads that it changes, as they are."""
    body = {"fields": dict(one.fields), "seen": dict(one.seen), "moved": dict(one.moved)}
    row = {
        "lead": one.lead,
        "at": one.at,
        "who": one.who,
        "kind": one.kind,
        "why": one.why,
        "body": orjson.dumps({name: told for name, told in body.items() if told}).decode(),
        "before": orjson.dumps([lead.model_dump(mode="json") for lead in before]).decode(),
        "undoes": one.undoes,
    }
    return int(connection.execute(insert(review).values(row).returning(review.c.id)).scalar_one())


# Leads as they were are long: whoever undoes reads them.
_COLUMNS = [column for column in review.c if column.name != "before"]


def get(connection: Connection, number: int) -> Review | None:
    """The decision of this number."""
    row = connection.execute(select(*_COLUMNS).where(review.c.id == number)).one_or_none()
    return None if row is None else _review(row)


def before(connection: Connection, number: int) -> list[Lead]:
    """The leads that a decision changed, as they were."""
    found = connection.execute(select(review.c.before).where(review.c.id == number)).scalar_one()
    return [Lead.model_validate(told) for told in orjson.loads(found)]


def of(connection: Connection, leads: Iterable[str]) -> dict[str, list[Review]]:
    """All decisions on each of these leads and on those that it took over, in the order in which
    they were taken."""
    wanted = list(leads)
    owner = {lead: lead for lead in wanted}
    ancestors = wanted
    while ancestors:
        found = {lost: owner[kept] for lost, kept in _taken_over(connection, ancestors).items()}
        ancestors = [lost for lost in found if lost not in owner]
        owner |= {lost: found[lost] for lost in ancestors}
    told: dict[str, list[Review]] = {lead: [] for lead in wanted}
    for some in _lots(list(owner)):
        for row in connection.execute(select(*_COLUMNS).where(review.c.lead.in_(some))):
            told[owner[row.lead]].append(_review(row))
    for decided in told.values():
        decided.sort(key=lambda one: (one.at, one.id))
    return told


def in_force(decided: Sequence[Review]) -> list[Review]:
    """Those of a lead's decisions that no other undid, in order, without the undoings."""
    undone: set[int] = set()
    kept: list[Review] = []
    for one in sorted(decided, key=lambda one: one.id, reverse=True):
        if one.id in undone:
            continue
        if one.undoes is not None:
            undone.add(one.undoes)
        else:
            kept.append(one)
    return sorted(kept, key=lambda one: (one.at, one.id))


def _taken_over(connection: Connection, leads: Sequence[str]) -> dict[str, str]:
    """Lost → kept, of those that these leads took over themselves."""
    found: dict[str, str] = {}
    for some in _lots(leads):
        rows = connection.execute(select(heir.c.lost, heir.c.kept).where(heir.c.kept.in_(some)))
        found |= {str(lost): str(kept) for lost, kept in rows}
    return found


def hand_down(connection: Connection, leads: Sequence[Lead]) -> None:
    """Write down who took over which of these leads, and that the others stand alone (again)."""
    alone = [lead.id for lead in leads if not lead.merged_into]
    for some in _lots(alone):
        connection.execute(delete(heir).where(heir.c.lost.in_(some)))
    rows = [{"lost": lead.id, "kept": lead.merged_into} for lead in leads if lead.merged_into]
    upsert(connection, heir, rows, ["lost"])


def _lots(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _IDS] for start in range(0, len(ids), _IDS))


def _review(row: Row[Any]) -> Review:
    at = utc(row.at)
    told = orjson.loads(row.body)
    return Review(
        id=row.id,
        lead=row.lead,
        at=at,
        who=row.who,
        kind=row.kind,
        why=row.why,
        fields=told.get("fields", {}),
        seen=told.get("seen", {}),
        moved=told.get("moved", {}),
        undoes=row.undoes,
    )
