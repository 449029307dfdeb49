"""The last thirty days of a source as a small drawing, and the same thing in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.health import Day
from search_api.words import counted, day, number, typeset

WIDTH, HEIGHT = 120, 30
_STEP, _BAR = 4, 3


@dataclass(frozen=True, slots=True)
class Bar:
    """One day. odd: more or less came than its runs should bring."""

    x: int
    y: float
    height: float
    odd: bool


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A drawing of WIDTH × HEIGHT. floor: height of the least that is expected of a run, None when
    nothing is. text: the same in French."""

    bars: tuple[Bar, ...]
    floor: float | None
    text: str

    @property
    def box(self) -> str:
        """Value of viewBox. Written in a template, it would be typeset as the number 0 120."""
        return f"0 0 {WIDTH} {HEIGHT}"


def sparkline(volume: Sequence[Day], expected: tuple[int, int]) -> Sparkline | None:
    """The drawing of these days, the oldest first; None when nothing came. expected: items a run
    brings, at least and at most; (0, 0) when unknown."""
    if not any(one.received for one in volume):
        return None
    top = max(expected[0], *(one.received for one in volume))

    def height(items: int) -> float:
        return round(HEIGHT * items / top, 1)

    bars = [
        Bar(_STEP * place, HEIGHT - tall, tall, is_odd(one, expected))
        for place, one in enumerate(volume)
        # A day with little is seen all the same.
        for tall in [max(height(one.received), 1.5 if one.runs else 0.5)]
    ]
    floor = HEIGHT - height(expected[0]) if expected[0] else None
    return Sparkline(tuple(bars), floor, _told(volume, expected))


def is_odd(one: Day, expected: tuple[int, int]) -> bool:
    """Whether a day on which something ran brought other than its runs should."""
    lowest, highest = expected
    return bool(one.runs and highest and not lowest <= one.received <= highest * one.runs)


def _told(volume: Sequence[Day], expected: tuple[int, int]) -> str:
    total = sum(one.received for one in volume)
    most = max(volume, key=lambda one: one.received)
    told = f"{counted(total, 'avis reçu', 'avis reçus')} en {len(volume)} jours"
    told += f", au plus {number(most.received)} le {day(most.day)}"
    if odd := sum(is_odd(one, expected) for one in volume):
        told += f" ; {counted(odd, 'jour', 'jours')} hors de l’attendu"
    if expected[1]:
        told += f" (de {number(expected[0])} à {number(expected[1])} par envoi)"
    return typeset(told)
