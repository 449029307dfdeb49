"""The drop folders: files that partners put in ``<root>/<source>/`` (SFTP, rsync, a share, HTTP).

A file is whole when it no longer changes. Once read it goes to ``_lus`` beside, or to ``_retenus``
when somebody has to look at it first: nothing is deleted, nothing is overwritten.
"""

import re
import stat
import unicodedata
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from index.durable import sync
from ingest.document import shown

READ, HELD = "_lus", "_retenus"

# How the usual programs call a file that they are still writing.
UNFINISHED = (".part", ".tmp", ".filepart")
# Time without change after which a file is whole.
QUIET = timedelta(seconds=30)

# What tells the format of a file, an archive or a compressed one.
_SUFFIX = re.compile(r"(?:\.(?:tar|csv|jsonl?|xml))?\.[^.]+$", re.I)

# Bytes of a name; file systems take 255, and a number may come after it.
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Stamp:
    """What changes when a file does: bytes, last writing (ns), and which file it is."""

    size: int
    modified: int
    inode: int

    def age(self, now: datetime) -> timedelta:
        """Time since it was last written, by the clock of who wrote it."""
        return now - datetime.fromtimestamp(self.modified / 1e9, UTC)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A whole file in the folder of a source."""

    source: str
    path: Path
    stamp: Stamp


def stamp(path: Path) -> Stamp | None:
    """Of a plain file, links not followed; None for anything else."""
    try:
        found = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ino)


def is_left(name: str) -> bool:
    """Whether a name says that its file is not for us, or not yet."""
    return name.startswith((".", "_")) or name.lower().endswith(UNFINISHED)


def wrong_name(name: str) -> str:
    """What forbids a file to be called so (French), "" when nothing does."""
    if not name or len(name.encode("utf-8", "replace")) > LONGEST:
        return f"le nom du fichier doit avoir de 1 à {LONGEST} octets"
    if any(sign in "/\\" or unicodedata.category(sign)[0] == "C" for sign in name):
        return "le nom du fichier a des signes interdits"
    if is_left(name):
        listed = ", ".join(UNFINISHED)
        return f"le nom du fichier commence par « . » ou « _ », ou finit par {listed}"
    return ""


def numbered(name: str) -> Iterator[str]:
    """This name, then the same with a number before its suffix: avis.csv, avis-2.csv…"""
    yield name
    found = _SUFFIX.search(name)
    cut = found.start() if found else len(name)
    for number in count(2):
        yield f"{name[:cut]}-{number}{name[cut:]}"


def settle(path: Path, folder: Path, name: str) -> Path:
    """Move a file into a folder, under a name that nothing bears there. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder.name in (READ, HELD) and folder.is_symlink():
        raise NotADirectoryError(f"{folder} est un lien")
    for free in numbered(name):
        place = folder / free
        try:
            # A rename would overwrite: the name is taken first, by an empty file.
            place.touch(exist_ok=False)
        except FileExistsError:
            continue
        try:
            path.replace(place)
        except OSError:
            place.unlink(missing_ok=True)
            raise
        sync(folder)
        return place
    raise AssertionError("numbers have no end")


class Drops:
    """All drop folders. It remembers from one look to the next what it saw.

    known: names of sources. quiet: time without change after which a file is whole.
    """

    def __init__(self, root: Path, known: Container[str], quiet: timedelta = QUIET) -> None:
        self.root = root
        self.known = known
        self.quiet = quiet
        self._seen: dict[Path, tuple[Stamp, datetime]] = {}

    def look(self, now: datetime) -> list[Dropped]:
        """Files that are whole, the oldest first: none that was not there, the same, at the last
        look."""
        before, self._seen = self._seen, {}
        whole = []
        for source, path in self._inside():
            found = stamp(path)
            if found is None or is_left(path.name):
                continue
            known, since = before.get(path, (None, now))
            self._seen[path] = (found, since if known == found else now)
            # The writer's clock may be ahead of ours: then only what we saw counts.
            still = found.age(now) >= self.quiet or now - since >= self.quiet
            if known == found and still:
                whole.append(Dropped(source, path, found))
        return sorted(whole, key=lambda one: (one.stamp.modified, one.path.name))

    def odd(self) -> dict[str, str]:
        """What is there and will never be read: folder → what, in French."""
        found: dict[str, str] = {}
        for folder in self._folders():
            if folder.name not in self.known:
                found[shown(folder.name)[:80]] = "Dossier de dépôt qu’aucune source ne porte."
            elif names := self._never(folder):
                found[folder.name] = f"Ni fichier ni dépôt, laissé de côté : {', '.join(names)}."
        return found

    def _never(self, folder: Path) -> list[str]:
        try:
            paths = sorted(path for path in folder.iterdir() if not is_left(path.name))
        except OSError:
            return ["dossier illisible"]
        return [shown(path.name)[:80] for path in paths if stamp(path) is None][:5]

    def _inside(self) -> Iterator[tuple[str, Path]]:
        for folder in self._folders():
            if folder.name not in self.known:
                continue
            try:
                paths = sorted(folder.iterdir())
            except OSError:
                continue  # told by ``odd``
            yield from ((folder.name, path) for path in paths)

    def _folders(self) -> list[Path]:
        try:
            return sorted(path for path in self.root.iterdir() if path.is_dir())
        except OSError:
            return []
