"""Numbers as bars, drawn by the server: the sizes only, the sheet of styles has the rest."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One number. x, middle: left edge and middle; y: top."""

    x: int
    middle: int
    y: float
    height: float
    value: int


@dataclass(frozen=True, slots=True)
class Bars:
    """A drawing of ``width`` × ``height`` units whose bars stand on ``floor``."""

    width: int
    height: int
    floor: int
    step: int
    thick: int
    bars: tuple[Bar, ...]

    @property
    def box(self) -> str:
        """Value of viewBox. Written in a template, it would be typeset as a number."""
        return f"0 0 {self.width} {self.height}"


def chart(values: Sequence[int], step: int = 46, above: int = 20, tall: int = 150) -> Bars:
    """Bars with room for their number above and a word below."""
    return _bars(values, step, step - 10, above, tall, 24)


def small(values: Sequence[int]) -> Bars:
    """Bars that fit in a line of text."""
    return _bars(values, 5, 4, 0, 22, 0)


def _bars(values: Sequence[int], step: int, thick: int, above: int, tall: int, below: int) -> Bars:
    top = max(values, default=0) or 1
    drawn = []
    for place, value in enumerate(values):
        # One lead is seen all the same.
        height = max(round(tall * value / top, 1), 1.5) if value else 0.0
        left = place * step + (step - thick) // 2
        drawn.append(Bar(left, left + thick // 2, above + tall - height, height, value))
    width, height = step * max(len(values), 1), above + tall + below
    return Bars(width, height, above + tall, step, thick, tuple(drawn))
