"""A deposit: a file that somebody sends into a drop folder, hidden until it is whole and safe."""

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ingest.drop import HELD, READ, numbered, settle, stamp

State = Literal["waiting", "read", "held"]

# Where a deposit may be, and what that says of it.
_PLACES: tuple[tuple[State, str], ...] = (("waiting", ""), ("read", READ), ("held", HELD))


@dataclass(frozen=True, slots=True)
class Deposited:
    """A file that was sent. name: the one it has in the folder. state: waiting to be read, read,
    or held until somebody has looked. sha256, size (bytes): of its bytes. again: it was there."""

    name: str
    sha256: str
    size: int
    state: State
    again: bool = False


class Deposit:
    """A file on its way in. Write its bytes, then ``keep``; ``drop`` it in every other case.

    Raises OSError, here and in ``write`` and ``keep``, when the disk refuses.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name, self.size = folder, name, 0
        self._sha = hashlib.sha256()
        folder.mkdir(parents=True, exist_ok=True)
        handle, path = tempfile.mkstemp(prefix=".depot-", suffix=".part", dir=folder)
        self._file, self._part = os.fdopen(handle, "wb"), Path(path)

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._file.write(data)
        self._sha.update(data)
        self.size += len(data)

    def keep(self) -> Deposited:
        """Give the file its name: on return, it survives a power cut. A file of this name with
        other bytes stays as it is, the new one gets a number."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        sha256 = self._sha.hexdigest()
        if there := find(self.folder, self.name, sha256, self.size):
            self._part.unlink()
            return there
        # Others read what we write: SFTP users, the scheduler under another account.
        self._part.chmod(0o640)
        place = settle(self._part, self.folder, self.name)
        return Deposited(place.name, sha256, self.size, "waiting")

    def drop(self) -> None:
        """Leave nothing behind; does nothing once kept."""
        with suppress(OSError):  # what the disk refused once, closing tries to write again
            self._file.close()
        self._part.unlink(missing_ok=True)


def find(folder: Path, name: str, sha256: str, size: int) -> Deposited | None:
    """The file with these bytes that was sent under this name, wherever it is now."""
    for state, place in _PLACES:
        for path in _named(folder / place, name):
            found = stamp(path)
            if found and found.size == size and _sha256(path) == sha256:
                return Deposited(path.name, sha256, size, state, again=True)
    return None


def status(folder: Path, name: str) -> Deposited | None:
    """Where the file of exactly this name is; the place it came to last comes first."""
    for state, place in _PLACES:
        path = folder / place / name
        if found := stamp(path):
            return Deposited(name, _sha256(path), found.size, state, again=True)
    return None


def _named(folder: Path, name: str) -> list[Path]:
    """The files of this name and of its numbers."""
    found: list[Path] = []
    for one in numbered(name):
        path = folder / one
        if not path.exists():
            return found
        found.append(path)
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
