"""Rows: the lines of a table, whatever holds it (CSV, XLSX, JSON), as columns and their cells."""

import csv
import io
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from itertools import islice
from shutil import copyfileobj
from typing import Any, BinaryIO

from ingest.document import RATIO_FLOOR, DocumentError
from ingest.encoding import SUBJECT, Reading, Remark, reading, recovered, text_of
from ingest.feeds.json_items import items
from ingest.feeds.workbook import too_heavy
from ingest.source import Mapping

MAX_LINE = 1_000_000  # signs of one physical line of a CSV
MAX_ROWS = 1_048_576  # rows of a sheet in Excel's own format
MAX_COLUMNS = 1_000  # columns of a sheet's header

# Values, not formulas, and nothing of other workbooks.
_READING = {"read_only": True, "data_only": True, "keep_links": False}

# What opening or reading a damaged workbook raises, from zip to XML.
_BROKEN_SHEET = (
    zipfile.BadZipFile, OSError, EOFError, ValueError, KeyError, TypeError, IndexError,
    AttributeError, SyntaxError, NotImplementedError, RuntimeError,
)  # fmt: skip

_CSV_FAULTS = {
    "unexpected end of data": "guillemets jamais fermés",
    "expected after": "guillemets mal placés",
    "field larger": "cellule trop longue",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row. cells: column → its cells in order; several where the column repeats, and dotted
    names ("Notice.Title", "link@href") where the data nest. reason: why it cannot be read.
    header: not a row, the names of the columns that every row of the table will have."""

    position: str
    cells: dict[str, list[str]] = field(default_factory=dict)
    reason: str = ""
    remarks: tuple[Remark, ...] = ()
    header: bool = False


# --- CSV ----------------------------------------------------------------------------------------


def csv_rows(stream: BinaryIO, head: bytes, mapping: Mapping) -> Iterator[Row]:
    """The rows of a CSV, its header first."""
    how = reading(head)
    text = text_of(stream, how if how.encoding else Reading("utf-8"))
    lines = _short_lines(text)
    for _ in range(mapping.skip):
        next(lines, "")
    reader = csv.reader(lines, delimiter=mapping.delimiter, strict=True)
    rows = _records(reader, mapping.skip)
    try:
        yield from _headed(rows)
    except UnicodeError:
        yield Row(f"ligne {mapping.skip + reader.line_num}", reason="Octets illisibles.")


def _short_lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Lines, with their ends; one that is too long ends the document."""
    while line := text.readline(MAX_LINE):
        yield line
        if len(line) >= MAX_LINE:
            return


def _records(reader: Any, skipped: int) -> Iterator[tuple[str, Sequence[str] | str]]:
    """(position, cells or reason) of each record; a record may fill several lines."""
    while True:
        position = f"ligne {skipped + reader.line_num + 1}"
        try:
            yield position, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            words = (french for said, french in _CSV_FAULTS.items() if said in str(error))
            yield position, f"CSV incorrect : {next(words, 'ligne illisible')}."


def _headed(records: Iterator[tuple[str, Sequence[str] | str]]) -> Iterator[Row]:
    """The header as a row of empty columns, then each row under it."""
    header: list[str] | None = None
    for position, cells in records:
        if isinstance(cells, str) and header is None and position:
            yield Row("", reason=f"En-tête illisible, peut-être un autre séparateur. {cells}")
            return
        if isinstance(cells, str):
            yield Row(position, reason=cells)
        elif not any(cell.strip() for cell in cells):
            continue
        elif header is None:
            header = [cell.strip() for cell in cells]
            yield Row(position, {name: [] for name in header if name}, header=True)
        else:
            yield _row(position, header, cells)


def _row(position: str, header: list[str], cells: Sequence[str]) -> Row:
    extra = [cell for cell in cells[len(header) :] if cell.strip()]
    if len(cells) < len(header) or extra:
        reason = f"{len(header)} colonnes attendues, {len(cells)} lues."
        return Row(position, reason=reason)
    read = [recovered(cell) for cell in cells[: len(header)]]
    if None in read or any("\0" in cell for cell in cells):
        return Row(position, reason="Cellule illisible : octets inconnus ou caractère nul.")
    named: dict[str, list[str]] = {}
    for name, found in zip(header, read, strict=True):
        if name and found:
            named.setdefault(name, []).append(found[0])
    changed = any(found and found[1] for found in read)
    return Row(
        position, named, remarks=((SUBJECT, "non déclaré, lu en cp1252"),) if changed else ()
    )


# --- XLSX ---------------------------------------------------------------------------------------


def xlsx_rows(stream: BinaryIO, mapping: Mapping) -> Iterator[Row]:
    """The rows of one sheet (``rows``, else the first), its header first; of formulas, the values
    that were saved with them."""
    with tempfile.SpooledTemporaryFile(max_size=RATIO_FLOOR) as file:
        copyfileobj(stream, file)
        try:
            if too_heavy(file):
                yield Row("", reason="Classeur trop volumineux une fois décompressé.")
                return
            yield from _headed(_sheet(file, mapping))
        except DocumentError:
            raise
        except _BROKEN_SHEET:
            yield Row("", reason="Classeur Excel illisible.")


def _sheet(file: Any, mapping: Mapping) -> Iterator[tuple[str, Sequence[str] | str]]:
    # A quarter of a second, which most documents can do without.
    import openpyxl

    book: Any = _quiet(lambda: openpyxl.load_workbook(file, **_READING))
    if mapping.rows and mapping.rows not in book.sheetnames:
        names = ", ".join(book.sheetnames)
        yield "", f"Feuille « {mapping.rows} » absente ; feuilles lues : {names}."
        return
    sheet = book[mapping.rows or book.sheetnames[0]]
    sheet.reset_dimensions()  # what is declared is often wrong
    first, header = _sheet_header(sheet, mapping)
    if len(header) > MAX_COLUMNS:
        yield "", f"Plus de {MAX_COLUMNS:,} colonnes.".replace(",", " ")
        return
    if header:
        yield f"ligne {first}", header
        yield from _under(sheet, first, len(header))


def _sheet_header(sheet: Any, mapping: Mapping) -> tuple[int, list[str]]:
    """(row number, cells) of the first row that says something, without the blank cells at its
    end; (0, []) when there is none. A blank row that is too wide is given as a header, as wide."""
    rows = enumerate(sheet.iter_rows(values_only=True), 1)
    # One at a time: a row is as wide as its last cell, and may be very wide.
    while found := _quiet(lambda: next(rows, None)):
        number, cells = found
        if number > MAX_ROWS:
            break
        if number <= mapping.skip:
            continue
        written = [_written(cell) for cell in cells]
        filled = [n for n, cell in enumerate(written, 1) if cell.strip()]
        if filled or len(written) > MAX_COLUMNS:
            return number, written[: filled[-1]] if filled else written
    return 0, []


def _under(sheet: Any, header: int, width: int) -> Iterator[tuple[str, Sequence[str] | str]]:
    """The rows under the header, and of each the cells that have a column, and one more: cells
    further to the right cost time and have no meaning."""
    under = sheet.iter_rows(min_row=header + 1, max_col=width + 1, values_only=True)
    rows = enumerate(under, header + 1)
    while batch := _quiet(lambda: list(islice(rows, 1_000))):
        for number, cells in batch:
            if number > MAX_ROWS:
                yield f"ligne {number}", "Plus de lignes qu'une feuille n'en contient."
                return
            yield f"ligne {number}", [_written(cell) for cell in cells]


def _quiet(reading: Callable[[], Any]) -> Any:
    """Without the warnings on styles and extensions, which do not concern the values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return reading()


def _written(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date | time):  # datetime is a date
        return cell.isoformat()
    return "" if cell is None else str(cell)


# --- JSON ---------------------------------------------------------------------------------------


def json_rows(stream: BinaryIO, mapping: Mapping) -> Iterator[Row]:
    """The objects found at the path ``rows``, of an array or of JSON lines."""
    paths = (tuple(mapping.rows.split(".")),) if mapping.rows else ()
    for item in items(stream, paths):
        if item.reason or not isinstance(item.value, dict):
            reason = item.reason or "Objet JSON attendu."
            yield Row(item.position, reason=reason, remarks=item.remarks)
        else:
            cells: dict[str, list[str]] = {}
            _flatten("", item.value, cells)
            yield Row(item.position, cells, remarks=item.remarks)


def _flatten(path: str, value: Any, cells: dict[str, list[str]]) -> None:
    """Depth is bounded by ``json_items.MAX_DEPTH``."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _flatten(f"{path}.{name}" if path else name, inner, cells)
    elif isinstance(value, list):
        for inner in value:
            _flatten(path, inner, cells)
    else:
        found = cells.setdefault(path, [])
        if value is not None:
            found.append(str(value).lower() if isinstance(value, bool) else value)
