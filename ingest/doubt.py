"""How much a lead is to be doubted, and why: what an analyst should look at first.

Each reason has a weight between 0 and 1 (``doubts.csv``), taken in proportion where the reason is
itself a matter of degree; several add up as independent chances of being wrong would:
1 - (1 - a)(1 - b)…
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import prod
from typing import Any

from index.lead import Lead, LeadCode, Scheme
from ingest.source import Source

# Below this, the confidence of a code or of a joining is said; above, nobody would contest it.
_SURE = 0.95

_NAMES = {"CPV": "CPV", "HS": "SH"}


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason to look at a lead. weight: 0-1. label: French. second_look: though published."""

    kind: str
    weight: float
    label: str
    second_look: bool = False


@cache
def _table() -> dict[str, dict[str, str]]:
    with files("ingest").joinpath("doubts.csv").open(encoding="utf-8") as table:
        return {row["kind"]: row for row in csv.DictReader(table)}


def kinds() -> dict[str, str]:
    """Kinds of reasons, each with its French words, blanks in braces."""
    return {kind: row["label"] for kind, row in _table().items()}


def doubt(kind: str, share: float = 1.0, **words: Any) -> Doubt:
    """One reason, its weight taken by a share (0-1), its words filled in."""
    row = _table()[kind]
    label = row["label"].format(**words)
    return Doubt(kind, round(float(row["weight"]) * share, 3), label, bool(row["second_look"]))


def total(reasons: Sequence[Doubt]) -> float:
    """How much the reasons weigh together, 0-1."""
    return round(1 - prod(1 - one.weight for one in reasons), 3)


def doubts(lead: Lead, page: Source | None) -> list[Doubt]:
    """What is uncertain in a lead itself, the heaviest first. page: of its source."""
    found = [*_codes(lead), *_facts(lead), *_joinings(lead)]
    if page is not None and page.trust != "high":
        found.append(doubt(page.trust))
    return sorted(found, key=lambda one: -one.weight)


def main_code(lead: Lead, scheme: Scheme) -> LeadCode | None:
    """The first code of a scheme that is sure enough to be said."""
    return next((code for code in lead.told if code.scheme == scheme), None)


def confidence(lead: Lead) -> float:
    """The least score of its main CPV and HS codes, 0 when it has none: what rules ask for."""
    schemes: tuple[Scheme, ...] = ("CPV", "HS")
    said = [code.score for scheme in schemes if (code := main_code(lead, scheme))]
    return min(said, default=0.0)


def _codes(lead: Lead) -> Iterator[Doubt]:
    schemes: tuple[Scheme, ...] = ("CPV", "HS")
    said = {scheme: main_code(lead, scheme) for scheme in schemes}
    if not any(said.values()):
        yield doubt("codes")
        return
    for scheme, code in said.items():
        if code is not None and code.score < _SURE:
            words = {"scheme": _NAMES[scheme], "confidence": round(code.score * 100)}
            yield doubt("code", 1 - code.score, code=code.code, **words)
    if said["HS"] is None and not lead.without_hs:
        yield doubt("hs")


def _facts(lead: Lead) -> Iterator[Doubt]:
    if not lead.country:
        yield doubt("country")
    if lead.deadline is None and lead.stage == "open" and "deadline" not in lead.checked:
        yield doubt("deadline")
    if not lead.language:
        yield doubt("language")


def _joinings(lead: Lead) -> Iterator[Doubt]:
    scores = [one.joined.score for one in lead.provenances if one.joined]
    if scores and min(scores) < _SURE:
        yield doubt("joined", 1 - min(scores), confidence=round(min(scores) * 100))
