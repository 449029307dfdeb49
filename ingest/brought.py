"""Files that somebody brought, copied where collections land: the originals may go."""

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

import orjson

from index.durable import sync, write_whole
from ingest.crawl import BROUGHT, REPORT

# Names that ingestion passes over (``ingest.document.is_hidden``): a file that is brought is read.
_HIDDEN = "._"


def bring(
    paths: Iterable[Path], folder: Path, source: str, now: datetime, beat: Callable[[], None]
) -> None:
    """Copy files and folders into ``folder``, then write a report there: with it, all is there,
    whatever happens next. beat: called for each megabyte. Raises OSError, and leaves what it
    copied."""
    folder.mkdir(parents=True)
    copied = [_bring(path, folder / f"{n:06d}", beat) for n, path in enumerate(paths, 1)]
    told = {"source": source, "started": now, "finished": now, "reason": BROUGHT}
    told |= {"pages": sum(files for files, _ in copied), "bytes": sum(size for _, size in copied)}
    write_whole(folder / REPORT, orjson.dumps(told, option=orjson.OPT_INDENT_2))
    for place in (folder, folder.parent, folder.parent.parent):
        sync(place)


def _bring(path: Path, place: Path, beat: Callable[[], None]) -> tuple[int, int]:
    """Copies one path; gives back how many files and bytes it holds."""
    place.mkdir()
    target = place / (path.name.lstrip(_HIDDEN) or "document")
    copy = partial(_copy, beat=beat)
    if path.is_dir() and not path.is_symlink():
        # Links are copied as links: ingestion refuses, aloud, those that lead out of the folder.
        shutil.copytree(path, target, symlinks=True, copy_function=copy)
    else:
        copy(path, target)
    for inside, _, _ in os.walk(place):
        sync(Path(inside))
    sizes = [file.lstat().st_size for file in place.rglob("*") if not file.is_dir()]
    return len(sizes), sum(sizes)


def _copy(origin: str | Path, target: str | Path, beat: Callable[[], None]) -> None:
    with _opened(Path(origin)) as source, Path(target).open("xb") as copy:
        while data := source.read(1 << 20):
            copy.write(data)
            beat()
        copy.flush()
        os.fsync(copy.fileno())


def _opened(path: Path) -> BinaryIO:
    # Who may write where the file lies may put a link there at any moment, to what only we read;
    # or a pipe, which would be waited for, for ever.
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(f"lien non suivi : {path}") from error
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"ni un fichier ni un dossier : {path}")
    return os.fdopen(handle, "rb")
