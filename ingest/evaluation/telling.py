"""A notice told again as a row of a feed: what edits change and ingestion reads."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import orjson

from index.lead import LeadText
from ingest.normalise import Draft

# Signs of a text: enough to compare, few enough to read thousands of them.
_LENGTH = 3_000

SOURCES = ("evaluation-un", "evaluation-deux")


@dataclass(frozen=True, slots=True)
class Telling:
    """One row. source: one of ``SOURCES``. Dates are ISO 8601, "" when unknown."""

    source: str
    key: str
    process: str
    stage: str
    language: str
    title: str
    body: str
    buyer: str
    country: str
    place: str
    published: str
    deadline: str
    amount: str
    currency: str
    cpv: str


def tell(draft: Draft, key: str, source: str = SOURCES[0], text: LeadText | None = None) -> Telling:
    """The notice in one language (the first unless said) under another identifier, without the
    links that its source gave."""
    text = text or draft.texts[0]
    value = draft.value
    return Telling(
        source=source,
        key=key,
        process="",
        stage=draft.stage or "open",
        language=text.language,
        title=text.title,
        body=text.text[:_LENGTH],
        buyer=draft.buyer,
        country=draft.country,
        place=draft.place,
        published=draft.published.isoformat() if draft.published else "",
        deadline=draft.deadline.isoformat() if draft.deadline else "",
        amount=str(value.amount) if value else "",
        currency=value.currency if value else "",
        cpv=";".join(one.code for one in draft.codes if one.scheme == "CPV"),
    )


def feed(tellings: Sequence[Telling]) -> bytes:
    """The rows as the document of a feed."""
    return orjson.dumps([asdict(one) for one in tellings])
