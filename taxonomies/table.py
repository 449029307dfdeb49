"""A packaged table: a CSV file of ``taxonomies/data``, read as rows of text."""

import csv
import gzip
import io
from collections.abc import Iterator
from importlib.resources import files


def rows(name: str) -> Iterator[list[str]]:
    """Rows of ``taxonomies/data/<name>`` (``.csv`` or ``.csv.gz``), without the header.

    Raises FileNotFoundError when there is no such table.
    """
    raw = files("taxonomies").joinpath("data", name).read_bytes()
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode("utf-8")
    lines = csv.reader(io.StringIO(text, newline=""))
    next(lines)
    return lines
