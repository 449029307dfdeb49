"""The map of coverage: where demand comes from, in steps that are told in words too."""

from collections.abc import Sequence
from dataclasses import dataclass

from search_api.indicator_figures import Coverage
from search_api.words import counted, number, typeset
from taxonomies.countries import countries
from taxonomies.world import HEIGHT, WIDTH, Shape, shapes

# Least leads of the steps of colour, before some are left out; five at most are told apart.
_STEPS = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
_COLOURS = 5
# Radius of the dot that stands for a small country.
RADIUS = 5
BOX = f"-10 0 {WIDTH + 20} {HEIGHT + 8}"

WORDS = {
    "jadis": "aucun lead dans cette période",
    "sources": "source décrite, aucun lead reçu",
    "aucune": "aucune source",
}


@dataclass(frozen=True, slots=True)
class Area:
    """A country on the map. mark: class of its colour; link: "" where there is nothing to see."""

    shape: Shape
    mark: str
    told: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the legend."""

    mark: str
    told: str


def thresholds(most: int) -> tuple[int, ...]:
    """Least number of leads of each colour, for a largest number."""
    steps = [one for one in _STEPS if one <= most]
    if len(steps) > _COLOURS:
        steps = steps[::2]
    return tuple(steps if len(steps) <= _COLOURS else [1, *steps[1 - _COLOURS :]])


def _mark(leads: int, steps: Sequence[int]) -> str:
    return f"palier-{sum(leads >= one for one in steps)}"


def legend(steps: Sequence[int]) -> list[Step]:
    """What each colour means, the largest number first."""
    found = []
    for place, least in reversed(list(enumerate(steps))):
        following = steps[place + 1] - 1 if place + 1 < len(steps) else None
        if following is None:
            told = f"{counted(least, 'lead', 'leads')} et plus"
        elif following == least:
            told = counted(least, "lead", "leads")
        else:
            told = f"de {number(least)} à {counted(following, 'lead', 'leads')}"
        found.append(Step(f"palier-{place + 1}", typeset(told)))
    return [*found, *(Step(name, typeset(words)) for name, words in WORDS.items())]


def areas(coverage: Sequence[Coverage], steps: Sequence[int]) -> list[Area]:
    """Every country, outlines before dots, so that none is hidden."""
    covered = {one.code: one for one in coverage}
    drawn = [_area(shape, covered.get(code), code, steps) for code, shape in shapes().items()]
    return sorted(drawn, key=lambda one: not one.shape.path)


def _area(shape: Shape, one: Coverage | None, code: str, steps: Sequence[int]) -> Area:
    if one is None:  # France, whose demands are not foreign, and land that is nobody's
        country = countries().get(code)
        return Area(shape, "hors", f"{country.fr} : hors périmètre" if country else "")
    if one.leads:
        told = f"{one.label} : {counted(one.leads, 'lead', 'leads')}"
        return Area(shape, _mark(one.leads, steps), typeset(told), code)
    return Area(shape, one.standing, typeset(f"{one.label} : {WORDS[one.standing]}"))
