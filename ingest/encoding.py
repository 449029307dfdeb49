"""Encodings: from bytes to text, honestly. What was declared and does not hold is said aloud.

Order: byte order mark, declared encoding, UTF-8; Windows-1252 only for tables, cell by cell.
"""

import codecs
import io
import re
from dataclasses import dataclass
from typing import Any, BinaryIO

Remark = tuple[str, str]

SUBJECT = "encodage"
# How far one looks to decide: the declaration and enough text to see it contradicted.
HEAD = 65_536

# Longest first: the mark of UTF-32 begins with the mark of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Codecs of Python that are no encoding of documents, and slow or lax on hostile bytes.
_REFUSED = {"punycode", "idna", "unicode_escape", "raw_unicode_escape", "unicode-escape", "utf-7"}
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a document is to be read: codec ("" when no one fits, then ``reason`` says so in
    French), length of its byte order mark, remarks to count, and what the document declared."""

    encoding: str
    mark: int = 0
    remarks: tuple[Remark, ...] = ()
    reason: str = ""
    declared: str = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, or the reason (French) why there is none."""

    text: str = ""
    remarks: tuple[Remark, ...] = ()
    reason: str = ""


def reading(head: bytes, declared: str = "") -> Reading:
    """How to read a document that begins with ``head`` (at best its first 64 kB).

    declared: encoding given from outside; else the XML declaration is looked for. Only what the
    head contradicts is corrected: a later fault remains to be met by the reader.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return Reading(encoding, len(mark))
    found = _DECLARED.match(head)
    declared = (declared or (found[1].decode("ascii") if found else "")).lower()
    if declared and _fits(head, declared):
        return Reading(declared, declared=declared)
    if _fits(head, "utf-8"):
        remarks = ((SUBJECT, f"déclaré {declared}, lu en utf-8"),) if declared else ()
        return Reading("utf-8", 0, remarks, declared=declared)
    said = f"déclaré {declared}" if declared else "non déclaré"
    return Reading("", 0, (), f"Encodage {said} : ni celui-ci ni UTF-8 ne conviennent.", declared)


def _fits(head: bytes, encoding: str) -> bool:
    try:
        "a".encode(encoding)  # LookupError for what is no text encoding ("zlib")
        if codecs.lookup(encoding).name in _REFUSED:
            return False
        text = codecs.getincrementaldecoder(encoding)("strict").decode(head, final=len(head) < HEAD)
    except (LookupError, ValueError, TypeError):
        return False
    # ASCII bytes are valid UTF-16, as Chinese without a single sign of markup.
    return "<" in text or b"<" not in head


def decode(data: bytes, declared: str = "", table: bool = False) -> Decoded:
    """The text of a whole document held in memory. ``table``: a CSV, read as Windows-1252 with a
    remark when nothing else fits."""
    how = reading(data[:HEAD], declared)
    for encoding in dict.fromkeys((how.encoding, "utf-8", "cp1252" if table else "")):
        try:
            text = data[how.mark :].decode(encoding) if encoding else None
        except (LookupError, ValueError):
            continue
        if text is not None:
            return Decoded(text, _remarks(how, encoding))
    return Decoded(reason=how.reason or f"Octets illisibles en {how.encoding or 'utf-8'}.")


def _remarks(how: Reading, encoding: str) -> tuple[Remark, ...]:
    if encoding == how.encoding:
        return how.remarks
    said = f"déclaré {how.declared}" if how.declared else "non déclaré"
    return ((SUBJECT, f"{said}, lu en {encoding}"),)


def recovered(text: str) -> tuple[str, bool] | None:
    """A cell read with ``surrogateescape``: itself and False; or, when some bytes were not UTF-8,
    the cell read as Windows-1252 and True; None when even that is impossible."""
    if text.isascii() or not any("\udc80" <= sign <= "\udcff" for sign in text):
        return text, False
    try:
        return text.encode("utf-8", "surrogateescape").decode("cp1252"), True
    except UnicodeError:
        return None


def looked_at(stream: BinaryIO, size: int = HEAD) -> tuple[bytes, BinaryIO]:
    """The first bytes of ``stream``, and a stream that still begins with them."""
    head = b""
    while len(head) < size and (more := stream.read(size - len(head))):
        head += more
    return head, io.BufferedReader(_Rewound(head, stream), HEAD)


def rewound(head: bytes, stream: BinaryIO, passed: int) -> BinaryIO:
    """``stream`` with its first ``passed`` bytes replaced by ``head``."""
    stream.read(passed)
    return io.BufferedReader(_Rewound(head, stream), HEAD)


class _Rewound(io.RawIOBase):
    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = memoryview(head), rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._head[: len(buffer)] if self._head else self._rest.read(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def text_of(stream: BinaryIO, how: Reading) -> io.TextIOWrapper:
    """Text of ``stream`` as ``how`` says, line ends untouched. Bytes that are not UTF-8 become
    the lone surrogates of ``surrogateescape``: they spoil one item, not the document."""
    stream.read(how.mark)
    return io.TextIOWrapper(stream, how.encoding, errors="surrogateescape", newline="")
