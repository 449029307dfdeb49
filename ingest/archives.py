"""Archives: the members of a zip, a tar or a gzip file as documents, without extracting any."""

import gzip
import io
import os
import shutil
import struct
import tarfile
import tempfile
import weakref
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from ingest.document import (
    RATIO_FLOOR,
    Document,
    DocumentError,
    DocumentUnreadable,
    Limits,
    Refusal,
    guarded,
    is_bomb,
    is_hidden,
    shown,
    too_compressed,
    too_large,
)

TARS = (".tar", ".tar.gz", ".tgz")
ARCHIVES = (".zip", ".gz", *TARS)

# Extended headers of a tar are read whole into memory; real ones hold a name or two.
LARGEST_HEADER = 1_000_000

# Header fields of a damaged archive reach struct, int and str decoders inside the libraries.
_BROKEN = (
    OSError, EOFError, ValueError, RuntimeError, OverflowError,
    tarfile.TarError, zipfile.BadZipFile,
)  # fmt: skip
# What lies between the directory of a long archive and the end that zipfile finds: APPNOTE 6.3.9,
# sections 4.3.14 and 4.3.15.
_ZIP64_END = 56 + 20
_NESTED = "Archive dans une archive : non ouverte."


def archive_members(path: Path, name: str, limits: Limits) -> Iterator[Document | Refusal]:
    """The members of the archive at ``path``, in its own order; ``name`` is the archive's, shown.

    Folders, links and hidden files are passed over. An encrypted, empty or oversized member, an
    archive in the archive, a damaged archive are refusals. Never raises.
    """
    low = path.name.lower()
    if low.endswith(".zip"):
        yield from _zip(path, name, limits)
    elif low.endswith(TARS):
        yield from _tar(path, name, limits)
    else:
        yield _gzip(path, name, limits)


def is_archive(name: str) -> bool:
    """Whether a file of this name is one of those ``archive_members`` opens."""
    return name.lower().endswith(ARCHIVES)


def _too_many(limits: Limits) -> str:
    return f"Archive trop peuplée : plus de {limits.max_members:,} membres.".replace(",", " ")


def _member(
    name: str, size: int, limits: Limits, opened: Callable[[], BinaryIO]
) -> Document | Refusal:
    """A member as a document, or refused for what its name and declared size already say."""
    if size == 0:
        return Refusal(name, "Document vide.")
    if size > limits.max_document:
        return Refusal(name, too_large(limits))
    return Refusal(name, _NESTED, opened) if is_archive(name) else Document(name, opened)


# --- gzip ---------------------------------------------------------------------------------------


def _gzip(path: Path, name: str, limits: Limits) -> Document | Refusal:
    inside = path.name[:-3]
    found = Document(f"{name}!{shown(inside)}", lambda: _unpacked(path, limits))
    if is_archive(inside):
        return Refusal(found.name, _NESTED, lambda: path.open("rb"))
    try:
        with closing(found.open()) as stream:
            empty = not stream.read(1)
    except DocumentError as error:
        return Refusal(found.name, str(error), lambda: path.open("rb"))
    return Refusal(found.name, "Document vide.") if empty else found


def _unpacked(path: Path, limits: Limits) -> BinaryIO:
    try:
        return guarded(cast(IO[bytes], gzip.GzipFile(path)), limits, path.stat().st_size)
    except OSError as error:
        raise DocumentUnreadable("Fichier illisible.") from error


# --- zip ----------------------------------------------------------------------------------------


def _opened_in(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: Limits
) -> Callable[[], BinaryIO]:
    """Opens one member. The archive stays open until the last of its documents is forgotten:
    reading its directory again for each member would take quadratic time."""

    def opened() -> BinaryIO:
        try:
            return guarded(archive.open(member), limits, member.compress_size)
        except _BROKEN as error:
            raise DocumentUnreadable("Archive zip abîmée.") from error

    return opened


def _zip(path: Path, name: str, limits: Limits) -> Iterator[Document | Refusal]:
    try:
        fault = _too_many(limits) if _is_crowded(path, limits) else ""
        archive = None if fault else zipfile.ZipFile(path)
    except _BROKEN:
        archive, fault = None, "Archive zip abîmée."
    if archive is not None and _is_overlapping(archive, path.stat().st_size, limits):
        fault = too_compressed(limits)
    if archive is None or fault:
        yield Refusal(name, fault, lambda: path.open("rb"))
        return
    for member in archive.infolist():
        if not member.is_dir() and not is_hidden(member.filename):
            yield _zip_member(archive, member, f"{name}!{shown(member.filename)}", limits)


def _is_crowded(path: Path, limits: Limits) -> bool:
    """Whether the directory of an archive holds too many members. zipfile would make an object of
    each first: 600 bytes for 46, some gigabytes for a directory of 256 MB."""
    with path.open("rb") as file:
        # Found by zipfile itself: to look elsewhere than it does would be to look at nothing.
        end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
        if not end:
            return False
        size = end[zipfile._ECD_SIZE]  # type: ignore[attr-defined]
        start = end[zipfile._ECD_LOCATION] - size  # type: ignore[attr-defined]
        is_long = end[zipfile._ECD_SIGNATURE] == b"PK\6\6"  # type: ignore[attr-defined]
        file.seek(max(0, start - (_ZIP64_END if is_long else 0)))
        members = 0
        while size > 0 and members <= limits.max_members and len(head := file.read(46)) == 46:
            rest = sum(struct.unpack_from("<3H", head, 28))
            file.seek(rest, os.SEEK_CUR)
            size, members = size - 46 - rest, members + 1
    return members > limits.max_members


def _is_overlapping(archive: zipfile.ZipFile, packed: int, limits: Limits) -> bool:
    """Whether the members that are small enough one by one give together more than their archive
    can hold: the same bytes serve for all of them."""
    sizes = (
        member.file_size
        for member in archive.infolist()
        if not is_bomb(member.file_size, member.compress_size, limits)
        and member.file_size <= limits.max_document
    )
    return is_bomb(sum(sizes), packed, limits)


def _zip_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, limits: Limits
) -> Document | Refusal:
    if member.flag_bits & 1:
        return Refusal(name, "Archive chiffrée : mot de passe inconnu.")
    # What zipfile gives never exceeds the declared size, so that a declared bomb needs no reading.
    if is_bomb(member.file_size, member.compress_size, limits):
        return Refusal(name, too_compressed(limits))
    return _member(name, member.file_size, limits, _opened_in(archive, member, limits))


# --- tar ----------------------------------------------------------------------------------------


class _Tar:
    """The bytes of a tar archive, unpacked once to a nameless file when they are compressed, and
    kept open until the last of its documents is forgotten."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.fault = ""
        if path.name.lower().endswith(".tar"):
            self._file: IO[bytes] = path.open("rb")
        else:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        if self._file.writable():
            self._unpack(path, limits)
        self.size = os.fstat(self._file.fileno()).st_size

    def _unpack(self, path: Path, limits: Limits) -> None:
        """Guarded as a whole; what came before a fault is kept."""
        packed = path.stat().st_size
        whole = Limits(packed * limits.max_ratio + RATIO_FLOOR, limits.max_ratio)
        try:
            with closing(_unpacked(path, whole)) as stream:
                shutil.copyfileobj(stream, self._file)
        except DocumentError as error:
            self.fault = str(error)
        self._file.flush()

    def read_at(self, place: int, size: int) -> bytes:
        self._file.seek(place)
        return self._file.read(size)


class _Slice(io.RawIOBase):
    """The bytes of one member, or of the whole archive for the reader of its headers."""

    def __init__(self, archive: _Tar, start: int, size: int) -> None:
        self._archive, self._start, self._size, self._place = archive, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        self._place = place + (0, self._place, self._size)[whence]
        return self._place

    def readinto(self, buffer: Any) -> int:
        wanted = max(0, min(len(buffer), self._size - self._place))
        data = self._archive.read_at(self._start + self._place, wanted)
        if wanted and not data:
            raise EOFError
        self._place += len(data)
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        if size > LARGEST_HEADER:
            raise tarfile.ReadError
        return super().read(size) or b""


def _tar(path: Path, name: str, limits: Limits) -> Iterator[Document | Refusal]:
    fault = ""
    try:
        archive = _Tar(path, limits)
        fault = archive.fault
        for index, member in enumerate(_tar_members(archive)):
            if index >= limits.max_members:
                fault = _too_many(limits)
                break
            if member.isreg() and not is_hidden(member.name):
                yield _tar_member(archive, member, f"{name}!{shown(member.name)}", limits)
    except _BROKEN:
        fault = fault or "Archive tar abîmée."
    if fault:
        yield Refusal(name, fault, lambda: path.open("rb"))


def _tar_members(archive: _Tar) -> Iterator[tarfile.TarInfo]:
    with tarfile.open(fileobj=cast(IO[bytes], _Slice(archive, 0, archive.size)), mode="r:") as tar:
        while (member := tar.next()) is not None:
            tar.members.clear()  # type: ignore[attr-defined]  # it would grow with the archive
            yield member


def _tar_member(
    archive: _Tar, member: tarfile.TarInfo, name: str, limits: Limits
) -> Document | Refusal:
    if member.issparse():
        return Refusal(name, "Fichier à trous dans une archive tar : non lu.")
    opened = partial(_open_slice, archive, member.offset_data, member.size, limits)
    return _member(name, member.size, limits, opened)


def _open_slice(archive: _Tar, start: int, size: int, limits: Limits) -> BinaryIO:
    return guarded(cast(IO[bytes], _Slice(archive, start, size)), limits)
