"""What forbids two notices to be one demand, whatever else agrees: each gives the reason in
French, or "".
"""

from collections.abc import Callable
from datetime import timedelta

from index.lead import STAGES
from ingest.dedupe.buyers import agree
from ingest.dedupe.facts import ROUNDED, one_language, pair, same_amount, same_day
from ingest.dedupe.profile import Profile
from ingest.dedupe.wording import liken

# A notice repeated by another source follows within weeks; a year later it is a new tender.
_REPEATED, _COURSE = timedelta(days=60), timedelta(days=730)
# Share of a text that another of the same source, stage and demand holds.
_HELD = 0.9


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
    mine, yours = pair(one, other)
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
    same = same_amount(one, other, ROUNDED)
    return "montants différents au même stade" if alike and same is False else ""


def _siblings(one: Profile, other: Profile) -> str:
    """In one source and one language: near titles or texts, each with words of its own."""
    if one.source != other.source or not one_language(one, other):
        return ""
    mine, yours = pair(one, other)
    found = liken(mine, yours)
    if found.held is not None and one.stage == other.stage and found.held < _HELD:
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

# Those that forbid two leads to be one wherever they are found among their notices.
ALWAYS = (_fiction, _countries, _processes, _buyers, _lots)
