"""The sectors of French export, as we define them, and the official codes that belong to each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from taxonomies.table import rows


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector: slug, French label, one French sentence, French words that people use for it."""

    id: str
    label: str
    description: str
    synonyms: tuple[str, ...]


@cache
def _sectors() -> Mapping[str, Sector]:
    return {
        identifier: Sector(identifier, label, description, tuple(synonyms.split(";")))
        for identifier, label, description, synonyms in rows("sectors.csv")
    }


def all_sectors() -> tuple[Sector, ...]:
    """Every sector, in the order in which to show them."""
    return tuple(_sectors().values())


def get(identifier: str) -> Sector | None:
    """The sector of a slug, or None."""
    return _sectors().get(identifier)


@cache
def _map() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """(scheme, prefix without dot) → slugs, the main one first."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for scheme, prefix, identifier in rows("sector_map.csv"):
        found[scheme, prefix] = (*found.get((scheme, prefix), ()), identifier)
    return found


def of(scheme: str, code: str) -> tuple[str, ...]:
    """Slugs of the sectors of an official code, the main one first; () when none is known.

    scheme: CPV, HS or NAF. The longest known prefix of the code decides.
    """
    digits = code.replace(".", "")
    known = _map()
    prefixes = ((scheme, digits[:length]) for length in range(min(len(digits), 8), 0, -1))
    return next((known[prefix] for prefix in prefixes if prefix in known), ())
