"""What speaks for two notices being one demand: points, each with its reason in French; negative
ones speak against.
"""

import re
from collections.abc import Callable, Collection, Iterator

from ingest.dedupe.buyers import Agreement, agree
from ingest.dedupe.facts import ROUNDED, one_language, pair, same_amount, same_day
from ingest.dedupe.profile import Profile, Wording
from ingest.dedupe.wording import Likeness, liken

# Relative difference over which two estimates contradict.
_ANOTHER = 0.25
# Words from which a title says by itself what is bought, and nearly everything of it.
_TELLING, _FULL = 4, 6
# Digits that more than count something: a reference has more.
_DIGITS = 3
# Share of the numbers of one text that another of the same demand tells too, whatever its language.
_NUMBERS_SHARED = 0.6
# Numbers, words of a text and shared names from which they tell something.
_NUMBERS, _WORDS, _NAMES = 3, 8, 3
# Amounts below are symbols ("1 €").
_SYMBOL = 1_000
# Shares of two texts: all of both, all of the shorter, less than half of it.
_ALL, _MOST, _HALF = 0.85, 0.8, 0.5

_YEAR = re.compile(r"(?:19|20)\d\d")

# How close two notices are in meaning (cosine), and from what on they may be said close.
Meaning = Callable[[Profile, Profile], tuple[float, float]]
Point = tuple[float, str]


def unmeant(one: Profile, other: Profile) -> tuple[float, float]:
    """Nothing is known of their meaning."""
    return 0.0, 1.0


def _margin(one: Profile) -> float:
    """An estimate is told with and without tax; what was awarded is told as it was."""
    return ROUNDED if one.stage == "awarded" else _ANOTHER


def facts(one: Profile, other: Profile) -> Iterator[Point]:
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
    same = same_amount(one, other, ROUNDED)
    if same and (one.amount or 0) >= _SYMBOL:
        yield 2, "même montant"
    elif one.stage == other.stage and same_amount(one, other, _margin(one)) is False:
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


def _length(one: Wording) -> int:
    """Words of a title; a reference says as much as two."""
    references = (mark for mark in one.marks if len(mark) > _DIGITS and mark.isdigit())
    return len(set(one.title)) + sum(2 for mark in references if not _YEAR.fullmatch(mark))


def words(one: Profile, other: Profile) -> Iterator[Point]:
    """In one language: titles and texts."""
    mine, yours = pair(one, other)
    found = liken(mine, yours)
    length = min(_length(mine), _length(yours))
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
    if found.shared >= _ALL:
        yield 3, "textes identiques"
    elif found.held >= _MOST:
        yield 2, "un texte contenu dans l'autre"
    elif found.held < _HALF:
        yield -3, "textes différents"


def translation(one: Profile, other: Profile, meaning: Meaning) -> Iterator[Point]:
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
