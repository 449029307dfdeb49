"""What search and codes are measured on: real notices by part, judged queries, product texts.

One file in five, by the SHA-1 of its name, is the test part, which training never reads. A folder
of notices that nobody learned from may be taken whole.
"""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from index.coding import Coder
from index.lead import Lead
from index.store import LeadStore
from ingest.evaluation.real import RECEIVED
from ingest.ledger import Ledger
from ingest.pipeline import AUTO, Ingestion
from ingest.price import Rates
from ingest.source import sources
from taxonomies import hs

Part = Literal["test", "apprentissage", "tout"]

_FIFTHS: dict[Part, frozenset[int]] = {
    "test": frozenset({0}),
    "apprentissage": frozenset({1, 2, 3, 4}),
    "tout": frozenset(range(5)),
}

# The languages of notices, by family: one says more of a family than of each of its languages, of
# which there are few notices.
GROUPS: dict[str, tuple[str, ...]] = {
    "anglais": ("en",),
    "germaniques (de nl da sv no)": ("de", "nl", "da", "sv", "no", "nb", "nn"),
    "romanes (es it pt ro fr)": ("es", "it", "pt", "ro", "fr"),
    "slaves (pl cs sk sl hr bg)": ("pl", "cs", "sk", "sl", "hr", "bg"),
    "grec": ("el",),
    "finnois, hongrois, baltes (fi et hu lt lv)": ("fi", "et", "hu", "lt", "lv"),
}
OTHERS = "autres langues"


class AbsentError(Exception):
    """Data that a measure needs are not there; the message is French and meant for people."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A French query, and the CPV prefixes that answer it exactly and nearly."""

    text: str
    exact: tuple[str, ...]
    near: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """A text whose HS subheading is known. origin: who coded it, or the language it is in."""

    text: str
    code: str
    origin: str
    language: str = "en"


def within(name: str, part: Part) -> bool:
    """Whether what bears this name belongs to the part."""
    return (
        int(hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest(), 16) % 5
        in (_FIFTHS[part])
    )


def group(language: str) -> str:
    """The family of a language."""
    return next((name for name, held in GROUPS.items() if language in held), OTHERS)


def notices_folder(data: Path) -> Path:
    """The notices under a data folder, or the folder itself when it holds them directly."""
    found = data / "notices" if (data / "notices").is_dir() else data
    if not found.is_dir():
        raise AbsentError(f"Introuvable : {data}")
    return found


def notice_files(data: Path, part: Part) -> list[Path]:
    """The files of a part, in order; where the folder lies does not matter."""
    folder = notices_folder(data)
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and within(path.relative_to(folder).as_posix(), part)
    ]


def leads(data: Path, part: Part, coder: Coder) -> list[Lead]:
    """The notices of a part, ingested into a record of their own."""
    paths = notice_files(data, part)
    with TemporaryDirectory() as place:
        store = LeadStore.open(f"sqlite:///{place}/record.sqlite3")
        ledger = Ledger(store)
        run = Ingestion(ledger, sources(), Rates.load(), lambda: RECEIVED, coder=coder)
        run.run(AUTO, paths)
        made = [lead for batch in store.changed_since(0) for lead in batch]
        store.close()
    return [lead for lead in made if not lead.merged_into]


def cpv_of(lead: Lead) -> tuple[str, ...]:
    """The CPV codes that the source gave, the main one first."""
    return tuple(
        code.code for code in lead.codes if code.scheme == "CPV" and code.method == "source"
    )


def bare(lead: Lead) -> Lead:
    """The lead as a source without codes would have told it."""
    nothing = {"codes": (), "hints": (), "sectors": (), "without_hs": False}
    return lead.model_copy(update=nothing)


def _first(data: Path, pattern: str) -> Path:
    found = next(iter(sorted(data.glob(pattern))), None)
    if found is None:
        raise AbsentError(f"Introuvable : {data / pattern}")
    return found


def judged(data: Path) -> list[Judged]:
    """The queries of the first ``queries*.tsv``: query, cpv_exact, cpv_near."""
    return _judged(_first(data, "queries*.tsv").read_text("utf-8"))


def own_judged() -> list[Judged]:
    """Queries that we wrote, to choose settings on: the others are for measuring."""
    return _judged(files("ingest.evaluation").joinpath("queries.tsv").read_text("utf-8"))


def _judged(table: str) -> list[Judged]:
    return [
        Judged(row["query"], *(tuple((row[name] or "").split()) for name in _JUDGED))
        for row in csv.DictReader(table.splitlines(), delimiter="\t")
    ]


_JUDGED = ("cpv_exact", "cpv_near")


def products(data: Path, part: Part) -> list[Product]:
    """English texts of the first ``hs*.csv`` coded in HS 2022."""
    with _first(data, "hs*.csv").open(encoding="utf-8", newline="") as file:
        return [
            Product(row["text"], row["hs6"], row["source"])
            for row in csv.DictReader(file)
            if row["hs6_in_hs2022"] == "yes"
            and "multilingual" not in (row.get("extra") or "")
            and row["hs6"] in hs.codes()
            and within(row["text"].lower(), part)
        ]


def unlearned_products() -> Iterator[Product]:
    """Products in languages that no nomenclature is learned in, written by us: none of these texts
    is in the data."""
    table = files("ingest.evaluation") / "unlearned_languages.csv"
    with table.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield Product(row["text"], row["hs6"], row["language"], row["language"])
