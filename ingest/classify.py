"""The codes of leads: those their sources gave, and what words and correspondences add.

A guess climbs its nomenclature until it is sure enough to be said, or says nothing; what it
hesitates between stays as hints. What a person said of the same text is said again. Services and
works have no HS code. Nothing given by a source or an analyst is ever replaced.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice, pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.coding import Coded, Coder, Near, Shares, Wording
from index.concepts import concepts, digits
from index.embedding import Vectors
from index.lead import SURE_ENOUGH, Hint, Lead, LeadCode, LeadText, Method
from ingest.evidence import evidence
from taxonomies import correspondence, cpv, sectors

# Hints kept of a scheme (more of them change nothing to the ranking), and the least share of one.
HINTS, _LEAST = 12, 0.01
# Less of the votes never made a code sure enough to be said.
_UNSURE = 0.05

_SCHEMES: tuple[Coded, ...] = ("CPV", "HS")

# Cosine from which a learned text is nearly the same.
_NEIGHBOUR = 0.9

# Share of the votes from which a lead without code is taken for a service or works.
_MOSTLY = 0.6

# Correspondences said of a lead, at most; and what votes outside them still count.
_FOLLOWING, _OUTSIDE = 3, 0.05


@dataclass(frozen=True, slots=True)
class Guess:
    """What the votes allow to say: the deepest code that is sure enough (None when not even a
    division is), its calibrated confidence, and the best codes with their shares."""

    code: str | None
    confidence: float
    hints: tuple[Hint, ...]


def guess(coder: Coder, scheme: Coded, shares: Shares) -> Guess:
    """What one row of ``Coder.shares`` allows to say."""
    return guesses(coder, scheme, shares[None, :])[0]


def guesses(coder: Coder, scheme: Coded, shares: Shares) -> list[Guess]:
    """What each row of ``Coder.shares`` allows to say."""
    said = _surest(coder, scheme, shares)
    found = zip(said, _likeliest(scheme, shares), strict=True)
    return [Guess(code, confidence, hints) for (_, confidence, code), hints in found]


def _likeliest(scheme: Coded, shares: Shares) -> Iterator[tuple[Hint, ...]]:
    """Of each row, the best codes with their shares."""
    names = concepts().codes(scheme)
    rows, places = np.divmod(np.flatnonzero(shares >= _LEAST), shares.shape[1])
    told = shares[rows, places]
    order = np.lexsort((places, -told, rows))
    ends = np.searchsorted(rows, np.arange(len(shares) + 1)).tolist()
    for first, last in pairwise(ends):
        best = order[first : min(last, first + HINTS)]
        yield tuple(
            Hint(scheme, names[at], round(share, 3))
            for at, share in zip(places[best].tolist(), told[best].tolist(), strict=True)
        )


def _surest(coder: Coder, scheme: Coded, shares: Shares) -> list[tuple[int, float, str | None]]:
    """Of each row, the deepest code that is sure enough: digits, confidence, code (None)."""
    names, depths = concepts().codes(scheme), _depths(scheme)
    best: list[tuple[int, float, str | None]] = [(0, 0.0, None)] * len(shares)
    rows, places, reached = concepts().heavy(shares, scheme, _UNSURE)
    depth = depths[places]
    for number, curve in coder.curves[scheme].items():
        some = np.flatnonzero(depth == number)
        confidences = np.interp(reached[some], curve.shares, curve.right)
        sure = confidences >= SURE_ENOUGH
        for at, confidence in zip(some[sure].tolist(), confidences[sure].tolist(), strict=True):
            one = (number, confidence, names[places[at]])
            row = rows[at]
            best[row] = max(best[row], one, key=lambda told: (*told[:2], told[2] or ""))
    return best


@cache
def _depths(scheme: Coded) -> NDArray[np.int64]:
    return np.array([digits(scheme, code) for code in concepts().codes(scheme)])


class Asked(NamedTuple):
    """What is to be coded: the words of a lead, and the codes that people gave it."""

    text: Wording
    codes: tuple[LeadCode, ...] = ()


@dataclass(frozen=True, slots=True)
class Coding:
    """What a lead has of codes once it is classified."""

    codes: tuple[LeadCode, ...]
    hints: tuple[Hint, ...]
    without_hs: bool
    sectors: tuple[str, ...]


@dataclass
class _Draft:
    """A text on its way: the codes it has so far, and those guessed, which evidence will join."""

    text: Wording
    codes: list[LeadCode]
    hints: list[Hint] = field(default_factory=list)
    without_hs: bool = False
    vector: Vectors | None = None

    def lacks(self, scheme: str) -> bool:
        """Whether nobody gave it a code of this scheme."""
        return all(code.scheme != scheme for code in self.codes)


def asked(texts: Sequence[LeadText], codes: Sequence[LeadCode]) -> Asked:
    """What is compared with codes: the titles in all languages, the text in the first."""
    given = tuple(code for code in codes if code.given)
    if not texts:
        return Asked(Wording(""), given)
    titles = ". ".join(dict.fromkeys(text.title for text in texts))
    return Asked(Wording(titles, texts[0].text, texts[0].language), given)


def wording(lead: Lead) -> Wording:
    """The words of a lead that are compared with codes."""
    return asked(lead.texts, ()).text


def classify(
    leads: Sequence[Lead], coder: Coder, known: Mapping[Asked, Coding] = MappingProxyType({})
) -> list[Lead]:
    """The leads with codes, hints and sectors, in the same order. known: what was coded before."""
    wanted = [asked(lead.texts, lead.codes) for lead in leads]
    fresh = list(dict.fromkeys(one for one in wanted if one not in known))
    found = {**known, **dict(zip(fresh, codings(fresh, coder), strict=True))}
    return [
        lead.model_copy(
            update={
                "codes": coding.codes,
                "hints": coding.hints,
                "without_hs": coding.without_hs,
                "sectors": coding.sectors,
            }
        )
        for lead, coding in zip(leads, map(found.__getitem__, wanted), strict=True)
    ]


def codings(wanted: Sequence[Asked], coder: Coder) -> list[Coding]:
    """Codes, hints and sectors of each, in order."""
    drafts = [_Draft(one.text, list(one.codes)) for one in wanted]
    for scheme in _SCHEMES:
        _repeat(coder, scheme, [draft for draft in drafts if draft.lacks(scheme)])
    _guess(coder, "CPV", [draft for draft in drafts if draft.lacks("CPV")])
    for draft in drafts:
        # A service with goods beside it has the code of these goods.
        draft.codes += following(draft.codes)
        draft.without_hs = without_hs(draft.codes, draft.hints)
    _guess(coder, "HS", [one for one in drafts if one.lacks("HS") and not one.without_hs])
    spoken = evidence(coder, [(draft.text, draft.codes) for draft in drafts])
    return [_finished(draft, codes) for draft, codes in zip(drafts, spoken, strict=True)]


def _repeat(coder: Coder, scheme: Coded, drafts: Sequence[_Draft]) -> None:
    """Add to drafts what a person said of the same texts."""
    for draft, near in zip(drafts, coder.corrected(scheme, _texts(drafts)), strict=True):
        if near:
            [code], score = near.codes, round(near.cosine, 2)
            draft.codes.append(LeadCode(scheme=scheme, code=code, score=score, method="neighbours"))
            draft.hints.append(Hint(scheme=scheme, code=code, share=1.0))


def _guess(coder: Coder, scheme: Coded, drafts: Sequence[_Draft]) -> None:
    """Add to drafts what their words allow to say of one scheme."""
    unread = [draft for draft in drafts if draft.vector is None]
    for draft, vector in zip(unread, coder.vectors(_texts(unread)), strict=True):
        draft.vector = vector
    vectors = np.array([draft.vector for draft in drafts])
    rest = iter(drafts)
    for shares, learned in coder.read(scheme, _texts(drafts), vectors):
        some = list(islice(rest, len(learned)))
        if scheme == "HS":
            shares = np.stack(
                [among(row, one.codes) for row, one in zip(shares, some, strict=True)]
            )
        told = guesses(coder, scheme, shares)
        for draft, found, near in zip(some, told, learned, strict=True):
            _say(draft, scheme, found, near)


def _say(draft: _Draft, scheme: Coded, found: Guess, near: Near) -> None:
    draft.hints += found.hints
    if found.code is not None:
        score, method = round(found.confidence, 2), method_of(scheme, found.code, near)
        draft.codes.append(LeadCode(scheme=scheme, code=found.code, score=score, method=method))


def method_of(scheme: Coded, code: str, near: Near) -> Method:
    """How a guessed code is known: from a learned text nearly the same that has it, or from all
    that votes."""
    if near.cosine >= _NEIGHBOUR:
        start = code[: digits(scheme, code)]
        if any(one.startswith(start) for one in near.codes):
            return "neighbours"
    return "model"


def _texts(drafts: Sequence[_Draft]) -> list[Wording]:
    return [draft.text for draft in drafts]


def _finished(draft: _Draft, codes: Sequence[LeadCode]) -> Coding:
    told = (code for code in codes if code.score >= SURE_ENOUGH)
    names = (name for code in told for name in sectors.of(code.scheme, code.code))
    return Coding(tuple(codes), tuple(draft.hints), draft.without_hs, tuple(dict.fromkeys(names)))


def without_hs(codes: Sequence[LeadCode], hints: Sequence[Hint]) -> bool:
    """Whether this is a service or works: its main CPV code has no HS code, or, where no code is
    said, most of what its words suggest."""
    if any(code.scheme == "HS" for code in codes):
        return False
    said = [code.code for code in codes if code.scheme == "CPV"]
    if said:
        return correspondence.has_no_hs(said[0])
    mute = (hint.share for hint in hints if correspondence.has_no_hs(hint.code))
    return sum(mute) >= _MOSTLY


def following(codes: Sequence[LeadCode]) -> list[LeadCode]:
    """HS and NAF codes that follow from the CPV codes that were given, where there is none."""
    found: list[LeadCode] = []
    for scheme, table in (("HS", correspondence.hs_of_cpv), ("NAF", correspondence.naf_of_cpv)):
        if all(code.scheme != scheme for code in codes):
            matches = [
                (match, code)
                for code in codes
                if code.scheme == "CPV" and code.given
                for match in table(code.code)
            ]
            found += _following(scheme, matches)
    return found


def _following(
    scheme: str, matches: Sequence[tuple[correspondence.Match, LeadCode]]
) -> Iterator[LeadCode]:
    best: dict[str, LeadCode] = {}
    for match, source in sorted(matches, key=lambda pair: -pair[0].score):
        if match.score >= SURE_ENOUGH and len(best) < _FOLLOWING:
            made = LeadCode.model_validate(
                {
                    "scheme": scheme,
                    "code": match.code,
                    "score": round(match.score, 2),
                    "method": "correspondence",
                    "evidence": (cpv.label(source.code),),
                }
            )
            best.setdefault(match.code, made)
    yield from best.values()


def among(shares: Shares, codes: Sequence[LeadCode]) -> Shares:
    """The votes for HS codes, those that follow from the CPV codes counting most."""
    if all(code.scheme != "CPV" for code in codes):
        return shares
    table, within = concepts(), concepts().of("HS")
    factor = np.full(len(shares), _OUTSIDE, np.float32)
    for code in codes:
        if code.scheme == "CPV":
            for match in correspondence.hs_of_cpv(code.code):
                at = table.position["HS", match.code]
                below = slice(at - within.start, int(table.last[at]) - within.start)
                factor[below] = np.maximum(factor[below], _OUTSIDE + match.score * code.score)
    raised = shares * factor
    total = float(raised.sum())
    return np.asarray(raised / total if total else raised, np.float32)
