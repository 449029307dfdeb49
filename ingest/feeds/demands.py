"""Demands of schema.org: found in a value of JSON-LD, wherever it nests them, and laid flat.

A value is what ``json_value.parse`` gave: its depth is bounded, its numbers are as written.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ingest.feeds.mapped import joined

Cells = dict[str, list[str]]

# "schema:name", "http://schema.org/name" and "https://schema.org/name" are « name ».
_VOCABULARY = re.compile(r"(?:https?://schema\.org/|schema:)")
_SUBDIVISION = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")  # ISO 3166-2
_COUNTRIES = frozenset({"areaServed", "eligibleRegion"})
_ADDRESSES = ("url", "mainEntityOfPage", "mainEntityOfPage.@id")
_SILENT = frozenset({"@type", "@context", "@reverse"})


@dataclass(frozen=True, slots=True)
class Demand:
    """place: path in the value that holds it ("@graph[2].seeks"). seeker: who says that he seeks
    it, when the demand is written inside him."""

    place: str
    value: dict[str, Any]
    seeker: dict[str, Any] | None = None


def bare(name: str) -> str:
    """A name of schema.org without what says that it is one."""
    return _VOCABULARY.sub("", name, count=1)


def types(value: dict[str, Any]) -> frozenset[str]:
    """The types of a node."""
    said = value.get("@type")
    return frozenset(bare(one) for one in (said if isinstance(said, list) else [said])
                     if isinstance(one, str))  # fmt: skip


def demands(value: Any, place: str = "", seeker: dict[str, Any] | None = None) -> Iterator[Demand]:
    """The demands in a value, at any depth but inside one another."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from demands(one, f"{place}[{number}]", seeker)
    elif isinstance(value, dict) and "Demand" in types(value):
        yield Demand(place, value, seeker)
    elif isinstance(value, dict):
        for name, one in value.items():
            here = f"{place}.{name}" if place else name
            yield from demands(one, here, value if bare(name) == "seeks" else None)


def _objects(values: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """All the objects in some values, in order of appearance."""
    rest = list(values)[::-1]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            yield one
            rest.extend(list(one.values())[::-1])
        elif isinstance(one, list):
            rest.extend(one[::-1])


def nodes(values: Iterable[Any]) -> dict[str, Any]:
    """The nodes that bear an ``@id`` and say more than it, by that identifier; the first wins."""
    found: dict[str, Any] = {}
    for one in _objects(values):
        name = one.get("@id")
        if isinstance(name, str) and len(one) > 1 and "Demand" not in types(one):
            found.setdefault(name, one)
    return found


def languages(value: Any) -> list[str]:
    """The languages in which the words of a demand are said, in order of appearance."""
    tags = (one.get("@language") for one in _objects([value]) if "@value" in one)
    return list(dict.fromkeys(tag for tag in tags if isinstance(tag, str)))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Lays one demand flat, in one language."""

    language: str
    known: Mapping[str, Any]
    persons: frozenset[str]
    schemes: Mapping[str, re.Pattern[str]]
    cells: Cells

    def put(self, path: str, value: Any) -> None:
        if value is not None:
            written = str(value).lower() if isinstance(value, bool) else str(value)
            self.cells.setdefault(path, []).append(written)

    def flatten(self, path: str, value: Any, met: frozenset[str] = frozenset()) -> None:
        if isinstance(value, list):
            for one in value:
                self.flatten(path, one, met)
        elif isinstance(value, dict):
            self._node(path, value, met)
        else:
            self.put(path, value)

    def _node(self, path: str, value: dict[str, Any], met: frozenset[str]) -> None:
        if "@value" in value:
            if value.get("@language") in (None, self.language):
                self.flatten(path, value["@value"], met)
            return
        value, met = self._referred(value, met)
        if path and "Person" in types(value):
            return
        if not self._code(value):
            for name, one in value.items():
                named = bare(name)
                if named not in _SILENT and named not in self.persons:
                    self.flatten(f"{path}.{named}" if path else named, one, met)

    def _referred(
        self, value: dict[str, Any], met: frozenset[str]
    ) -> tuple[dict[str, Any], frozenset[str]]:
        """The node that a reference means; a node that refers to itself is read once."""
        name = value.get("@id")
        if not isinstance(name, str) or name in met or name not in self.known:
            return value, met
        full = self.known[name]
        return (full if set(value) <= {"@id", "@type"} else value), met | {name}

    def _code(self, value: dict[str, Any]) -> bool:
        """Whether the node is a code of a scheme that we know, which is then kept as such."""
        said = {bare(name): one for name, one in value.items()}
        code = said.get("codeValue") or said.get("value")
        table = said.get("inCodeSet") or said.get("propertyID") or said.get("name")
        if isinstance(table, dict):
            table = table.get("name") or table.get("@id") or table.get("url")
        if not isinstance(code, str) or not isinstance(table, str):
            return False
        words = table.replace("_", " ").replace("-", " ")
        scheme = next((name for name, known in self.schemes.items() if known.search(words)), "")
        if scheme:
            self.put(f"code:{scheme}", code)
        return bool(scheme)


def cells_of(
    demand: Demand,
    language: str,
    known: Mapping[str, Any],
    persons: frozenset[str],
    schemes: Mapping[str, re.Pattern[str]],
    addresses: tuple[str, str],
) -> Cells:
    """The columns of a demand: dotted paths into it, and what is known of what is around it.

    language: of the words that say theirs; those in others are left out. known: the nodes that it
    may refer to. persons: parts never read. schemes: code sets by the words of their names.
    addresses: of the source, and of the page that holds the demand ("" when unknown).
    """
    reader = _Reader(language, known, persons, schemes, {})
    reader.flatten("", demand.value)
    cells = reader.cells
    if demand.seeker is not None and not {"customer", "buyer", "seller"} & {
        name.partition(".")[0] for name in cells
    }:
        reader.flatten("customer", {k: v for k, v in demand.seeker.items() if bare(k) != "seeks"})
    if language:
        cells["@language"] = [language]
    for name in cells.keys() & _COUNTRIES:
        cells[name] = [_country(written) for written in cells[name]]
    _place(cells, *addresses)
    return cells


def _country(written: str) -> str:
    found = _SUBDIVISION.fullmatch(written.strip())
    return found[1] if found else written


def _place(cells: Cells, home: str, page: str) -> None:
    """Addresses in full. A name that means something in its own page only ("#demande", "_:b0") is
    not one under which the demand can be known elsewhere, unless the page says where it lies."""
    page = joined(home, page) if page else ""
    for name in _ADDRESSES:
        if name in cells:
            cells[name] = [joined(page or home, one) for one in cells[name]]
    own = [one for one in cells.pop("@id", []) if not one.startswith("_:")]
    names = [joined(page, one) if page else one for one in own]
    if kept := [one for one in names if _scheme(one)]:
        cells["@id"] = kept
    if page:
        cells["canonical"] = [page]


def _scheme(address: str) -> str:
    """The scheme of an address, "" when it has none or is no address."""
    try:
        return urlsplit(address).scheme
    except ValueError:
        return ""
