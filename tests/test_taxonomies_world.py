"""The map: each country has its place on it, and neighbours still touch."""

import re
from itertools import pairwise
from math import hypot

import pytest

from taxonomies.countries import countries
from taxonomies.rebuild.world import area, eastwards, project, rings, simplified
from taxonomies.world import HEIGHT, WIDTH, shapes


def _rings(path: str) -> list[list[tuple[int, int]]]:
    """Absolute points of the rings of an outline."""
    found = []
    for ring in path.split("M")[1:]:
        numbers = [int(one) for one in re.findall(r"-?\d+", ring)]
        x, y = numbers[:2]
        points = [(x, y)]
        for right, down in zip(numbers[2::2], numbers[3::2], strict=True):
            x, y = x + right, y + down
            points.append((x, y))
        found.append(points)
    return found


def _points(path: str) -> list[tuple[int, int]]:
    return [point for ring in _rings(path) for point in ring]


def test_every_country_of_ours_is_an_outline_or_a_dot_inside_the_drawing() -> None:
    assert set(shapes()) == {*countries(), ""}
    for shape in shapes().values():
        points = _points(shape.path) or [(shape.x, shape.y)]
        assert all(-20 <= x <= WIDTH + 20 and 0 <= y <= HEIGHT for x, y in points)


def test_the_outlines_stay_small() -> None:
    assert sum(len(shape.path) for shape in shapes().values()) < 60_000


@pytest.mark.parametrize(
    ("alpha2", "longitude", "latitude"),
    [("FR", 2.3, 47), ("AU", 134, -25), ("XK", 20.9, 42.6), ("EH", -13, 24), ("SO", 46, 5)],
)
def test_an_outline_is_around_the_middle_of_its_country(
    alpha2: str, longitude: float, latitude: float
) -> None:
    x, y = project(eastwards(longitude), latitude)
    xs, ys = zip(*_points(shapes()[alpha2].path), strict=True)
    assert min(xs) < x < max(xs)
    assert min(ys) < y < max(ys)


@pytest.mark.parametrize("alpha2", ["SG", "MT", "MU", "HK", "GP", "GI", "LU", "MV", "AQ"])
def test_small_countries_are_dots_that_nobody_loses(alpha2: str) -> None:
    assert not shapes()[alpha2].path


@pytest.mark.parametrize(
    ("alpha2", "longitude", "latitude"),
    [("UA", 34.1, 45.2), ("SO", 44, 9.8), ("CY", 33.9, 35.4)],
    ids=["Crimea is in Ukraine", "Somaliland is in Somalia", "Northern Cyprus is in Cyprus"],
)
def test_borders_are_those_of_the_united_nations(
    alpha2: str, longitude: float, latitude: float
) -> None:
    x, y = project(eastwards(longitude), latitude)
    near = min(hypot(x - a, y - b) for a, b in _points(shapes()[alpha2].path))
    assert near < 8


def test_the_edge_of_the_map_cuts_no_country() -> None:
    for shape in shapes().values():
        for ring in _rings(shape.path):
            assert all(abs(a - c) < 300 for (a, _), (c, _) in pairwise(ring))


def test_a_line_keeps_the_points_that_turn_and_loses_those_on_the_way() -> None:
    line = [(0.0, 0.0), (5.0, 0.1), (10.0, 0.0), (10.0, 9.0)]
    assert simplified(line) == [(0.0, 0.0), (10.0, 0.0), (10.0, 9.0)]


def test_a_border_inside_one_country_is_not_drawn() -> None:
    left = [(1.0, 0.0), (0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]
    right = [(1.0, 1.0), (2.0, 1.0), (2.0, 0.0), (1.0, 0.0)]
    border = [(1.0, 1.0), (1.0, 0.0)]
    lines = [left, right, border]
    assert [area(ring) for ring in rings([0, 2], lines)] == [1.0]
    [whole] = rings([0, 2, ~2, 1], lines)
    assert area(whole) == 2.0
    assert (1.0, 0.5) not in whole
