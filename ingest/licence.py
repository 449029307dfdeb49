"""Licences of sources: which of them let anybody reuse what is taken from there.

``licences.csv`` has one row for each wording of a source's page that somebody read. A wording that
is not there, « à confirmer » among them, allows nothing.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from ingest.source import Source

# alike: what is made of it must keep the same licence, which no file of several sources can.
Reuse = Literal["free", "alike"]


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence that somebody read. name: short. uri: where it stands."""

    name: str
    uri: str
    reuse: Reuse


@cache
def _licences() -> Mapping[str, Licence]:
    text = files("ingest").joinpath("licences.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        row["licence"]: Licence(
            row["name"], row["uri"], "alike" if row["reuse"] == "alike" else "free"
        )
        for row in rows
    }


def licence(page: Source) -> Licence | None:
    """The licence of a source, None when its page does not name one that was read."""
    return _licences().get(page.licence.strip())


def reusable(pages: Mapping[str, Source]) -> dict[str, Licence]:
    """Sources whose leads may be given away with those of others, by name."""
    found = {name: licence(page) for name, page in pages.items()}
    return {name: one for name, one in found.items() if one and one.reuse == "free"}
