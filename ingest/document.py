"""A document: a name for people, and a stream that refuses to be a bomb."""

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from lzma import LZMAError
from typing import IO, Any, BinaryIO

# Below this many bytes read, no compression ratio is alarming.
RATIO_FLOOR = 10_000_000

# Signs and bytes of a name: PostgreSQL indexes no entry above 2,700 bytes, and one entry holds the
# name of a document and a position in it.
NAME_LENGTH, _NAME_BYTES = 500, 1_000

_BROKEN = (zlib.error, EOFError, LZMAError, OSError, zipfile.BadZipFile)


class DocumentError(Exception):
    """A document cannot be opened or read to its end; the message is French, for people."""


class DocumentTooLarge(DocumentError):  # noqa: N818 - reads as what happened
    """Reading went beyond the limits: a bomb, or a file larger than we accept."""


class DocumentUnreadable(DocumentError):  # noqa: N818 - reads as what happened
    """The archive or the disk failed in the middle of the document."""


@dataclass(frozen=True, slots=True)
class Limits:
    """max_document: bytes of one document once decompressed; max_ratio: bytes out for one byte
    in, looked at above 10 MB; max_members: members of one archive."""

    max_document: int = 2 * 1024**3
    max_ratio: int = 200
    max_members: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Document:
    """name: for people ("avis.zip!2024/a.xml"). open: a new stream from the first byte, as often
    as wanted; opening and reading may raise DocumentError. The caller closes the stream."""

    name: str
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something found and not accepted. open: its bytes as they came, None when out of reach."""

    name: str
    reason: str
    open: Callable[[], BinaryIO] | None = None


def guarded(source: IO[bytes], limits: Limits, compressed: int | None = None) -> BinaryIO:
    """``source`` with its bytes counted: reading raises DocumentTooLarge beyond the limits,
    DocumentUnreadable when the source fails. ``compressed``: bytes it occupies in its archive.
    Closing it closes ``source``."""
    return io.BufferedReader(_Guarded(source, limits, compressed), 65_536)


class _Guarded(io.RawIOBase):
    def __init__(self, source: IO[bytes], limits: Limits, compressed: int | None) -> None:
        self._source, self._limits, self._compressed, self._given = source, limits, compressed, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._source.read(len(buffer))
        except _BROKEN as error:
            raise DocumentUnreadable("Document abîmé : la lecture s'arrête en chemin.") from error
        self._given += len(data)
        self._check()
        buffer[: len(data)] = data
        return len(data)

    def _check(self) -> None:
        if self._given > self._limits.max_document:
            raise DocumentTooLarge(too_large(self._limits))
        if self._compressed is not None and is_bomb(self._given, self._compressed, self._limits):
            raise DocumentTooLarge(too_compressed(self._limits))

    def close(self) -> None:
        self._source.close()
        super().close()


def is_bomb(given: int, compressed: int, limits: Limits) -> bool:
    """Whether ``given`` bytes out of ``compressed`` ones are more than honest data gives."""
    return given > RATIO_FLOOR and given > limits.max_ratio * max(compressed, 1)


def too_large(limits: Limits) -> str:
    """French reason."""
    return f"Document trop volumineux : plus de {limits.max_document:,} octets.".replace(",", " ")


def too_compressed(limits: Limits) -> str:
    """French reason."""
    return f"Compression anormale : plus de {limits.max_ratio} octets pour un octet d'archive."


def shown(name: str) -> str:
    """A name that can be printed: undecodable bytes and control characters become U+FFFD."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in name)


def short(name: str) -> str:
    """A name, or a position in a document, that can be printed and indexed: above 500 signs (or
    1,000 bytes) its middle is left out. Its end tells what it is."""
    clean = shown(name)
    if len(clean) <= NAME_LENGTH and len(clean.encode()) <= _NAME_BYTES:
        return clean
    half = (NAME_LENGTH if clean.isascii() else _NAME_BYTES // 4) // 2 - 1
    return f"{clean[:half]}…{clean[-half:]}"


def is_hidden(path: str) -> bool:
    """Whether a path, or one of the folders in it, is not meant to be read: named ".…", or "_…" as
    what programs leave beside the documents (a spider's report, ``__MACOSX``)."""
    parts = path.replace("\\", "/").split("/")
    return any(part.startswith((".", "_")) and part not in (".", "..") for part in parts)
