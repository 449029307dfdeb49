"""The decision: whether two notices speak of one demand, with the reasons in French.

First what forbids it, whatever else agrees; then what speaks for it, added up in points.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from index.lead import STAGES
from ingest.dedupe.buyers import Agreement, agree
from ingest.dedupe.profile import Profile, Wording
from ingest.dedupe.wording import Likeness, liken

# Points from which two notices are one demand; a score of 1 is twice as many.
NEEDED = 6.0
# Within one source and one stage, two demands alike are more frequent than one told twice; and in
# two languages, words say less.
_MORE = 0.5

# A notice repeated by another source follows within weeks; a year later it is a new tender.
_REPEATED, _COURSE = timedelta(days=60), timedelta(days=730)
# Relative difference under which two amounts are one, and over which they contradict.
_ROUNDED, _ANOTHER, _RATES = 0.01, 0.25, 0.03
# Words from which a title says by itself what is bought, and nearly everything of it.
_TELLING, _FULL = 4, 6
# Share of the numbers of one text that another of the same demand tells too, whatever its language.
_NUMBERS_SHARED = 0.6
# Numbers, words of a text and shared names from which they tell something.
_NUMBERS, _WORDS, _NAMES = 3, 8, 3
# Amounts below are symbols ("1 €").
_SYMBOL = 1_000

_YEAR = re.compile(r"(?:19|20)\d\d")

# How close two notices are in meaning (cosine), and from what on they may be said close.
Meaning = Callable[[Profile, Profile], tuple[float, float]]
Point = tuple[float, str]


def unmeant(one: Profile, other: Profile) -> tuple[float, float]:
    """Nothing is known of their meaning."""
    return 0.0, 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """same: whether it is one demand. score: 0–1, from 0.5 on when it is. reasons: French."""

    same: bool
    score: float
    reasons: tuple[str, ...]


def _languages(one: Profile) -> set[str]:
    return {wording.language for wording in one.wordings}


def one_language(one: Profile, other: Profile) -> bool:
    """Whether both are told in some same language; an unknown one may be any."""
    spoken, heard = _languages(one), _languages(other)
    return bool(spoken & heard) or "" in spoken | heard


def _pair(one: Profile, other: Profile) -> tuple[Wording, Wording]:
    """The two wordings to compare: those of the first language that both speak."""
    heard = {wording.language: wording for wording in reversed(other.wordings)}
    for wording in one.wordings:
        if wording.language in heard:
            return wording, heard[wording.language]
    return one.wordings[0], other.wordings[0]


def same_day(one: datetime, other: datetime) -> bool:
    """The same calendar day, as written or in UTC: zones are not always told."""
    return one.date() == other.date() or one.astimezone(UTC).date() == other.astimezone(UTC).date()


def _same_amount(one: Profile, other: Profile, within: float) -> bool | None:
    """None when the two cannot be compared. In two currencies, rates of two days differ."""
    first, second = one.amount, other.amount
    if one.currency != other.currency:
        first, second, within = one.euros, other.euros, max(within, _RATES)
    if not first or not second:
        return None
    return abs(first - second) <= within * max(first, second)


# What forbids: each gives the reason, or "".


def _fiction(one: Profile, other: Profile) -> str:
    return "exemple fictif et demande réelle" if one.fictitious != other.fictitious else ""


def _countries(one: Profile, other: Profile) -> str:
    known = one.country and other.country and one.country != other.country
    return f"pays différents ({one.country}, {other.country})" if known else ""


def _processes(one: Profile, other: Profile) -> str:
    """A source that numbers its demands has told them apart itself."""
    told = one.source == other.source and one.process and other.process
    apart = told and one.process != other.process
    return "la source leur donne des identifiants différents" if apart else ""


def _deadlines(one: Profile, other: Profile) -> str:
    if one.deadline is None or other.deadline is None or same_day(one.deadline, other.deadline):
        return ""
    return f"échéances différentes ({one.deadline:%d/%m/%Y}, {other.deadline:%d/%m/%Y})"


def _buyers(one: Profile, other: Profile) -> str:
    different = agree(one.buyer, other.buyer, one_language(one, other)) == "different"
    return "acheteurs différents" if different else ""


def _lots(one: Profile, other: Profile) -> str:
    mine, yours = _pair(one, other)
    if mine.marks <= yours.marks or yours.marks <= mine.marks:
        return ""
    return "lots, années ou numéros différents dans les titres"


def _times(one: Profile, other: Profile) -> str:
    """Without a deadline in common, the same words long after are a new tender."""
    if one.published is None or other.published is None or (one.deadline and other.deadline):
        return ""
    gap = other.published - one.published
    if abs(gap) <= _REPEATED:
        return ""
    before, after = (one, other) if gap > timedelta(0) else (other, one)
    progress = before.stage and after.stage and _rank(before) < _rank(after)
    return "" if progress and abs(gap) <= _COURSE else "publications trop éloignées"


def _rank(one: Profile) -> int:
    return STAGES.index(one.stage or "open")


def _amounts(one: Profile, other: Profile) -> str:
    alike = one.stage == other.stage and one.source == other.source
    same = _same_amount(one, other, _ROUNDED)
    return "montants différents au même stade" if alike and same is False else ""


def _siblings(one: Profile, other: Profile) -> str:
    """In one source and one language: near titles or texts, each with words of its own."""
    if one.source != other.source or not one_language(one, other):
        return ""
    mine, yours = _pair(one, other)
    found = liken(mine, yours)
    if found.held is not None and one.stage == other.stage and found.held < 0.9:
        return "textes différents dans la même source"
    apart = not (mine.numbers <= yours.numbers or yours.numbers <= mine.numbers)
    return "nombres différents dans la même source" if apart else ""


CONTRADICTIONS: tuple[Callable[[Profile, Profile], str], ...] = (
    _fiction,
    _countries,
    _processes,
    _deadlines,
    _buyers,
    _lots,
    _times,
    _amounts,
    _siblings,
)


# What speaks for: points, each with its reason; negative ones speak against.


def _facts(one: Profile, other: Profile) -> Iterator[Point]:
    """What is told in no language."""
    told = one_language(one, other)
    agreement: Agreement = agree(one.buyer, other.buyer, told)
    if agreement == "same":
        yield 2, "même acheteur"
    elif agreement == "near":
        yield 1, "acheteur de nom proche, dans une autre langue"
    if one.deadline and other.deadline:
        exact = one.deadline == other.deadline
        yield (2, "même échéance") if exact else (1.5, "échéance du même jour")
    same = _same_amount(one, other, _ROUNDED)
    if same and (one.amount or 0) >= _SYMBOL:
        yield 2, "même montant"
    elif _same_amount(one, other, _ANOTHER) is False and one.stage == other.stage:
        yield -2, "montants différents"
    yield from _codes(one, other, told)
    if one.published and other.published and same_day(one.published, other.published):
        yield 0.5, "publiés le même jour"


def _codes(one: Profile, other: Profile, told: bool) -> Iterator[Point]:
    """told: in one language. The versions of one notice have the same codes, whatever the
    language; two portals may each give some of them."""
    mine, yours = one.codes, other.codes
    if not mine or not yours:
        return
    if set(mine) == set(yours):
        yield (2 if len(set(mine)) > 1 else 1), "mêmes codes CPV"
    elif mine[0] == yours[0]:
        yield (0.5 if told else 0), "même code CPV principal"
    elif not told or {code[:3] for code in mine}.isdisjoint(code[:3] for code in yours):
        yield -1.5, "codes CPV différents"


def _words(one: Profile, other: Profile) -> Iterator[Point]:
    """In one language: titles and texts."""
    mine, yours = _pair(one, other)
    found = liken(mine, yours)
    length = min(len(set(mine.title)), len(set(yours.title)))
    telling = length >= _TELLING
    match found.title:
        case "identical":
            yield (3.5 if length >= _FULL else 3 if telling else 2), "titres identiques"
        case "contained":
            yield (2 if telling else 1), "un titre contenu dans l'autre"
        case "sibling":
            yield -4, "titres voisins, chacun avec ses mots"
        case "different":
            yield -3, "titres différents"
    yield from _text(found)


def _text(found: Likeness) -> Iterator[Point]:
    if found.held is None or found.shared is None:
        return
    if found.shared >= 0.85:
        yield 3, "textes identiques"
    elif found.held >= 0.8:
        yield 2, "un texte contenu dans l'autre"
    elif found.held < 0.5:
        yield -3, "textes différents"


def _translation(one: Profile, other: Profile, meaning: Meaning) -> Iterator[Point]:
    """In two languages: numbers, names and what the texts mean."""
    mine, yours = one.wordings[0], other.wordings[0]
    texts = min(len(mine.text), len(yours.text)) >= _WORDS
    if one.stage != other.stage:
        yield -2, "stades différents"
    yield from _counted(_counts(mine.numbers), _counts(yours.numbers), texts)
    names = len({*mine.title, *mine.text} & {*yours.title, *yours.text})
    if names:
        yield min(names, _NAMES) / 2, "noms communs aux deux langues"
    elif texts:
        yield -1, "aucun nom commun aux deux langues"
    cosine, threshold = meaning(one, other)
    if cosine >= threshold:
        yield 1, "sens proches dans les deux langues"
    elif 0 < cosine < threshold / 2:
        yield -2, "sens différents dans les deux langues"


def _counts(numbers: Collection[str]) -> set[str]:
    """Numbers that count something: not a digit (« 2 lots »), nor a year."""
    return {one for one in numbers if len(one) > 1 and not _YEAR.fullmatch(one)}


def _counted(mine: set[str], yours: set[str], texts: bool) -> Iterator[Point]:
    least = min(len(mine), len(yours))
    if not least:
        if texts and max(len(mine), len(yours)) >= _NUMBERS:
            yield -1, "nombres d'un seul côté"
    elif len(mine & yours) >= _NUMBERS_SHARED * least:
        yield (2 if least >= _NUMBERS else 1.5), "mêmes nombres dans les textes"
    else:
        yield (-2 if least >= _NUMBERS else -1), "nombres différents"


def compare(one: Profile, other: Profile, meaning: Meaning = unmeant) -> Verdict:
    """Whether the two notices speak of one demand."""
    for contradiction in CONTRADICTIONS:
        if reason := contradiction(one, other):
            return Verdict(False, 0.0, (reason,))
    points = list(_facts(one, other))
    points += _words(one, other) if one_language(one, other) else _translation(one, other, meaning)
    total = sum(point for point, _ in points)
    if one.source == other.source and one.stage == other.stage:
        total -= _MORE
    reasons = tuple(reason for point, reason in points if point)
    return Verdict(total >= NEEDED, round(min(max(total / (2 * NEEDED), 0.0), 1.0), 2), reasons)


# What forbids two leads to be one wherever it is found among their notices.
_ALWAYS = (_fiction, _countries, _processes, _buyers, _lots)


def _forbidden(ours: Sequence[Profile], theirs: Sequence[Profile]) -> str:
    for one in ours:
        for other in theirs:
            for contradiction in _ALWAYS:
                if reason := contradiction(one, other):
                    return reason
    mine, yours = ([one.deadline for one in side if one.deadline] for side in (ours, theirs))
    if not mine or not yours or any(same_day(one, other) for one in mine for other in yours):
        return ""
    return "échéances différentes"


def judge(
    ours: Sequence[Profile],
    theirs: Sequence[Profile],
    apart: Collection[frozenset[str]] = (),
    meaning: Meaning = unmeant,
) -> Verdict:
    """Whether two leads, each told by its notices, are one: two notices must be the same, and
    none may contradict. Where some can be compared in one language, a translation proves nothing.
    apart: pairs of identities that people said to be two demands."""
    pairs = {frozenset((one.identity, other.identity)) for one in ours for other in theirs}
    if not pairs.isdisjoint(apart):
        return Verdict(False, 0.0, ("dits distincts par une personne",))
    if reason := _forbidden(ours, theirs):
        return Verdict(False, 0.0, (reason,))
    couples = [(one, other) for one in ours for other in theirs]
    told = [couple for couple in couples if one_language(*couple)]
    verdicts = (compare(one, other, meaning) for one, other in told or couples)
    return max(verdicts, key=lambda verdict: (verdict.same, verdict.score))
