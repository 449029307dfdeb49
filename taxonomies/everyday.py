"""What people call goods, services and works: everyday French and English names of codes.

Official labels say « appareils pour la production du froid » where a buyer says « clim ». The
table is ours, written by hand; several rows of one code are several notions.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from taxonomies.table import rows


@dataclass(frozen=True, slots=True)
class Named:
    """One notion: its scheme (CPV or HS), the code as deep as the words tell, its names."""

    scheme: str
    code: str
    fr: tuple[str, ...]
    en: tuple[str, ...]


@cache
def everyday_names() -> tuple[Named, ...]:
    """Every notion of the table, by scheme and code."""
    return tuple(
        Named(scheme, code, tuple(fr.split("|")), tuple(en.split("|")))
        for scheme, code, fr, en in rows("everyday.csv")
    )


@cache
def _by_code() -> dict[tuple[str, str], tuple[Named, ...]]:
    found: dict[tuple[str, str], tuple[Named, ...]] = {}
    for one in everyday_names():
        found[one.scheme, one.code] = (*found.get((one.scheme, one.code), ()), one)
    return found


def of(scheme: str, code: str) -> Iterator[Named]:
    """The notions of exactly this code; none when the table has none."""
    yield from _by_code().get((scheme, code), ())
