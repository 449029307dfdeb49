"""The rules of publication in the record: what a responsable decides once for many leads."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import orjson
from sqlalchemy import Connection, Row, func, insert, select, update

from index.store import utc
from index.tables import rule

Verdict = Literal["publish", "hold", "reject"]
State = Literal["off", "on", "removed"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a lead must be, all together; "" or 0 for no matter what. confidence: of its codes, at
    least, 0-1. words: one of them at least is in its title or text, « * » at the end for any
    ending."""

    source: str = ""
    country: str = ""
    sector: str = ""
    confidence: float = 0.0
    words: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is no condition at all."""
        return self == Conditions()


@dataclass(frozen=True, slots=True)
class Rule:
    """place: the first rule that matches, by place, decides. who, at: of its last change."""

    name: str
    verdict: Verdict
    conditions: Conditions
    who: str
    at: datetime
    place: int = 0
    state: State = "off"
    id: int = 0

    @property
    def signature(self) -> str:
        """Who decides, when the rule does."""
        return f"regle:{self.id}"


def add(connection: Connection, one: Rule) -> Rule:
    """Keep a new rule, after all others."""
    last = connection.execute(select(func.coalesce(func.max(rule.c.place), 0))).scalar_one()
    row = _row(one) | {"place": last + 1}
    number = connection.execute(insert(rule).values(row).returning(rule.c.id)).scalar_one()
    return read(connection, int(number))


def change(connection: Connection, one: Rule) -> None:
    """Write a known rule anew."""
    connection.execute(update(rule).where(rule.c.id == one.id).values(_row(one)))


def read(connection: Connection, number: int) -> Rule:
    """The rule of this number, removed or not. Raises LookupError."""
    row = connection.execute(select(rule).where(rule.c.id == number)).one_or_none()
    if row is None:
        raise LookupError(number)
    return _rule(row)


def every(connection: Connection) -> list[Rule]:
    """Rules that are not removed, in order."""
    wanted = select(rule).where(rule.c.state != "removed").order_by(rule.c.place, rule.c.id)
    return [_rule(row) for row in connection.execute(wanted)]


def active(connection: Connection) -> list[Rule]:
    """Rules that are switched on, in order."""
    return [one for one in every(connection) if one.state == "on"]


def reorder(connection: Connection, numbers: Sequence[int]) -> None:
    """The rules in this order from now on."""
    for place, number in enumerate(numbers, 1):
        connection.execute(update(rule).where(rule.c.id == number).values(place=place))


def told(one: Rule) -> dict[str, Any]:
    """The rule as the audit trail tells it."""
    conditions = {name: value for name, value in asdict(one.conditions).items() if value}
    return {"name": one.name, "verdict": one.verdict, "state": one.state, "place": one.place} | {
        "conditions": conditions
    }


def _row(one: Rule) -> dict[str, Any]:
    return {
        "place": one.place,
        "state": one.state,
        "name": one.name,
        "verdict": one.verdict,
        "conditions": orjson.dumps(asdict(one.conditions)).decode(),
        "who": one.who,
        "at": one.at,
    }


def _rule(row: Row[Any]) -> Rule:
    at = utc(row.at)
    conditions = orjson.loads(row.conditions)
    conditions["words"] = tuple(conditions["words"])
    made = Conditions(**conditions)
    return Rule(row.name, row.verdict, made, row.who, at, row.place, row.state, row.id)
