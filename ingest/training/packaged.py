"""The packaged model, made again: ``python -m ingest.training.packaged DATA FOLDER``.

DATA holds ``notices/`` and ``hs_labelled.csv``. One part in five is left out, by default part 0, on
which the model is measured: notices by the SHA-1 of their path, labelled texts by that of their
text, and whatever repeats the title of a notice left out.
"""

import argparse
import csv
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from index.lead import Lead
from index.store import LeadStore
from index.trade import PACKAGED
from ingest.ledger import Ledger
from ingest.pipeline import AUTO, Ingestion
from ingest.price import Rates
from ingest.source import sources
from ingest.training.embedding import Plan
from ingest.training.make import Material, make
from ingest.training.texts import translations

PARTS = 5
# Any moment: nothing that is learned depends on it.
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def part(name: str) -> int:
    """The part, 0–4, of a path or of a text."""
    return int(hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest(), 16) % PARTS


def notices(folder: Path) -> dict[int, list[Path]]:
    """The files of a folder by part; ``index.csv`` is about them."""
    found: dict[int, list[Path]] = {number: [] for number in range(PARTS)}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "index.csv":
            found[part(path.relative_to(folder).as_posix())].append(path)
    return found


def leads(paths: Sequence[Path]) -> list[Lead]:
    """The leads of some files, through the real ingestion. It joins notices with the help of the
    model that is packaged already."""
    with TemporaryDirectory() as folder:
        store = LeadStore.open(f"sqlite:///{Path(folder) / 'record.sqlite3'}")
        try:
            Ingestion(Ledger(store), sources(), Rates.load(), lambda: _NOW).run(AUTO, paths)
            return [lead for batch in store.changed_since(0) for lead in batch]
        finally:
            store.close()


def products(table: Path, left_out: int | None) -> list[tuple[str, str]]:
    """(text, HS code) of the rows that are not left out."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["hs6"]) for row in csv.DictReader(file)]
    return [row for row in rows if part(row[0].lower()) != left_out]


def material(data: Path, left_out: int | None, pairs: Path | None) -> Material:
    """What the packaged model learns from. left_out: None to learn from everything."""
    parts = notices(data / "notices")
    apart = parts.pop(left_out, []) if left_out is not None else []
    titles = {lead.title.lower() for lead in leads(apart)}
    read = leads(sorted(path for some in parts.values() for path in some))
    return Material(
        [lead for lead in read if _is_coded(lead) and lead.title.lower() not in titles],
        products(data / "hs_labelled.csv", left_out),
        pairs=translations(pairs) if pairs else (),
    )


def _is_coded(lead: Lead) -> bool:
    return any(code.scheme == "CPV" and code.given for code in lead.codes)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments, train, and say on the error output what is being done."""
    parser = argparse.ArgumentParser(prog="python -m ingest.training.packaged")
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without", type=int, default=0, choices=range(PARTS), metavar="PART")
    parser.add_argument("--everything", action="store_true", help="leave no part out")
    parser.add_argument("--pairs", type=Path, help="made by ingest.training.dictionaries")
    parser.add_argument("--steps", type=int, default=Plan().steps)
    told = parser.parse_args(arguments)
    learned = material(told.data, None if told.everything else told.without, told.pairs)
    plan = replace(Plan(), steps=told.steps)
    make(told.folder, PACKAGED.name, learned, plan, lambda said: _say(f"{said}\n"))


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


if __name__ == "__main__":
    main()
