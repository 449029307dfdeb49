"""Generations of the embedded index: folders side by side, one of them current.

A generation's name holds the schema's version and the embedder's name: what was built by
another version is never read, it is rebuilt from the record.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from filelock import FileLock, Timeout

from index.durable import write_whole

# Seconds that a writer waits for another: longer than any batch, shorter than a rebuild.
PATIENCE = 30.0


class IndexBusy(Exception):  # noqa: N818 reads as what happened
    """Another process writes in the index; the message is French and meant for people."""


class Generations:
    """The folder that holds them. ``kind`` is what schema and embedder a reader can use; each
    kind has its own current generation, so that two versions do not erase each other's."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder = folder
        self.kind = kind
        self._pointer = folder / f"{kind}.current"

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One writer at a time, whatever the process. Raises IndexBusy after ``PATIENCE``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / "writer.lock", timeout=PATIENCE):
                yield
        except Timeout as error:
            message = "L'index est en cours d'écriture par un autre processus."
            raise IndexBusy(message) from error

    def current(self) -> Path | None:
        """Folder of the current generation, None when there is none of this kind."""
        try:
            found = self.folder / self._pointer.read_text("utf-8")
        except FileNotFoundError:
            return None
        return found if found.is_dir() else None

    def create(self) -> Path:
        """A new, empty generation, not yet current. Only for who holds ``writing``."""
        number = max(map(self._number, self.folder.iterdir()), default=0)
        made = self.folder / f"{self.kind}.{number + 1}"
        made.mkdir()
        return made

    def switch(self, made: Path) -> None:
        """Make a generation current; the last one is kept for its readers, older ones go."""
        before = self.current()
        write_whole(self._pointer, made.name.encode())
        for path in self.folder.iterdir():
            if path not in (made, before) and 0 < self._number(path) < self._number(made):
                shutil.rmtree(path, ignore_errors=True)

    def _number(self, path: Path) -> int:
        kind, _, last = path.name.rpartition(".")
        return int(last) if kind == self.kind and last.isdigit() and path.is_dir() else 0


def read_mark(folder: Path) -> int:
    """Sequence up to which a generation holds the record, 0 when it cannot be told: the record is
    then gone through again, which writes nothing twice."""
    try:
        return int(orjson.loads((folder / "mark.json").read_bytes())["sequence"])
    except (FileNotFoundError, orjson.JSONDecodeError, KeyError, TypeError):
        return 0


def write_mark(folder: Path, sequence: int) -> None:
    """Say that the record up to this sequence is committed."""
    write_whole(folder / "mark.json", orjson.dumps({"sequence": sequence}))
