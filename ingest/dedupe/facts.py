"""Facts of two notices laid side by side: languages, days, amounts."""

from datetime import UTC, datetime

from ingest.dedupe.profile import Profile, Wording

# Relative difference under which two amounts are one, and what rates of two days add to it.
ROUNDED, _RATES = 0.01, 0.03


def _languages(one: Profile) -> set[str]:
    return {wording.language for wording in one.wordings}


def one_language(one: Profile, other: Profile) -> bool:
    """Whether both are told in some same language; an unknown one may be any."""
    spoken, heard = _languages(one), _languages(other)
    return bool(spoken & heard) or "" in spoken | heard


def pair(one: Profile, other: Profile) -> tuple[Wording, Wording]:
    """The two wordings to compare: those of the first language that both speak."""
    heard = {wording.language: wording for wording in reversed(other.wordings)}
    for wording in one.wordings:
        if wording.language in heard:
            return wording, heard[wording.language]
    return one.wordings[0], other.wordings[0]


def same_day(one: datetime, other: datetime) -> bool:
    """The same calendar day, as written or in UTC: zones are not always told."""
    return one.date() == other.date() or one.astimezone(UTC).date() == other.astimezone(UTC).date()


def same_amount(one: Profile, other: Profile, within: float) -> bool | None:
    """None when the two cannot be compared. In two currencies, rates of two days differ."""
    first, second = one.amount, other.amount
    if one.currency != other.currency:
        first, second, within = one.euros, other.euros, max(within, _RATES)
    if not first or not second:
        return None
    return abs(first - second) <= within * max(first, second)
