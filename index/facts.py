"""What is counted of every lead, in a few bytes each: columns in memory, in step with the record.

Bodies of leads are long (2.7 kB on average): reading 100,000 of them takes seconds, counting their
columns milliseconds. Columns are read once, then only what changed since is read again; a file
keeps them from one start to the next. Like the index, it may be deleted at any time.
"""

import io
import logging
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Event, Lock
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import select

from index.durable import write_whole
from index.lead import SURE_ENOUGH, Method
from index.store import LeadStore
from index.tables import lead
from taxonomies.sectors import all_sectors

SHOWN, FOREIGN, REAL, DEADLINE, VALUE = 1, 2, 4, 8, 16
# The statuses of a lead that everybody may see.
PUBLIC = ("published", "expired")
# How the codes of a lead are known, the least sure first; a lead counts for its best.
NO_CODE, GUESSED, DEDUCED, GIVEN, CHECKED = range(5)
_KNOWN: dict[Method, int] = {
    "model": GUESSED,
    "neighbours": GUESSED,
    "correspondence": DEDUCED,
    "source": GIVEN,
    "analyst": CHECKED,
}

# country: its two letters as one number, 0 without. sector: place in ``all_sectors`` of the main
# one, -1 without. published: the day that the source writes, NaT without. waited: seconds from
# publication to the record, -1 when unknown.
ROW = np.dtype(
    [
        ("id", "u8"),
        ("source", "u2"),
        ("country", "u2"),
        ("sector", "i1"),
        ("published", "M8[D]"),
        ("waited", "i8"),
        ("codes", "u1"),
        ("flags", "u1"),
    ]
)
Rows = NDArray[np.void]

_BATCH = 2_000
# Rows read from the record after which the file is worth writing again.
_WORTH = 1_000

log = logging.getLogger(__name__)


@cache
def sector_places() -> dict[str, int]:
    """Slug → place in ``all_sectors``."""
    return {sector.id: place for place, sector in enumerate(all_sectors())}


def country_number(alpha2: str) -> int:
    """The number that stands for a country in the columns."""
    return int.from_bytes(alpha2.encode("ascii", "ignore")[:2], "big")


def country_code(number: int) -> str:
    """The country of a number, "" for none."""
    return number.to_bytes(2, "big").strip(b"\0").decode("ascii")


@dataclass(frozen=True, slots=True)
class Columns:
    """The public leads of a record. sequence: last write that they hold. sources: names, by number.
    The arrays are shared: nobody writes into them."""

    rows: Rows = field(default_factory=lambda: np.zeros(0, ROW))
    sources: tuple[str, ...] = ()
    sequence: int = 0

    def having(self, flags: int) -> Rows:
        """The rows with all these flags."""
        found: Rows = self.rows[self.rows["flags"] & flags == flags]
        return found


def _layout() -> str:
    """What the meaning of rows rests on: a file written under another one is not read."""
    return sha256(repr((ROW.descr, tuple(sector_places()), _KNOWN)).encode()).hexdigest()


class Facts:
    """The columns of a record, shared by the threads of a process.

    folder: where the file is kept, one for each record.
    """

    def __init__(self, store: LeadStore, folder: Path) -> None:
        self.store = store
        self.closed = Event()
        record = sha256(str(store.engine.url).encode()).hexdigest()[:8]
        self._file = folder / f"faits-{record}.npz"
        self._lock = Lock()
        self._held: Columns | None = None

    def read(self) -> Columns:
        """Columns in step with the record (behind it once ``closed``). Raises SQLAlchemyError when
        the record is away."""
        with self._lock:
            held = self._held or self._kept()
            last = self.store.last_sequence()
            if last < held.sequence:  # an older copy of the record was put back
                held = Columns()
            if last > held.sequence:
                held = self._followed(held)
            self._held = held
            return held

    def _kept(self) -> Columns:
        """What the file holds, nothing when it cannot be used."""
        try:
            with self._file.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                if str(file["layout"]) == _layout():
                    names = tuple(map(str, file["sources"]))
                    return Columns(file["rows"], names, int(file["sequence"]))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            log.warning("columns of leads are read anew: %s", error)
        return Columns()

    def _keep(self, columns: Columns) -> None:
        content = io.BytesIO()
        np.savez(
            content,
            rows=columns.rows,
            sources=np.array(columns.sources, "U80"),
            sequence=np.array(columns.sequence),
            layout=np.array(_layout()),
        )
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._file, content.getvalue())
        except OSError as error:
            log.warning("columns of leads are not kept: %s", error)

    def _followed(self, held: Columns) -> Columns:
        names = {name: number for number, name in enumerate(held.sources)}
        parts: list[Rows] = [held.rows]
        sequence = held.sequence
        for last, rows in self._changes(held.sequence, names):
            parts.append(rows)
            sequence = last
            if self.closed.is_set():
                break
        found = Columns(_last_of_each(np.concatenate(parts)), tuple(names), sequence)
        if sum(map(len, parts[1:])) >= _WORTH:
            self._keep(found)
        return found

    def _changes(self, after: int, names: dict[str, int]) -> Iterator[tuple[int, Rows]]:
        """Sequence of the last one, and rows, of each batch of leads written after ``after``."""
        columns = (lead.c.sequence, lead.c.body)
        while True:
            later = select(*columns).where(lead.c.sequence > after).order_by(lead.c.sequence)
            with self.store.reading() as connection:
                found = connection.execute(later.limit(_BATCH)).all()
            if not found:
                return
            after = int(found[-1].sequence)
            yield after, projected((orjson.loads(one.body) for one in found), names)


def _last_of_each(rows: Rows) -> Rows:
    """The last row of each lead, without those that nobody may see any more."""
    _, places = np.unique(rows["id"][::-1], return_index=True)
    last: Rows = rows[len(rows) - 1 - places]
    shown: Rows = last[last["flags"] & SHOWN != 0]
    return shown


def projected(bodies: Iterable[dict[str, Any]], names: dict[str, int]) -> Rows:
    """The row of each lead, given as the JSON object of the record. names: source → number, to
    which new ones are added."""
    rows: Rows = np.array([_row(body, names) for body in bodies], ROW)
    return rows


def _row(body: dict[str, Any], names: dict[str, int]) -> tuple[Any, ...]:
    told = [code for code in body["codes"] if code["score"] >= SURE_ENOUGH]
    sectors = body["sectors"]
    return (
        int(body["id"], 16),
        names.setdefault(body["source"], len(names)),
        country_number(body["country"]),
        sector_places().get(sectors[0], -1) if sectors else -1,
        _day(body["published"]),
        _waited(body["provenances"]),
        max((_KNOWN.get(code["method"], GUESSED) for code in told), default=NO_CODE),
        SHOWN * (body["status"] in PUBLIC)
        | FOREIGN * (not body["domestic"])
        | REAL * (not body["fictitious"])
        | DEADLINE * (body["deadline"] is not None)
        | VALUE * (body["value"] is not None),
    )


def _day(moment: str | None) -> np.datetime64:
    """The day as its source writes it, whatever the zone."""
    try:
        return np.datetime64(date.fromisoformat((moment or "")[:10]), "D")
    except ValueError:
        return np.datetime64("NaT", "D")


def _waited(provenances: Sequence[dict[str, Any]]) -> int:
    """Seconds from the publication of the first notice to its arrival in the record."""
    first = provenances[0] if provenances else {}
    try:
        published, received = (datetime.fromisoformat(first[n]) for n in ("published", "received"))
        return max(0, int((received - published).total_seconds()))
    except (KeyError, TypeError, ValueError, OverflowError):
        return -1
