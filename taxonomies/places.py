"""Places as people name them in French: countries, their usual names, groups of countries.

Names that are also something else (« jersey », « porcelaine de Chine ») are known as such.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

from taxonomies import countries
from taxonomies.fold import fold, words
from taxonomies.table import rows

# Words of a name, folded.
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A name as written in French, and the alpha-2 codes of the countries that it covers."""

    name: str
    countries: tuple[str, ...]

    def __str__(self) -> str:
        """What to call it: a country's own French name, or the group's."""
        alone = countries.get(self.countries[0]) if len(self.countries) == 1 else None
        return alone.fr if alone else self.name


def _covered(places: str) -> Iterator[str]:
    for place in places.split():
        if countries.get(place):
            yield place
        else:
            known = countries.countries().values()
            yield from (country.alpha2 for country in known if country.region == place)


def _all() -> Iterator[Place]:
    for country in countries.countries().values():
        yield Place(country.fr, (country.alpha2,))
    for name, places, _ in rows("places.csv"):
        yield Place(name, tuple(sorted(_covered(places))))


@cache
def places() -> Mapping[Words, tuple[Place, ...]]:
    """Every name: its folded words → the places written so, which accents and case tell apart."""
    found: dict[Words, tuple[Place, ...]] = {}
    for place in _all():
        key = words(place.name)
        found[key] = (*found.get(key, ()), place)
    return MappingProxyType(found)


def names() -> Iterator[str]:
    """Every name, as written."""
    return (place.name for alike in places().values() for place in alike)


_folded = lru_cache(maxsize=10_000)(fold)


def singular(name: Words) -> Words:
    """The words without their plural mark: enough to recognise an expression."""
    return tuple(word.rstrip("sx") for word in name)


@cache
def not_places() -> frozenset[Words]:
    """Expressions that hold the name of a place and speak of something else, in the singular."""
    return frozenset(singular(words(expression)) for expression, _ in rows("not_places.csv"))


@cache
def longest() -> int:
    """Words of the longest name or expression."""
    return max(map(len, (*places(), *not_places())))


def _fits(typed: str, name: str) -> bool:
    """Letters may lack their accent, never have another: « chiné » is not « Chine »."""
    pairs = zip(typed.casefold(), name.casefold(), strict=True)
    return all(one in (other, fold(other)) for one, other in pairs)


def _said(typed: Words, place: Place) -> bool:
    """Whether words as typed are this name; an acronym must be in capitals."""
    parts = _parts(place.name)
    if place.name.isupper():
        return typed == parts
    return all(
        len(one) == len(other) and _fits(one, other)
        for one, other in zip(typed, parts, strict=True)
    )


@cache
def _parts(name: str) -> Words:
    """The words of a name with their accents and case."""
    return tuple("".join(sign if sign.isalnum() else " " for sign in name).split())


def is_something_else(typed: Words) -> bool:
    """Whether these words, as a whole, are an expression that only seems to name a place."""
    return singular(tuple(map(_folded, typed))) in not_places()


def read(typed: Words) -> Place | None:
    """The place that these words, as typed, name as a whole; None for anything else."""
    alike = places().get(tuple(map(_folded, typed)), ())
    return next((place for place in alike if _said(typed, place)), None)
