"""Words of sources that somebody explained on the site, over those that their pages explain.

A page is a file that few may change; an analyst who meets a country's name that we do not know says
once what it means, and each ingestion that begins after it knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

import yaml
from sqlalchemy import ColumnElement, Connection, and_, delete, select

from index.audit import note
from index.curation_tables import lookup_added
from index.lead import STAGES
from index.store import LeadStore, upsert, utc
from ingest.price import currency
from ingest.source import Source
from taxonomies import countries, languages

Subject = Literal["country", "stage", "currency", "language"]

SUBJECTS: tuple[Subject, ...] = get_args(Subject)

# Subject of a remark in the report of a run → what a lookup would explain.
REMARKED: dict[str, Subject] = {
    "pays inconnu": "country",
    "étape inconnue": "stage",
    "devise inconnue": "currency",
    "langue inconnue": "language",
}
# What remarks say where the source wrote nothing: no word, hence nothing to explain.
UNSAID = "(absente)"
# Part of a key of the record, which PostgreSQL limits to some 2,700 bytes.
LONGEST = 300


class LookupRefused(Exception):  # noqa: N818 - reads as what happened
    """A word cannot be explained so; the message is French and meant for people."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a word of a source means. meaning: ISO 3166-1 alpha-2, one of our stages, ISO 4217 or
    ISO 639-1, as the subject says."""

    source: str
    subject: Subject
    word: str
    meaning: str
    who: str
    at: datetime


def meaning(subject: Subject, said: str) -> str | None:
    """Our value for what somebody said a word means; None when it is none of the subject."""
    wanted = said.strip()
    if subject == "country":
        return countries.parse(wanted)
    if subject == "language":
        return languages.normalise(wanted)
    if subject == "currency":
        return currency(wanted, {}) if wanted else None
    return wanted if wanted in STAGES else None


class Lookups:
    """Their place in the record."""

    def __init__(self, store: LeadStore) -> None:
        self.store = store

    def of(self, source: str = "") -> list[Lookup]:
        """Those of a source, or of all, in order of subject and word."""
        with self.store.reading() as connection:
            return _said(connection, source)

    def say(
        self, source: str, subject: Subject, word: str, said: str, who: str, now: datetime
    ) -> Lookup:
        """From the next ingestion on, this word means that. Raises LookupRefused."""
        written, found = word.strip(), meaning(subject, said)
        if not written or len(written) > LONGEST or "\0" in written:
            raise LookupRefused(f"Le mot de la source doit avoir de 1 à {LONGEST} signes.")
        if found is None:
            raise LookupRefused("Cette valeur n’est pas l’une des nôtres.")
        one = Lookup(source, subject, written, found, who, now)
        row = {"source": source, "subject": subject, "word": written}
        with self.store.writing() as connection:
            before = connection.execute(
                select(lookup_added.c.meaning).where(_is(source, subject, written))
            ).scalar()
            told = {**row, "meaning": found, "who": who, "at": now}
            upsert(connection, lookup_added, [told], ["source", "subject", "word"])
            told_before = {subject: {written: before}} if before else None
            after = {subject: {written: found}}
            note(connection, now, who, "mot expliqué", f"source:{source}", told_before, after)
        return one

    def forget(self, source: str, subject: str, word: str, who: str, now: datetime) -> None:
        """The page alone says again what this word means. Raises LookupRefused when nobody had
        explained it."""
        with self.store.writing() as connection:
            gone = delete(lookup_added).where(_is(source, subject, word))
            before = connection.execute(gone.returning(lookup_added.c.meaning)).scalar()
            if before is None:
                raise LookupRefused("Ce mot n’est plus expliqué : quelqu’un l’a sans doute retiré.")
            told = {subject: {word: before}}
            note(connection, now, who, "mot retiré", f"source:{source}", told, None)


def _is(source: str, subject: str, word: str) -> ColumnElement[bool]:
    columns = lookup_added.c
    return and_(columns.source == source, columns.subject == subject, columns.word == word)


def _said(connection: Connection, source: str = "") -> list[Lookup]:
    columns = lookup_added.c
    found = select(lookup_added).order_by(columns.source, columns.subject, columns.word)
    if source:
        found = found.where(columns.source == source)
    return [
        Lookup(one.source, one.subject, one.word, one.meaning, one.who, utc(one.at))
        for one in connection.execute(found)
    ]


def explained(connection: Connection, pages: Mapping[str, Source]) -> dict[str, Source]:
    """The pages with the words that people explained since: what notices are read by."""
    found = dict(pages)
    for one in _said(connection):
        if page := found.get(one.source):
            known = page.lookups.get(one.subject, {})
            more = {**page.lookups, one.subject: {**known, one.word: one.meaning}}
            found[one.source] = page.model_copy(update={"lookups": more})
    return found


def snippet(lookups: list[Lookup]) -> str:
    """The part ``lookups`` of a source's page that says the same, in YAML."""
    said: dict[str, dict[str, str]] = {}
    for one in lookups:
        said.setdefault(one.subject, {})[one.word] = one.meaning
    return yaml.safe_dump({"lookups": said}, allow_unicode=True, sort_keys=True, width=1_000)
