"""Leads made anew because a word of their notices is now understood otherwise."""

from collections.abc import Iterator

import orjson
from sqlalchemy import Connection, select

from index.tables import notice
from ingest.lookups import Subject
from ingest.notice import Notice

# The fields of a notice that a subject explains.
_FIELDS: dict[Subject, tuple[str, ...]] = {
    "country": ("country",),
    "stage": ("stage", "kind"),
    "currency": ("currency",),
    "language": ("language",),
}


def concerned(connection: Connection, source: str, subject: Subject, word: str) -> list[str]:
    """The leads with a notice of this source that uses this word, in order."""
    inside = orjson.dumps(word).decode()[1:-1]
    uses = [
        notice.c.body.contains(f'"{field}":"{inside}"', autoescape=True)
        for field in _FIELDS[subject]
    ]
    found: set[str] = set()
    for condition in uses:
        rows = select(notice.c.lead, notice.c.body).where(notice.c.source == source, condition)
        for lead, body in connection.execute(rows):
            if word in _words(Notice.from_json(orjson.loads(body)), subject):
                found.add(lead)
    return sorted(found)


def _words(one: Notice, subject: Subject) -> Iterator[str]:
    """What the notice writes of a subject."""
    if subject == "country":
        yield one.country.strip()
    elif subject == "stage":
        yield (one.stage or one.kind).strip()
    elif subject == "currency":
        yield one.amount.currency.strip() if one.amount else ""
    else:
        yield from (text.language.strip() for text in one.texts)
