"""Rows of the record as those who collect and ingest write them, for tests of those who read."""

from datetime import timedelta
from typing import Any

import orjson
from conftest import NOW
from sqlalchemy import Table, insert

from index.store import LeadStore
from index.tables import slot
from ingest.ledger import Ledger
from ingest.report import Report

HOUR = timedelta(hours=1)


def written(store: LeadStore, table: Table, **fields: Any) -> int:
    """A row of the record, as whoever collects writes it; gives back its number."""
    usual: dict[str, dict[str, Any]] = {
        "collection": {
            "source": "a", "state": "promoted", "started": NOW, "beat": NOW, "finished": NOW,
            "since": NOW.date(), "until": NOW.date(), "folder": "", "crawl": "", "reading": "",
            "decided_by": "",
        },
        "incident": {
            "source": "a", "kind": "x", "detail": "d", "opened": NOW, "last": NOW, "times": 1,
            "closed_by": "",
        },
        "quarantine": {
            "run": 1, "source": "a", "document": "d", "raw": "", "reason": "r", "attempts": 1,
            "first": NOW, "last": NOW,
        },
        "slot": {"source": "a", "due": NOW, "taken": NOW},
    }  # fmt: skip
    with store.writing() as connection:
        made = connection.execute(insert(table).values(usual[table.name] | fields))
        return int(made.inserted_primary_key[0]) if table is not slot else 0


def ingested(store: LeadStore, source: str = "a", ago: timedelta = HOUR, **counts: Any) -> int:
    """A run of ingestion with its report."""
    report = Report(**counts)
    ledger = Ledger(store)
    number = ledger.start(source, NOW - ago)
    ledger.finish(number, orjson.dumps(report.to_json()), NOW - ago)
    return number
