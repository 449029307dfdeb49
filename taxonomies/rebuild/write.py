"""Derived tables, written the same byte for byte each time."""

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

DATA = Path(__file__).parent.parent / "data"


def table(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write ``data/<name>``, compressed when it ends in ``.gz``. Returns the number of rows."""
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(header)
    content = list(rows)
    lines.writerows(content)
    raw = text.getvalue().encode("utf-8")
    path = DATA / name
    path.parent.mkdir(parents=True, exist_ok=True)
    # No time and no file name in the gzip header: the same rows give the same bytes.
    path.write_bytes(gzip.compress(raw, compresslevel=9, mtime=0) if name.endswith(".gz") else raw)
    return len(content)
