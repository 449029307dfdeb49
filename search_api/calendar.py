"""Calendar events (.ics, RFC 5545): the deadline of a lead, the day to say what became of it."""

from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Event

from index.interest import Interest
from index.lead import Lead
from search_api.words import french_first, moment, plain

_SUMMARY = 200
_REMINDERS = (timedelta(days=-7), timedelta(days=-1))


def _alarm(before: timedelta, words: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", words)
    alarm.add("trigger", before)
    return alarm


def deadline_event(lead: Lead, address: str, now: datetime) -> bytes | None:
    """The calendar file of the lead's deadline, None when it has none.

    address: public URL of the lead's page. The UID depends on the lead alone and SEQUENCE grows
    with its versions, so that a second import moves the event instead of doubling it.
    """
    if lead.deadline is None:
        return None
    try:
        end = lead.deadline.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    event = Event()
    event.add("uid", f"{lead.id}@debouches")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", end)
    event.add("dtend", end)
    event.add("sequence", lead.sequence)
    event.add("summary", plain(f"Échéance : {french_first(lead).title}")[:_SUMMARY])
    event.add("description", _description(lead, address))
    event.add("url", address)
    event.add("transp", "TRANSPARENT")
    for before in _REMINDERS:
        event.add_component(_alarm(before, "Échéance d’un lead Débouchés"))
    return _calendar(event)


def question_event(one: Interest, address: str, now: datetime) -> bytes:
    """The calendar file of the day on which a company is asked what became of a lead, which must
    have one. address: of its private page."""
    assert one.due is not None
    event = Event()
    event.add("uid", f"suivi-{one.number}@debouches")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", one.due)
    event.add("sequence", one.version)
    event.add("summary", plain(f"Quelle suite ? {one.title}")[:_SUMMARY])
    event.add("description", f"Dites ce qu’est devenu ce lead sur votre page privée :\n{address}")
    event.add("url", address)
    event.add("transp", "TRANSPARENT")
    # Nine in the morning of that day.
    event.add_component(_alarm(timedelta(hours=9), "Un lead Débouchés à suivre"))
    return _calendar(event)


def _calendar(event: Event) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Débouchés//Échéances//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _description(lead: Lead, address: str) -> str:
    """Warning, buyer and address, one a line."""
    lines = [
        "EXEMPLE FICTIF : ce lead n’est pas une demande réelle." if lead.fictitious else "",
        plain(lead.buyer),
        f"À l’heure de la source : {moment(lead.deadline)}" if lead.deadline else "",
        address,
    ]
    return "\n".join(line for line in lines if line)
