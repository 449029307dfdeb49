"""A record, two sources and analysts: the small world of the tests of curation."""

import hashlib
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select

from index.coding import Coder
from index.lead import Lead
from index.store import LeadStore
from index.tables import distinct, labelled, lead_key, lead_signature, notice, review
from ingest.curation import Curation
from ingest.ledger import Ledger
from ingest.pipeline import Ingestion
from ingest.price import Rates
from ingest.report import Report
from ingest.signals import listen
from ingest.source import Source, sources

PAGE = """
name: {name}
title: Flux {name}
publisher: {name}
licence: CC BY 4.0
url: https://example.org
trust: {trust}
formats: [tabular]
dates: {{order: ymd, timezone: Europe/Berlin}}
currency: EUR
mapping:
  key: [ref]
  process: process
  kind: kind
  title: [title]
  body: [body]
  language: lang
  buyer: buyer
  country: country
  published: published
  deadline: deadline
  codes: {{CPV: cpv, HS: hs}}
  stages: {{call: open, plan: planned, award: awarded}}
  changes: {{change: amendment}}
"""
BODY = "Die Gemeinde beschafft Schultische und Stühle für drei Grundschulen, Lieferung frei Haus."
CALL = {
    "ref": "A1", "process": "", "kind": "call", "title": "Lieferung von Schulmöbeln 2026",
    "body": BODY, "lang": "de", "buyer": "Stadt Freiburg im Breisgau", "country": "DE",
    "published": "2026-05-04", "deadline": "2026-06-30", "cpv": "", "hs": "",
}  # fmt: skip
OTHER = CALL | {
    "ref": "B1", "title": "Ambulances pour l’hôpital régional", "lang": "fr", "country": "SN",
    "body": "Fourniture de cinq ambulances équipées.", "buyer": "Hôpital de Thiès",
    "deadline": "2026-07-15",
}  # fmt: skip


@cache
def _rates() -> Rates:
    return Rates.load()


class World:
    """What arrives, what analysts decide, what the record then holds. ``gazette`` publishes at
    once, ``chambre`` waits for analysts."""

    def __init__(self, store: LeadStore, folder: Path, now: datetime, coder: Coder) -> None:
        self.store, self.folder, self.now, self.coder = store, folder, now, coder
        self.files = 0
        folder.mkdir(parents=True, exist_ok=True)
        for name, trust in (("gazette", "high"), ("chambre", "low")):
            page = PAGE.format(name=name, trust=trust)
            (folder / f"{name}.yml").write_text(page, "utf-8")
        self.pages: dict[str, Source] = dict(sources(folder))
        self.rates = _rates()
        self.signals = listen(self.clock)
        self.curation = Curation(store, self.pages, self.rates, coder, self.clock, self.signals)

    def clock(self) -> datetime:
        """A minute passes each time somebody looks."""
        self.now += timedelta(minutes=1)
        return self.now

    def ingest(self, source: str, *rows: dict[str, str]) -> Report:
        """Rows in one document."""
        self.files += 1
        path = self.folder / f"{source}-{self.files}.json"
        path.write_bytes(orjson.dumps(list(rows)))
        ledger = Ledger(self.store)
        run = Ingestion(
            ledger, self.pages, self.rates, self.clock, coder=self.coder, signals=self.signals
        )
        report = run.run(source, [path])
        assert report.quarantined == 0, report.reasons
        return report

    def leads(self) -> list[Lead]:
        """All that stand, the first written first."""
        found = [lead for batch in self.store.changed_since(0) for lead in batch]
        return [lead for lead in found if not lead.merged_into]

    def lead(self, ref: str) -> Lead:
        """The lead that holds a notice."""
        return next(one for one in self.leads() if ref in {part.key for part in one.provenances})

    def review(self, ref: str, kind: Any, who: str = "ana", why: str = "", **fields: Any) -> Lead:
        """An analyst looks at the lead and decides."""
        lead = self.lead(ref)
        return self.curation.review(lead.id, lead.sequence, who, kind, why or "vu", fields)

    def merge(self, lost: str, kept: str) -> Lead:
        """An analyst says that the leads of two notices are one."""
        gone, heir = self.lead(lost), self.lead(kept)
        return self.curation.merge((gone.id, gone.sequence), (heir.id, heir.sequence), "ana")

    def undo(self, ref: str, number: int | None = None) -> Lead:
        """An analyst takes the last decision back, or this one."""
        lead = self.lead(ref)
        return self.curation.undo(lead.id, lead.sequence, number or self.last(), "bo")

    def last(self) -> int:
        """Number of the last decision."""
        with self.store.reading() as connection:
            return max(connection.execute(select(review.c.id)).scalars())

    def state(self) -> str:
        """A hash of all that decisions change, sequences and trail apart."""
        columns: dict[Any, list[str]] = {
            notice: ["id", "lead", "joined"],
            lead_key: ["source", "key", "lead"],
            lead_signature: [column.name for column in lead_signature.c],
            distinct: ["one", "other", "who", "why"],
            labelled: ["scheme", "hash", "code", "author"],
        }
        with self.store.reading() as connection:
            told = [
                sorted(map(repr, connection.execute(select(*(table.c[name] for name in names)))))
                for table, names in columns.items()
            ]
        leads = [one for batch in self.store.changed_since(0) for one in batch]
        bodies = sorted(one.model_copy(update={"sequence": 0}).model_dump_json() for one in leads)
        return hashlib.sha256(repr([told, bodies]).encode()).hexdigest()
