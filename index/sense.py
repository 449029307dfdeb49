"""What leads and queries mean, as vectors of one space: their words, and the codes behind them.

A lead's vector is half its text, half its codes: those it was given, else those its words suggest.
A query's is mostly the codes that answer it best, whose official labels are known in every
language: that is what brings a French query near a Polish text (without codes, nDCG@10 goes from
0.36 with the words of both alone to 0.47).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index import sheet
from index.coding import Coder
from index.concepts import concepts
from index.embedding import Embedder, Vectors, unit
from index.lead import Lead, Scheme
from index.query import CodeRead
from index.trade import LANGUAGES
from index.vectors import Scores
from index.wording import embedded_text

# The codes that stand for a query, and how much more the best of them count.
_BEST, _SHARP = 30, 6
# What the query's own words count beside its codes.
_WORDS = 0.3

# How well a concept answers is told in so many steps: the same number in every engine.
STEPS = 32_768

# Below the first score the best code is no answer to a query; from the second on it surely is.
_DOUBT, _TRUST = 0.2, 0.4
_UNHEARD = 0.15

# From this score on, a code is told as what a query means: words without a product stay below
# (« bonjour », « petits cochons »: 0.15 to 0.4), a product's own code above (0.46 to 0.85). Those
# that the best leaves behind are not told (« restauration scolaire » for « mobilier scolaire »).
SAID, _BESIDE = 0.45, 0.75
# Codes told of each nomenclature, and looked at.
_TOLD, _LOOKED = 3, 40

# Cosine of two leads from which they are called alike: of pairs of real notices above it, three in
# four share a CPV group when codes are given, two in five when they are guessed.
ALIKE = 0.60


@dataclass(frozen=True, slots=True)
class Sought:
    """A query. vector: the shorter the less it says. wanted: how well each concept answers it, 0–1,
    what a broader code does included. codes: those that may be said of it."""

    vector: Vectors
    wanted: Scores
    codes: tuple[CodeRead, ...] = ()


class Sense:
    """The space of one embedder and of the coder. name: part of the index generation's name."""

    def __init__(self, embedder: Embedder, coder: Coder) -> None:
        self.embedder, self.coder = embedder, coder
        self._one_space = embedder.name == coder.embedder.name
        own = 0 if self._one_space else embedder.dimensions
        self.dimensions = coder.embedder.dimensions + own
        self.name = coder.embedder.name
        if not self._one_space:
            self.name = f"{embedder.name}-{self.name}"

    def _joined(self, words: Vectors, codes: Vectors) -> Vectors:
        """Added where one space holds both; side by side where the embedder has its own."""
        if self._one_space:
            return unit(words + codes)
        return unit(np.concatenate([words, codes], axis=1))

    def of_leads(self, leads: Sequence[Lead]) -> Vectors:
        """Unit vectors, shape (len(leads), dimensions)."""
        known = LANGUAGES if self._one_space else None
        words = self.embedder.embed([embedded_text(lead, known) for lead in leads])
        codes = np.zeros((len(leads), self.coder.embedder.dimensions), np.float32)
        for row, lead in zip(codes, leads, strict=True):
            for place, weight in _codes(lead):
                row += weight * self.coder.labels[place]
        return self._joined(words, unit(codes))

    def of_query(self, text: str, without: Sequence[tuple[str, str]] = ()) -> Sought:
        """What a query's words ask for. without: (scheme, code) not to be understood, with all
        that lies below them."""
        return self._sought(text, self.coder.wanted(text), without)

    def of_sheet(self, text: str, without: Sequence[tuple[str, str]] = ()) -> Sought:
        """The same for a product sheet, many sentences long."""
        return self._sought(text, sheet.wanted(self.coder, text), without)

    def _sought(self, text: str, wanted: Scores, without: Sequence[tuple[str, str]]) -> Sought:
        for scheme, code in without:
            if (at := concepts().position.get((scheme, code))) is not None:
                wanted[at : concepts().last[at]] = 0
        best = np.argpartition(-wanted, _BEST)[:_BEST]
        share = wanted[best] ** _SHARP
        heard = np.clip((wanted[best].max() - _DOUBT) / (_TRUST - _DOUBT), 0, 1)
        codes = heard * unit((share @ self.coder.labels[best])[None, :])
        words = self.embedder.embed_queries([text])
        # A query that names nothing known is near nothing: all that it asks for is faint.
        force = np.float32(max(heard, _UNHEARD))
        vector = force * self._joined(_WORDS * words, codes)[0]
        raised = np.round(force * concepts().raised(wanted) * STEPS) / np.float32(STEPS)
        return Sought(vector, raised.astype(np.float32), read(wanted))


def read(wanted: Scores) -> tuple[CodeRead, ...]:
    """The few codes that a query's words may be said to name, best first, CPV before HS.

    Of a code and those above it, the best alone; for several subheadings of the HS, their heading:
    « autres », three times over, tells nothing.
    """
    least = max(SAID, _BESIDE * float(wanted.max(initial=0)))
    told: dict[int, float] = {}
    for scheme in _SCHEMES:
        within = concepts().of(scheme)
        best = within.start + np.argsort(-wanted[within], kind="stable")[:_LOOKED]
        found = _grouped([int(at) for at in best if wanted[at] >= least], scheme)
        told |= {at: float(wanted[first]) for at, first in list(found.items())[:_TOLD]}
    return tuple(CodeRead(*concepts().names[at], round(score, 2)) for at, score in told.items())


_SCHEMES: tuple[Scheme, ...] = ("CPV", "HS")


def _grouped(best: list[int], scheme: Scheme) -> dict[int, int]:
    """Positions to tell → the best position that each stands for."""
    lineage, found = concepts().lineage, dict[int, int]()
    for at in best:
        if any(one in lineage[at] or at in lineage[one] for one in found):
            continue
        heading = _heading(at) if scheme == "HS" else at
        if any(_heading(one) == heading for one in found):
            told = found.items()
            found = {heading if _heading(one) == heading else one: first for one, first in told}
        else:
            found[at] = at
    return found


def _heading(at: int) -> int:
    """Position of the HS heading of a subheading; of any other code, its own."""
    scheme, code = concepts().names[at]
    return concepts().position[scheme, code[:4]] if scheme == "HS" else at


def _codes(lead: Lead) -> list[tuple[int, float]]:
    """Positions and weights of the codes that a lead was given, else of its hints."""
    given = [(code.scheme, code.code, code.score) for code in lead.codes if code.given]
    counted = given or [(hint.scheme, hint.code, hint.share) for hint in lead.hints]
    place = concepts().position
    return [(place[one[:2]], one[2]) for one in counted if one[:2] in place]
