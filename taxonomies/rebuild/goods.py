"""From a CPV code to HS codes: what a reader of both nomenclatures chose, and what labels add.

The choices (``cpv_hs_choices.csv``) hold for a code and, where nothing more precise was chosen, for
the codes under it. There the likeness of labels in eleven languages picks among the headings chosen
above; where it cannot tell them apart, all of them are kept with less confidence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from taxonomies import cpv, hs
from taxonomies.rebuild.activities import table
from taxonomies.rebuild.likeness import Matrix, likeness

CHOICES = Path(__file__).parent / "cpv_hs_choices.csv"
NONE = "-"

# Confidence of a choice, then what lowers it. Set on a tuning sample, checked on another one
# (``python -m benchmarks.correspondences``), which showed that one unsure choice in four is right.
SURE, UNSURE = 0.95, 0.25
MANY, CHAPTER, UNLIKE = 0.05, 0.1, 0.05
# A code that has no choice of its own: one heading above it, one that labels tell apart, several.
ONLY, TOLD, SEVERAL = 0.9, 0.9, 0.6
CLEAR = 1.5  # how many times likelier the first heading must be than the second
FEW = 3
NEAR = 30  # a heading among the thirty likeliest of 1,228 agrees with the choice

Line = tuple[str, str, str, str]  # cpv, hs, score, how


@dataclass(frozen=True, slots=True)
class Labels:
    """Likeness of the labels of every goods code with every heading."""

    goods: Mapping[str, int]
    headings: Sequence[str]
    matrix: Matrix

    def of(self, code: str) -> dict[str, float]:
        """Likeness of one CPV code with each heading."""
        return dict(zip(self.headings, self.matrix[self.goods[code]].tolist(), strict=True))


def read_choices() -> dict[str, tuple[str, ...]]:
    """CPV code → HS codes, the main one first; "?" marks one that is only likely, "-" none."""
    return {row["cpv"]: tuple(row["hs"].split()) for row in table(CHOICES)}


def compare(goods: Sequence[str]) -> Labels:
    """Likeness with headings: that of the heading or of its likeliest subheading."""
    codes = [code for code in hs.codes() if len(code) > 2]
    headings = [code for code in codes if len(code) == 4]
    matrix = likeness(goods, codes)
    starts = np.array([place for place, code in enumerate(codes) if len(code) == 4])
    best: Matrix = np.maximum.reduceat(matrix, starts, axis=1)
    return Labels({code: place for place, code in enumerate(goods)}, headings, best)


def _choice(code: str, chosen: Sequence[str], labels: Labels) -> list[Line]:
    likely = labels.of(code)
    near = set(sorted(likely, key=lambda heading: -likely[heading])[:NEAR])
    lines = []
    for mark in chosen:
        score = SURE - MANY * (len(chosen) > FEW) - CHAPTER * (len(mark) == 2)
        score -= UNLIKE * (len(mark) > 2 and mark[:4] not in near)
        score = UNSURE if mark.endswith("?") else score
        lines.append((code, mark.removesuffix("?"), f"{score:.2f}", "choice"))
    return sorted(lines, key=lambda line: -float(line[2]))


def _below(code: str, chosen: Sequence[str], labels: Labels) -> list[Line]:
    """Lines of a code that follows the choice made for a broader one."""
    likely = labels.of(code)
    scope = list(dict.fromkeys(mark.removesuffix("?")[:4] for mark in chosen))
    within = [h for h in labels.headings if h.startswith(tuple(scope))]
    if len(within) == 1:
        return [(code, within[0], f"{ONLY:.2f}", "above")]
    first, second, *_ = sorted(within, key=lambda heading: (-likely[heading], heading))
    if likely[first] > CLEAR * likely[second]:
        return [(code, first, f"{TOLD:.2f}", "labels")]
    return [(code, broad, f"{SEVERAL:.2f}", "above") for broad in scope]


def lines() -> list[Line]:
    """The whole table. A code without HS code (service, work) has one line, with ""."""
    choices = read_choices()
    above = {
        code: next((c for c in (code, *cpv.ancestors(code)) if c in choices), "")
        for code in cpv.codes()
    }
    labels = compare([c for c, broad in above.items() if NONE not in choices[broad]])
    found: list[Line] = []
    for code, broad in above.items():
        chosen = choices[broad]
        if NONE in chosen:
            found.append((code, "", f"{SURE:.2f}", "choice" if code == broad else "above"))
        elif chosen:
            found += (_choice if code == broad else _below)(code, chosen, labels)
    return found
