"""Precision of the correspondences between CPV, HS and NAF, on pairs checked by hand.

    python -m benchmarks.correspondences                precision by confidence, on the sample
    python -m benchmarks.correspondences draw 2026      draws another sample, to be judged

The sample (``correspondences_sample.csv``) was drawn at random by confidence band after the tables
were final. One reader of the project, who had also made the choices, judged each pair from both
labels and their paths. Nothing was corrected after it, only the score of the choices marked "?" was
lowered: a correction drawn from the sample asks for another draw.
"""

import csv
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from taxonomies import cpv, hs, naf
from taxonomies.correspondence import Match, hs_of_cpv, naf_of_cpv, naf_of_hs

SAMPLE = Path(__file__).parent / "correspondences_sample.csv"

# juste: what the code names falls there, wholly or as a rule. sous-position: right heading, wrong
# subheading. trop large: the goods fall there, with many that the code does not name. faux: no.
VERDICTS = ("juste", "sous-position", "trop large", "faux")
RIGHT = ("juste", "sous-position")

# Lowest score of each band → pairs to draw, by table.
BANDS = (0.9, 0.8, 0.6, 0.0)
DRAWN = {"cpv_hs": (120, 50, 40, 30), "hs_naf": (15, 5, 5, 10), "cpv_naf": (15, 10, 10, 10)}

Finder = Callable[[str], tuple[Match, ...]]

MATCHES: dict[str, Finder] = {"cpv_hs": hs_of_cpv, "hs_naf": naf_of_hs, "cpv_naf": naf_of_cpv}


@dataclass(frozen=True, slots=True)
class Pair:
    """A correspondence judged by hand."""

    table: str
    code: str
    match: str
    verdict: str
    note: str

    @property
    def score(self) -> float:
        """Confidence that the table of today gives to the pair; KeyError when it has it no more."""
        return {match.code: match.score for match in MATCHES[self.table](self.code)}[self.match]


def sample() -> tuple[Pair, ...]:
    """The pairs judged."""
    with SAMPLE.open(encoding="utf-8", newline="") as lines:
        return tuple(Pair(**row) for row in csv.DictReader(lines))


def band(score: float) -> float:
    """Lowest score of the band of a score."""
    return next(lowest for lowest in BANDS if score >= lowest)


def precision(pairs: Iterable[Pair]) -> float:
    """Share of the pairs that are right at the level of the heading or class."""
    verdicts = [pair.verdict in RIGHT for pair in pairs]
    return sum(verdicts) / len(verdicts)


def _codes(table: str) -> Sequence[str]:
    if table == "hs_naf":
        return [code for code in hs.codes() if len(code) == 6]
    return list(cpv.codes())


def _pairs(table: str) -> Iterator[tuple[str, Match]]:
    for code in _codes(table):
        for match in MATCHES[table](code):
            yield code, match


def draw(seed: int) -> Iterator[tuple[str, ...]]:
    """Rows to judge: table, code, match, score, and what both labels say."""
    chance = random.Random(seed)
    for table, sizes in DRAWN.items():
        pairs = list(_pairs(table))
        for lowest, size in zip(BANDS, sizes, strict=True):
            among = [pair for pair in pairs if band(pair[1].score) == lowest]
            for code, match in sorted(chance.sample(among, min(size, len(among))), key=str):
                yield (
                    table,
                    code,
                    match.code,
                    f"{match.score:.2f}",
                    *_labels(table, code, match.code),
                )


def _labels(table: str, code: str, match: str) -> tuple[str, str]:
    start, end = table.split("_")
    return SAYS[start](code), SAYS[end](match)


SAYS = {
    "cpv": lambda code: " < ".join(cpv.label(c, "en") for c in (code, *cpv.ancestors(code)[:1])),
    "hs": lambda code: " > ".join(hs.path(code, "en")[-3:]),
    "naf": naf.label,
}


def report(pairs: Sequence[Pair]) -> Iterator[str]:
    """One line per table and band, then one per table."""
    for table in DRAWN:
        of = [pair for pair in pairs if pair.table == table]
        for lowest in BANDS:
            within = [pair for pair in of if band(pair.score) == lowest]
            if within:
                yield _line(f"{table} score >= {lowest}", within)
        yield _line(f"{table} in all", of)


def _line(name: str, pairs: Sequence[Pair]) -> str:
    counts = Counter(pair.verdict for pair in pairs)
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
    return f"{name:24} {precision(pairs):.3f}  ({len(pairs)} : {told})"


def main(arguments: Sequence[str]) -> None:
    """Print the precision, or a new sample."""
    if arguments[:1] == ["draw"]:
        csv.writer(sys.stdout, lineterminator="\n").writerows(draw(int(arguments[1])))
    else:
        print("\n".join(report(sample())))


if __name__ == "__main__":
    main(sys.argv[1:])
