"""When a source is asked next, and how people say its rhythm."""

from datetime import datetime, time, timedelta

from ingest.collect import Rhythm, last_due

DAYS = {
    "mon": "lundi",
    "tue": "mardi",
    "wed": "mercredi",
    "thu": "jeudi",
    "fri": "vendredi",
    "sat": "samedi",
    "sun": "dimanche",
}
# Less than two moments of a rhythm are apart, so that none is stepped over.
_STEPS = {"hour": timedelta(minutes=20), "day": timedelta(hours=12), "week": timedelta(hours=12)}


def next_due(rhythm: Rhythm, now: datetime) -> datetime:
    """The first moment after ``now`` (aware) at which a source is to be asked; in UTC."""
    last, moment = last_due(rhythm, now), now
    while (due := last_due(rhythm, moment)) == last:
        moment += _STEPS[rhythm.every]
    return due


def in_words(rhythm: Rhythm) -> str:
    """« chaque jour à 6 h 00 (Europe/Paris) », « chaque heure, à la minute 5 »."""
    if rhythm.every == "hour":
        return f"chaque heure, à la minute {rhythm.at.minute}"
    return f"{_on(rhythm)} à {_clock(rhythm.at)} ({rhythm.timezone})"


def _clock(at: time) -> str:
    return f"{at.hour}\u00a0h\u00a0{at.minute:02}"


def _on(rhythm: Rhythm) -> str:
    """The days, from Monday to Sunday."""
    order = list(DAYS)
    days = sorted({order.index(day) for day in rhythm.days})
    names = [DAYS[order[day]] for day in days]
    if rhythm.every == "week":
        return f"chaque {names[0] if names else DAYS['mon']}"
    if len(days) in (0, 7):
        return "chaque jour"
    if len(days) == 1:
        return f"chaque {names[0]}"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"du {names[0]} au {names[-1]}"
    return f"les {', '.join(names[:-1])} et {names[-1]}"
