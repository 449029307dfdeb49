"""Labelled pairs of notices, made from the real ones of a folder: one demand told twice, or two
that look alike. The same folder always gives the same pairs.

Labels come from facts that the decision does not see, or from how the pair was made: a source's
own links and identifiers, the languages of one notice, an edit.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice, pairwise
from random import Random

from index.lead import LeadText
from ingest.evaluation.edits import DIFFERENT, LONG, SAME, Edit
from ingest.evaluation.real import Real
from ingest.evaluation.telling import SOURCES, Telling, tell
from taxonomies.fold import fold

# Notices of one file that may found a pair: one table holds 820 contracts of a single country.
_OF_A_FILE = 25
# Pairs that stay in one source: half of those where either is possible.
_ONE_SOURCE = 2


@dataclass(frozen=True, slots=True)
class Pair:
    """same: whether the two tell one demand. family: how the pair was made, in French."""

    family: str
    same: bool
    one: Telling
    other: Telling


Made = tuple[Real, Real, LeadText | None, LeadText | None]


def _order(family: str, *reals: Real) -> str:
    words = "\n".join([family, *(f"{one.file} {one.draft.notice.key}" for one in reals)])
    return hashlib.sha256(words.encode()).hexdigest()


def _chance(order: str) -> Random:
    return Random(order)  # noqa: S311 — the same pairs each time, nothing secret


def _spread(reals: Iterable[Real]) -> list[Real]:
    """At most so many notices of one file."""
    of_file: dict[str, int] = defaultdict(int)
    kept = []
    for real in reals:
        of_file[real.file] += 1
        if of_file[real.file] <= _OF_A_FILE:
            kept.append(real)
    return kept


def _two(family: str, same: bool, made: Made, one_source: bool) -> Pair:
    """Both as told by one source, or each by its own, which numbers its demands."""
    first, second, text, other_text = made
    name = _order(family, first, second)[:16]
    one = tell(first.draft, f"{name}-1", SOURCES[0], text)
    other = tell(second.draft, f"{name}-2", SOURCES[0] if one_source else SOURCES[1], other_text)
    if not one_source:
        one = replace(one, process=f"P{name}-1")
        other = replace(other, process=f"P{name}-2")
    return Pair(family, same, one, other)


def edited(family: str, same: bool, edit: Edit, reals: Sequence[Real]) -> Iterator[Pair]:
    """Each notice, and the same one edited."""
    for real in sorted(reals, key=lambda real: _order(family, real)):
        chance = _chance(_order(family, real))
        one_source = family == "republication" or not chance.randrange(_ONE_SOURCE)
        pair = _two(family, same, (real, real, None, None), one_source and family != "autre source")
        changed = edit(pair.other, chance)
        if changed is not None and changed.title.strip():
            yield replace(pair, other=changed)


def languages(reals: Sequence[Real]) -> Iterator[Pair]:
    """The versions of one notice in two languages, as two notices."""
    for real in sorted(reals, key=lambda real: _order("deux langues", real)):
        texts = [text for text in real.draft.texts if text.language]
        chance = _chance(_order("deux langues", real))
        versions = list(combinations(texts, 2))
        for one, other in chance.sample(versions, min(3, len(versions))):
            if one.language != other.language and fold(one.title) != fold(other.title):
                pair = _two(
                    "deux langues", True, (real, real, one, other), bool(chance.randrange(2))
                )
                key = f"{pair.other.key}-{one.language}-{other.language}"
                yield replace(
                    pair,
                    one=replace(pair.one, key=f"{key}-1"),
                    other=replace(pair.other, key=f"{key}-2"),
                )
                break


def linked(reals: Sequence[Real]) -> Iterator[Pair]:
    """Notices that the source itself links, of one title and at compatible dates: a notice
    published again. Their links are taken away."""
    by_key = {(one.draft.notice.source, one.draft.notice.key): one for one in reals}
    for later in reals:
        notice = later.draft.notice
        for key in notice.previous:
            earlier = by_key.get((notice.source, key))
            if earlier is not None and earlier is not later and _republished(earlier, later):
                yield _two("republication liée", True, (earlier, later, None, None), True)


def _republished(one: Real, other: Real) -> bool:
    days = {real.draft.deadline.date() for real in (one, other) if real.draft.deadline}
    return len(days) < 2 and _same_title(one, other) and _same_buyer(one, other)


def _same_title(one: Real, other: Real) -> bool:
    return fold(one.draft.texts[0].title) == fold(other.draft.texts[0].title)


def _same_buyer(one: Real, other: Real) -> bool:
    return bool(one.draft.buyer) and fold(one.draft.buyer) == fold(other.draft.buyer)


def _groups(reals: Iterable[Real], of: Callable[[Real], str]) -> list[list[Real]]:
    found: dict[str, list[Real]] = defaultdict(list)
    for real in reals:
        if key := of(real):
            found[key].append(real)
    return [group for _, group in sorted(found.items()) if len(group) > 1]


def same_title(reals: Sequence[Real]) -> Iterator[Pair]:
    """Real notices of one title that facts tell apart: buyers without a word in common, days of
    answer, or amounts of contracts that one source numbers."""
    for group in _groups(reals, lambda real: fold(real.draft.texts[0].title)):
        for one, other in islice(combinations(group, 2), 5):
            if _told_apart(one, other):
                yield _two("même titre", False, (one, other, None, None), _chance_of(one, other))


def _chance_of(one: Real, other: Real) -> bool:
    return bool(int(_order("", one, other)[:2], 16) % _ONE_SOURCE)


def _told_apart(one: Real, other: Real) -> bool:
    ours, theirs = one.draft, other.draft
    if ours.deadline and theirs.deadline and ours.deadline.date() != theirs.deadline.date():
        return True
    buyers = [set(fold(draft.buyer).split()) for draft in (ours, theirs)]
    if all(buyers) and buyers[0].isdisjoint(buyers[1]):
        return True
    numbered = ours.notice.process and theirs.notice.process
    values = ours.value, theirs.value
    return bool(
        numbered
        and ours.notice.process != theirs.notice.process
        and all(values)
        and ours.notice.source == theirs.notice.source
        and len({value.amount for value in values if value}) == 2
    )


def same_buyer(reals: Sequence[Real]) -> Iterator[Pair]:
    """Real notices of one buyer that bear two titles and two identifiers of their source."""
    for group in _groups(reals, lambda real: fold(real.draft.buyer)):
        ordered = sorted(group, key=lambda real: fold(real.draft.texts[0].title))
        for one, other in islice(pairwise(ordered), 4):
            first, second = one.draft.notice, other.draft.notice
            numbered = first.process and second.process and first.process != second.process
            words = [set(fold(real.draft.texts[0].title).split()) for real in (one, other)]
            if numbered and words[0] - words[1] and words[1] - words[0]:
                yield _two("même acheteur", False, (one, other, None, None), _chance_of(one, other))


def another_in_translation(reals: Sequence[Real]) -> Iterator[Pair]:
    """A notice in one language and another one in another language, of the same group of codes,
    with the buyer, the dates and the stage of the first: two demands of one buyer on one day."""
    told = [real for real in reals if real.draft.texts[0].language and real.draft.codes]
    for group in _groups(told, lambda real: real.draft.codes[0].code[:3]):
        ordered = sorted(group, key=lambda real: _order("autre langue", real))
        for one, other in zip(ordered[::2], ordered[1::2], strict=False):
            if one.draft.texts[0].language == other.draft.texts[0].language:
                continue
            pair = _two("autre langue, autre objet", False, (one, other, None, None), False)
            names = ("buyer", "country", "place", "published", "deadline", "stage")
            same = {name: getattr(pair.one, name) for name in names}
            yield replace(pair, other=replace(pair.other, **same))


def other_buyer(reals: Sequence[Real]) -> Iterator[Pair]:
    """The same words by another buyer of the same country, without a word of the first's name."""
    named = [real for real in reals if real.draft.buyer and real.draft.country]
    for group in _groups(named, lambda real: real.draft.country):
        ordered = sorted(group, key=lambda real: _order("autre acheteur", real))
        for one, other in pairwise(ordered):
            words = [set(fold(real.draft.buyer).split()) for real in (one, other)]
            if words[0].isdisjoint(words[1]):
                pair = _two("autre acheteur", False, (one, one, None, None), _chance_of(one, other))
                yield replace(pair, other=replace(pair.other, buyer=other.draft.buyer))


def lots(reals: Sequence[Real]) -> Iterator[Pair]:
    """Two lots of one demand, told apart by their number alone."""
    for real in sorted(reals, key=lambda real: _order("autre lot", real)):
        pair = _two("autre lot", False, (real, real, None, None), _chance_of(real, real))
        if len(pair.one.title) > LONG:
            continue
        first, second = (f"{pair.one.title} – Lot {number}" for number in (1, 2))
        yield replace(
            pair, one=replace(pair.one, title=first), other=replace(pair.other, title=second)
        )


def countries(reals: Sequence[Real]) -> Iterator[Pair]:
    """The same words in another country, for no known buyer."""
    for real in sorted(reals, key=lambda real: _order("autre pays", real)):
        pair = _two("autre pays", False, (real, real, None, None), False)
        other = "SE" if pair.one.country != "SE" else "PL"
        if pair.one.country:
            yield replace(pair, other=replace(pair.other, country=other, buyer="", place=""))


FAMILIES: tuple[Callable[[Sequence[Real]], Iterator[Pair]], ...] = (
    linked,
    languages,
    same_title,
    same_buyer,
    another_in_translation,
    other_buyer,
    lots,
    countries,
)


def pairs(reals: Iterable[Real], most: int) -> list[Pair]:
    """All the pairs of these notices, at most so many of each family."""
    whole = sorted(reals, key=lambda real: _order("", real))
    some = _spread(whole)
    made: list[Pair] = []
    for family in FAMILIES:
        made += islice(family(whole), most)
    for same, edits in ((True, SAME), (False, DIFFERENT)):
        for name, edit in edits.items():
            made += islice(edited(name, same, edit, some), most)
    return made
