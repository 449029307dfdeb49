"""From a lead's notices to the lead: the demand as it now stands, and how it came there.

The lead is always made anew from all its notices, so the order in which they arrived does not
change what it says.
"""

from collections.abc import Sequence
from datetime import datetime, time

from index.lead import Change, Lead, LeadText, Provenance, Stage, Status, Value
from ingest.ledger import Arrival
from ingest.normalise import Draft, expiry
from ingest.standing import key_of, standing, versions

# What a deadline told without its hour is read as; see ``dates.moment``.
END_OF_DAY = time(23, 59, 59)

_LIVE: tuple[Stage, ...] = ("planned", "open")

_TRUST = ("high", "medium", "low")

# The order in which notices of the same day are published, as far as they say nothing of it.
_COURSE: tuple[Stage, ...] = ("planned", "open", "awarded", "cancelled")


def _when(draft: Draft) -> datetime:
    return draft.published or draft.received


def _order(one: tuple[Arrival, Draft]) -> tuple[datetime, int, bool, datetime, str]:
    """By publication. At the same moment a call comes before what amends it, and both before an
    award or a cancellation, in whatever order they arrived."""
    arrival, draft = one
    course = _COURSE.index(draft.stage or "open")
    notice = arrival.notice
    return _when(draft), course, bool(notice.change), arrival.received, notice.key


def _provenance(arrival: Arrival, draft: Draft) -> Provenance:
    return Provenance(
        source=arrival.notice.source,
        key=arrival.notice.key,
        kind=arrival.notice.kind,
        stage=draft.stage,
        change=arrival.notice.change,
        url=arrival.notice.url,
        published=draft.published,
        received=arrival.received,
        raw=arrival.sha256,
        joined=arrival.joined,
    )


def _deadline(now: datetime | None, later: datetime | None) -> datetime | None:
    """The deadline after a notice that tells one. A day without hour, which the end of the day
    stands for, does not undo the hour that another source gave for it."""
    if now is None or later is None:
        return later or now
    hourless = later.time() == END_OF_DAY and now.date() == later.date()
    return now if hourless else later


def _in_all_languages(told: Draft, calls: Sequence[Draft]) -> tuple[LeadText, ...]:
    """The texts of the call, then those of the other calls in languages it does not speak."""
    texts = {text.language: text for draft in calls for text in draft.texts}
    spoken = {text.language for text in told.texts}
    return told.texts + tuple(text for tag, text in texts.items() if tag and tag not in spoken)


def _title(now: str, draft: Draft, titles: dict[tuple[str, str], str]) -> str:
    """The title after this notice. titles: the last one of each source and language, which has
    its own words from the start; only a source that changes its words changes the title."""
    if draft.stage not in _LIVE or not draft.texts:
        return now
    text = draft.texts[0]
    before = titles.get((draft.page.name, text.language), text.title)
    titles[draft.page.name, text.language] = text.title
    return now if before == text.title else text.title


def _money(value: Value | None) -> str:
    return f"{value.amount:.2f} {value.currency}" if value else ""


def _facts(
    stage: Stage, deadline: datetime | None, value: Value | None, title: str
) -> dict[str, str]:
    return {
        "stage": stage,
        "deadline": deadline.isoformat() if deadline else "",
        "value": _money(value),
        "title": title,
    }


def fold(identifier: str, notices: Sequence[tuple[Arrival, Draft]]) -> Lead:
    """The lead of these notices (at least one), whatever their order.

    Later notices win on stage, deadline and value where they say something. What the demand is
    about is told by the last call; an award or a corrigendum speaks of it in fewer words. What a
    source replaced or took back says nothing any more; a lead of which all was taken back is
    withdrawn.
    """
    ordered = sorted(notices, key=_order)
    stand = standing(ordered)
    if len(stand) == len(ordered):
        return _told(identifier, ordered)
    if not stand:
        return _told(identifier, ordered[-1:]).model_copy(update={"status": "withdrawn"})
    lead, keys = _told(identifier, stand), {key_of(one) for one in stand}
    first = next(draft for arrival, draft in ordered if key_of((arrival, draft)) in keys)
    history = [*lead.history, *(_replaced(*pair) for pair in versions(ordered))]
    history.sort(key=lambda change: change.at or lead.provenances[0].received)
    return lead.model_copy(update={"published": first.published, "history": tuple(history)})


def _replaced(before: Draft, later: Draft) -> Change:
    """What a source changed of its own words."""
    then, now = (
        _facts(draft.stage or "open", draft.deadline, draft.value, draft.texts[0].title)
        for draft in (before, later)
    )
    changed = {name: (then[name], now[name]) for name in now if now[name] != then[name]}
    stage = later.stage or "open"
    return Change(at=later.published, key=later.notice.key, stage=stage, fields=changed)


def _most_trusted(ordered: Sequence[tuple[Arrival, Draft]]) -> list[tuple[Arrival, Draft]]:
    """The notices of the most trusted of their sources. Others may tell what these leave out, and
    change nothing that these say: whoever copies a demand must not get hold of it."""
    best = min(_TRUST.index(draft.page.trust) for _, draft in ordered)
    return [one for one in ordered if one[1].page.trust == _TRUST[best]]


def _told(identifier: str, ordered: Sequence[tuple[Arrival, Draft]]) -> Lead:
    """The lead that notices tell, in their order."""
    heard = _most_trusted(ordered)
    trust = heard[0][1].page.trust
    calls = [draft for _, draft in heard if draft.stage in _LIVE and draft.texts]
    told = calls[-1] if calls else next(draft for _, draft in ordered if draft.texts)
    first = ordered[0][1]
    stage: Stage = first.stage or "open"
    deadline, value = first.deadline, first.value
    facts = _facts(stage, deadline, value, first.texts[0].title if first.texts else "")
    titles = {(first.page.name, text.language): text.title for text in first.texts[:1]}
    history = []
    for arrival, draft in ordered[1:]:
        if draft.page.trust == trust:
            stage = draft.stage or stage
            deadline = _deadline(deadline, draft.deadline)
            value = draft.value or value
        else:
            deadline, value = deadline or draft.deadline, value or draft.value
        now = _facts(stage, deadline, value, _title(facts["title"], draft, titles))
        changed = {name: (facts[name], now[name]) for name in now if now[name] != facts[name]}
        if changed or arrival.joined is None:
            key, at = arrival.notice.key, draft.published
            history.append(Change(at=at, key=key, stage=stage, fields=changed))
        facts = now
    last_arrival, last = heard[-1]
    status: Status = "published" if told.page.trust == "high" else "proposed"
    return Lead(
        id=identifier,
        status=status,
        stage=stage,
        texts=_in_all_languages(told, calls),
        buyer=told.buyer or last.buyer,
        country=told.country or last.country,
        region=told.region or last.region,
        place=told.place or last.place,
        codes=told.codes or last.codes,
        sectors=told.sectors or last.sectors,
        value=value,
        published=first.published,
        updated=last.published,
        deadline=deadline,
        expires=expiry(told, deadline) if stage in _LIVE else None,
        domestic=told.domestic,
        fictitious=told.page.fictitious,
        source=told.page.name,
        url=last_arrival.notice.url or heard[0][0].notice.url,
        provenances=tuple(_provenance(arrival, draft) for arrival, draft in ordered),
        history=tuple(history),
    )
