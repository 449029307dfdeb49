"""Stage of an OCDS release: planned, open, awarded or cancelled, by a table of evidences."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from ingest.feeds.json_value import at, objects, text


@cache
def _table() -> tuple[tuple[tuple[str, str], str, str], ...]:
    lines = files("ingest.feeds").joinpath("ocds_stages.csv").read_text("utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return tuple(((row["evidence"], row["value"]), row["stage"], row["change"]) for row in rows)


def tags(release: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags of a release; a single string (not conforming, yet seen) counts as one tag."""
    found = release.get("tag")
    values = found if isinstance(found, list) else [found]
    return tuple(text(value) for value in values if text(value))


def stage_and_change(release: Mapping[str, Any], lookups: Mapping[str, str]) -> tuple[str, str]:
    """Stage and change of a release, "" where the table says nothing.

    lookups: what the publisher writes in ``tender.status`` → a status of OCDS or a stage of ours.
    """
    status = text(at(release, "tender", "status"))
    seen = {("tag", tag.lower()) for tag in tags(release)}
    seen.add(("status", lookups.get(status, status).lower()))
    for evidence in ("award", "contract"):
        outcomes = objects(release.get(f"{evidence}s"))
        seen |= {(evidence, text(outcome.get("status")).lower()) for outcome in outcomes}
    held = [(stage, change) for evidence, stage, change in _table() if evidence in seen]
    return _first(stage for stage, _ in held), _first(change for _, change in held)


def _first(values: Any) -> str:
    return next((value for value in values if value), "")
