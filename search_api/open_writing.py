"""Rows into files: CSV that no spreadsheet takes for formulas, Parquet where pyarrow is there."""

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from search_api.open_columns import Column

# A cell that begins so is a formula for some spreadsheet, in narrow and in full-width signs.
_FORMULAS = tuple("=+-@\t\r＝＋－＠")
# Rows of a group of Parquet: what is held in memory at once.
_GROUP = 5_000

Row = Sequence[Any]
Writer = Callable[[Path, Sequence[Column], Iterable[Row]], None]


def neutral(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would compute."""
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float):
        return f"{value:.2f}".removesuffix(".00") if isinstance(value, float) else str(value)
    return neutral(";".join(value) if isinstance(value, list) else str(value))


def write_csv(path: Path, columns: Sequence[Column], rows: Iterable[Row]) -> None:
    """UTF-8, as RFC 4180 has it; lists are joined by « ; », true is 1."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\r\n")
        lines.writerow([column.name for column in columns])
        lines.writerows([_cell(value) for value in row] for row in rows)


def parquet_installed() -> bool:
    """Whether this installation writes Parquet (extra « parquet »)."""
    return find_spec("pyarrow") is not None


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


def write_parquet(path: Path, columns: Sequence[Column], rows: Iterable[Row]) -> None:
    """Typed columns, moments in UTC, zstd. Raises ImportError without pyarrow."""
    # 160 MB that only this needs, and that takes a third of a second to import.
    import pyarrow
    from pyarrow import parquet

    kinds = {
        "texte": pyarrow.string(),
        "liste": pyarrow.list_(pyarrow.string()),
        "entier": pyarrow.int64(),
        "nombre": pyarrow.float64(),
        "date": pyarrow.date32(),
        "instant": pyarrow.timestamp("us", "UTC"),
        "booléen": pyarrow.bool_(),
    }
    schema = pyarrow.schema(
        pyarrow.field(one.name, kinds[one.kind], metadata={"description": one.told})
        for one in columns
    )
    moments = [one.kind == "instant" for one in columns]
    remaining = iter(rows)
    with parquet.ParquetWriter(path, schema, compression="zstd") as file:
        while some := list(islice(remaining, _GROUP)):
            cells = [
                pyarrow.array(map(_moment, values) if moment else values, field.type)
                for values, moment, field in zip(
                    zip(*some, strict=True), moments, schema, strict=True
                )
            ]
            file.write_batch(pyarrow.record_batch(cells, schema=schema))


WRITERS: dict[str, Writer] = {"csv": write_csv, "parquet": write_parquet}
