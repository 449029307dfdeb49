"""The part of a document where an item stands, for people: text, or bytes where it is none."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from unicodedata import category

import orjson

from ingest.encoding import HEAD, reading

# Bytes of an excerpt as text, and as hexadecimal figures; lines before and after that of the item.
TEXT, BINARY = 6_000, 512
_BEFORE, _AFTER = 2, 6
# A JSON document is searched for its item up to this many bytes.
_SEARCHED = 4 << 20
# Bytes that may be corrected in a form; beyond, a file is sent.
EDITED = 64_000

_LINE = re.compile(r"ligne (\d{1,9})")
_STEP = re.compile(r"([A-Za-z_$][\w$-]*)|\[(\d{1,9})\]")
# Encodings in which text has null bytes.
_WIDE = ("utf-16", "utf-32")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Something to look at. line: number of its first line, 0 when unknown. cut: more follows."""

    text: str
    line: int = 0
    binary: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of a document that may be corrected: from which byte on, as text in which encoding."""

    start: int
    length: int
    text: str
    encoding: str


def excerpt(chunks: Iterable[bytes], size: int, position: str) -> Excerpt:
    """Around the item at a position ("ligne 12", "releases[3]"); the beginning of the document
    when the position does not say where. size: bytes of the whole."""
    stream = iter(chunks)
    head = _take(stream, HEAD)
    encoding = reading(head).encoding or "cp1252"
    if b"\0" in head and not encoding.startswith(_WIDE):
        return Excerpt(dump(head[:BINARY]), binary=True, cut=size > BINARY)
    line = _LINE.search(position)
    if line and not encoding.startswith(_WIDE):
        first = max(1, int(line[1]) - _BEFORE)
        _, data, cut = _lines(_again(head, stream), first, int(line[1]) + _AFTER, TEXT)
        if data:
            return Excerpt(_printed(data, encoding), first, cut=cut)
    if size <= _SEARCHED and (found := _element(b"".join(_again(head, stream)), position)):
        return Excerpt(_visible(found[:TEXT]), cut=len(found) > TEXT)
    return Excerpt(_printed(head[:TEXT], encoding), 1, cut=size > TEXT)


def editable(chunks: Iterable[bytes], size: int, position: str) -> Part | None:
    """What may be corrected in a form: the whole document, or the line of the item; None for what
    is no text, or too much of it."""
    stream = iter(chunks)
    head = _take(stream, HEAD)
    found = reading(head)
    if not found.encoding or found.mark:
        return None
    if size <= EDITED and (part := _part(0, head, found.encoding)):
        return part
    line = _LINE.search(position)
    if line is None:
        return None
    start, data, cut = _lines(_again(head, stream), int(line[1]), int(line[1]), EDITED)
    return None if cut or not data else _part(start, data, found.encoding)


def _part(start: int, data: bytes, encoding: str) -> Part | None:
    """None for bytes that are no text, or that a form would not give back as they are."""
    try:
        text = data.decode(encoding)
    except ValueError:
        return None
    lost = any(category(sign) == "Cc" and sign not in "\n\t" for sign in _plain(text))
    return None if lost else Part(start, len(data), text, encoding)


def corrected(chunks: Iterable[bytes], part: Part, text: str) -> bytes:
    """The document with other words in this part. Raises ValueError for words that its encoding
    does not have."""
    lines = text.replace("\r\n", "\n")
    if "\r\n" in part.text:
        lines = lines.replace("\n", "\r\n")
    if part.text.endswith("\n") and not lines.endswith("\n"):
        lines += "\r\n" if part.text.endswith("\r\n") else "\n"
    whole = b"".join(chunks)
    return whole[: part.start] + lines.encode(part.encoding) + whole[part.start + part.length :]


def dump(data: bytes) -> str:
    """Bytes as sixteen figures a line, with what is readable beside."""
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        told = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{at:08x}  {row.hex(' '):<47}  {told}")
    return "\n".join(lines)


def _again(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _take(stream: Iterator[bytes], most: int) -> bytes:
    """The first bytes, at least ``most`` of them if there are so many."""
    taken = b""
    for data in stream:
        taken += data
        if len(taken) >= most:
            break
    return taken


def _lines(chunks: Iterable[bytes], first: int, last: int, most: int) -> tuple[int, bytes, bool]:
    """Where line ``first`` begins, the bytes from there to the end of line ``last``, ``most`` of
    them at most, and whether they are cut. No byte when there is no such line."""
    line, offset, start, held = 1, 0, -1, bytearray()
    for data in chunks:
        for piece in _split(data):
            if line >= first:
                start = offset if start < 0 else start
                held += piece
                if len(held) > most:
                    return start, bytes(held[:most]), True
            offset += len(piece)
            if piece.endswith(b"\n"):
                line += 1
                if line > last:
                    return max(start, 0), bytes(held), False
    return max(start, 0), bytes(held), False


def _split(data: bytes) -> list[bytes]:
    """Lines with their ends, which are "\\n": a lone "\\r" may be in a cell."""
    return [one for one in re.split(rb"(?<=\n)", data) if one]


def _element(data: bytes, position: str) -> str:
    """A JSON element by its path, set out on lines; "" when it is not there."""
    steps = _STEP.findall(position)
    if not steps:
        return ""
    try:
        found = orjson.loads(data)
        for name, number in steps:
            found = found[name] if name else found[int(number)]
        return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""


def _printed(data: bytes, encoding: str) -> str:
    return _visible(data.decode(encoding, "replace"))


def _visible(text: str) -> str:
    """Text whose characters are all seen: those that reorder or hide others become U+FFFD."""
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" or category(sign) == "Zs" else "\ufffd"
        for sign in _plain(text)
    )


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")
