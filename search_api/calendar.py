"""The deadline of a lead as a calendar event (.ics, RFC 5545)."""

from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Event

from index.lead import Lead
from search_api.words import french_first, moment, plain

_SUMMARY = 200
_REMINDERS = (timedelta(days=-7), timedelta(days=-1))


def _alarm(before: timedelta) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", "Échéance d’un lead Débouchés")
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
        event.add_component(_alarm(before))
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
