"""The map of the world, ready to draw: each country's outline, or a dot where it is too small."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from taxonomies.table import rows

# Size of the drawing, in the units of its outlines and dots.
WIDTH, HEIGHT = 2_000, 872


@dataclass(frozen=True, slots=True)
class Shape:
    """Where a country is. path: its outline, the ``d`` of an SVG path (Equal Earth projection);
    "" for a dot, whose middle is x, y."""

    path: str
    x: int = 0
    y: int = 0


@cache
def shapes() -> Mapping[str, Shape]:
    """Alpha-2 code → shape, for each of our countries; "" → land that is nobody's."""
    return MappingProxyType(
        {
            alpha2: Shape(path) if path else Shape("", int(x), int(y))
            for alpha2, x, y, path in rows("world.csv.gz")
        }
    )
