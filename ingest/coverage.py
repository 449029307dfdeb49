"""Which fields the leads of a source have, lately and before: what a changed format takes away."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select

from index.store import LeadStore
from index.tables import lead
from ingest.monitors import COMPARABLE, FALL

# Leads compared: so many of the last ones with as many before them.
EACH = 300

# Our word for a field → whether a lead (plain JSON) has it.
_HAS: Mapping[str, Callable[[dict[str, Any]], bool]] = {
    "text": lambda one: bool(one["texts"] and one["texts"][0].get("text")),
    "buyer": lambda one: bool(one["buyer"]),
    "country": lambda one: bool(one["country"]),
    "place": lambda one: bool(one["place"]),
    "deadline": lambda one: bool(one["deadline"]),
    "value": lambda one: bool(one["value"]),
    "codes": lambda one: any(code["method"] in ("source", "analyst") for code in one["codes"]),
    "url": lambda one: bool(one["url"]),
}
FIELDS = tuple(_HAS)


@dataclass(frozen=True, slots=True)
class Covered:
    """The share (0–1) of leads that have a field, of the last ones and of those before."""

    field: str
    recent: float
    before: float | None

    @property
    def fallen(self) -> bool:
        """Whether somebody should look: a field that leads had, and have no more."""
        return self.before is not None and self.before - self.recent >= FALL


@dataclass(frozen=True, slots=True)
class Coverage:
    """recent, before: how many leads are compared. Too few are compared with nothing."""

    recent: int
    before: int
    fields: tuple[Covered, ...]


def coverage(store: LeadStore, source: str, each: int = EACH) -> Coverage:
    """Of the last leads of a source, by publication, against those before."""
    bodies = select(lead.c.body).where(lead.c.source == source, lead.c.published.is_not(None))
    with store.reading() as connection:
        rows = connection.execute(bodies.order_by(lead.c.published.desc()).limit(2 * each))
        found = [orjson.loads(body) for body in rows.scalars()]
    recent, before = found[:each], found[each:]
    if len(found) < 2 * each:
        half = (len(found) + 1) // 2
        recent, before = found[:half], found[half:]
    comparable = len(before) >= COMPARABLE
    fields = tuple(
        Covered(name, _share(recent, has), _share(before, has) if comparable else None)
        for name, has in _HAS.items()
    )
    return Coverage(len(recent), len(before) if comparable else 0, fields if recent else ())


def _share(leads: list[dict[str, Any]], has: Callable[[dict[str, Any]], bool]) -> float:
    return sum(map(has, leads)) / len(leads) if leads else 0.0
