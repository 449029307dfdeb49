"""JSON items: the releases, records or rows of a JSON document, one by one, in flat memory.

The document is cut into items by its brackets and strings only, then each item is parsed on its
own: a faulty item has a reason with its line and column, and the next one is read. Streaming
parsers (ijson) stop at the first fault, keep the last of two equal keys and give no line.

Accepted around the items: a single object, an array, an object holding the array under one of the
given paths, JSON lines, objects one after the other. Standard: RFC 8259.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import count
from typing import Any, BinaryIO, TextIO

from ingest.encoding import Reading, Remark, looked_at, reading, text_of
from ingest.feeds.json_value import parse

MAX_ITEM = 32_000_000  # signs of one item; real releases stay under 5 million
MAX_DEPTH = 100
CHUNK = 1_000_000

Paths = tuple[tuple[str, ...], ...]

# Next bracket outside strings, quote of an unfinished string, or end; all possessive, so that
# nothing is read twice.
_STRUCTURE = re.compile(
    r'(?:[^"{}\[\]]*+"[^"\\]*+(?:\\.[^"\\]*+)*+")*+[^"{}\[\]]*+([{}\[\]"]|\Z)', re.S
)
_SCALAR = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^\s,:\[\]{}"]+', re.S)
_BLANK = re.compile(r"[\s\x1e]*+")  # U+001E: separator of JSON text sequences (RFC 7464)

_CUT = "document tronqué"


@dataclass(frozen=True, slots=True)
class Item:
    """One item. position: "releases[3]", "ligne 12", "" for a document that is one item.

    value: objects, arrays, True, False, None, and strings; numbers are strings as written.
    reason: in French, with line and column, when there is no value.
    """

    position: str
    value: Any = None
    reason: str = ""
    remarks: tuple[Remark, ...] = ()


class _CutError(Exception):
    """The document cannot be cut further."""


def items(stream: BinaryIO, paths: Paths, whole: frozenset[str] = frozenset()) -> Iterator[Item]:
    """The items of a JSON document. ``paths``: where an array of items may be, from the top.
    ``whole``: a field that, met before such an array, says that the object is one item itself.

    In JSON lines each line is one item, whatever it holds. Never raises for bad content; a
    DocumentError of the stream goes through.
    """
    head, stream = looked_at(stream)
    how = reading(head)
    how = how if how.encoding else Reading("utf-8")  # the faulty items will say so one by one
    remarks = how.remarks
    try:
        for item in _items(_Scanner(text_of(stream, how)), paths, whole):
            yield Item(item.position, item.value, item.reason, remarks)
            remarks = ()
    except UnicodeError:
        yield Item("", reason=f"Octets illisibles en {how.encoding}.", remarks=remarks)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A cut out value: its text ("" with a reason when it is too large or too deep), its place."""

    text: str
    reason: str
    line: int
    column: int

    def item(self, position: str) -> Item:
        try:
            if self.reason:
                raise ValueError(f"ligne {self.line}, colonne {self.column} : {self.reason}")
            return Item(position, parse(self.text, self.line, self.column))
        except ValueError as error:
            return Item(position, reason=str(error))


class _Scanner:
    """A text read by pieces, cut into JSON values without being parsed."""

    def __init__(self, source: TextIO, line: int = 1) -> None:
        self._source, self._buffer, self._at = source, "", 0
        self._kept: list[str] | None = None
        self._size = 0
        self.line, self.column = line, 1

    def _more(self) -> bool:
        chunk = self._source.read(CHUNK)
        self._buffer, self._at = self._buffer[self._at :] + chunk, 0
        return bool(chunk)

    def _advance(self, end: int) -> str:
        text = self._buffer[self._at : end]
        newlines = text.count("\n")
        self.line += newlines
        self.column = len(text) - text.rfind("\n") if newlines else self.column + len(text)
        self._at = end
        if self._kept is not None:
            self._keep(text)
        return text

    def keep(self) -> None:
        """From here on, what is passed over is kept, up to the size of one item."""
        self._kept, self._size = [], 0

    def _keep(self, text: str) -> None:
        assert self._kept is not None
        self._size += len(text)
        self._kept.append(text)
        if self._size > MAX_ITEM:
            self._kept.clear()

    def kept(self) -> str | None:
        """What was kept since ``keep``, None when it was too large; keeps no more."""
        text = None if self._kept is None or self._size > MAX_ITEM else "".join(self._kept)
        self._kept = None
        return text

    def next(self) -> str:
        """The next sign that is not blank, "" at the end."""
        while True:
            blank = _BLANK.match(self._buffer, self._at)
            assert blank is not None
            self._advance(blank.end())
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def take(self, *signs: str) -> str:
        """Passes over the next sign, which must be one of these. Raises _CutError."""
        found = self.next()
        if found not in signs or not found:
            raise _CutError("JSON incorrect" if found else _CUT)
        return self._advance(self._at + 1)

    def value(self) -> _Piece:
        """Cuts the next value out. Raises _CutError when it has no end."""
        sign = self.next()
        line, column = self.line, self.column
        if sign in ("{", "["):
            return _Piece(*self._nested(), line, column)
        return _Piece(self._scalar(), "", line, column)

    def _scalar(self) -> str:
        while True:
            found = _SCALAR.match(self._buffer, self._at)
            if found and found.end() < len(self._buffer):
                return self._advance(found.end())
            if not found and self.next() != '"':
                raise _CutError("valeur attendue" if self.next() else _CUT)
            if len(self._buffer) - self._at > MAX_ITEM:
                raise _CutError("valeur trop volumineuse")
            if not self._more():
                if found:
                    return self._advance(found.end())
                raise _CutError(_CUT)

    def _nested(self) -> tuple[str, str]:
        """Text of an object or array; or "" and why it is refused."""
        depth, deepest, size, kept = 0, 0, 0, list[str]()
        while True:
            end, depth, deepest = self._close(depth, deepest)
            part = self._advance(end)
            size += len(part)
            kept.append(part)
            if size > MAX_ITEM:
                kept.clear()
            if depth == 0:
                reason = "imbrication trop profonde" if deepest > MAX_DEPTH else ""
                reason = "élément trop volumineux" if size > MAX_ITEM else reason
                return ("" if reason else "".join(kept)), reason
            if len(self._buffer) - self._at > MAX_ITEM:
                raise _CutError("chaîne trop volumineuse")
            if not self._more():
                raise _CutError(_CUT)

    def _close(self, depth: int, deepest: int) -> tuple[int, int, int]:
        """How far the buffer is understood: to the end of the value (depth 0), to an unfinished
        string, or to its own end; with the depth there and the deepest one met."""
        for found in _STRUCTURE.finditer(self._buffer, self._at):
            sign = found[1]
            if sign == '"':
                return found.start(1), depth, deepest
            if sign in ("{", "["):
                depth += 1
                deepest = max(deepest, depth)
            elif sign:
                depth -= 1
                if depth == 0:
                    return found.end(), depth, deepest
        return len(self._buffer), depth, deepest

    def rest_of_line(self) -> str:
        """Passes to the next line and gives what was left of this one."""
        while (end := self._buffer.find("\n", self._at)) < 0:
            if len(self._buffer) - self._at > MAX_ITEM or not self._more():
                end = len(self._buffer) - 1
                break
        return self._advance(end + 1)

    def looks_like_lines(self) -> bool:
        """Whether a second object begins a line, right after a first one that fills its own."""
        self.next()
        lines = [line for line in self._buffer[self._at :].split("\n", 20) if line.strip()]
        return (
            len(lines) > 1
            and lines[0].startswith("{")
            and lines[1].startswith("{")
            and not lines[0].rstrip().endswith((",", ":", "[", "{"))
        )


def _items(scanner: _Scanner, paths: Paths, whole: frozenset[str]) -> Iterator[Item]:
    if scanner.looks_like_lines():
        yield from _lines(scanner)
        return
    position, met = "", False
    try:
        while scanner.next():
            met = True
            yield from _document(scanner, paths, whole, position)
            scanner.next()
            position = f"ligne {scanner.line}"
    except _CutError as error:
        yield Item(position, reason=f"ligne {scanner.line}, colonne {scanner.column} : {error}")
    if not met:
        yield Item("", reason="document vide")


def _lines(scanner: _Scanner) -> Iterator[Item]:
    while scanner.next():
        line = scanner.line
        position = f"ligne {line}"
        text = scanner.rest_of_line()
        if (item := _sound(text, position)) is not None:
            yield item
            continue
        alone = _Scanner(StringIO(text), line)
        try:
            yield alone.value().item(position)
            if alone.next():
                raise _CutError("texte en trop après la valeur")
        except _CutError as error:
            yield Item(position, reason=f"{position}, colonne {alone.column} : {error}")


def _sound(text: str, position: str) -> Item | None:
    """The item of a line that is one object without fault, None for any other line: only faults
    need to be told their place, which takes ten times as long."""
    deep = text.count("{") + text.count("[") > MAX_DEPTH
    if deep or len(text) > MAX_ITEM or not text.startswith("{"):
        return None
    try:
        return Item(position, parse(text.rstrip()))
    except ValueError:
        return None


def _document(
    scanner: _Scanner, paths: Paths, whole: frozenset[str], position: str
) -> Iterator[Item]:
    sign = scanner.next()
    if sign == "[":
        yield from _array(scanner, position)
    elif sign == "{" and paths:
        yield from _whole_or_parts(scanner, paths, whole, position)
    else:
        yield scanner.value().item(position)


def _array(scanner: _Scanner, position: str) -> Iterator[Item]:
    for number in _elements(scanner):
        yield scanner.value().item(f"{position}[{number}]")


def _elements(scanner: _Scanner) -> Iterator[int]:
    """Comes to each element of an array in turn; who asks reads it before coming to the next."""
    scanner.take("[")
    if scanner.next() == "]":
        scanner.take("]")
        return
    for number in count():
        yield number
        if scanner.take(",", "]") == "]":
            return


def _whole_or_parts(
    scanner: _Scanner, paths: Paths, whole: frozenset[str], position: str
) -> Iterator[Item]:
    """The array under one of ``paths``; or the object itself when it has none of them."""
    line, column = scanner.line, scanner.column
    scanner.keep()
    parts = 0
    for place in _arrays(scanner, paths, whole):
        parts += 1
        scanner.kept()
        yield from _array(scanner, f"{position} {place}".strip())
    text = scanner.kept()
    if parts:
        return
    if text is None:
        yield _Piece("", "élément trop volumineux", line, column).item(position)
    else:
        alone = _Scanner(StringIO(text), line)
        alone.column = column
        yield alone.value().item(position)  # cut once more, for its depth


def _arrays(
    scanner: _Scanner,
    paths: Paths,
    whole: frozenset[str],
    above: tuple[str, ...] = (),
    place: str = "",
) -> Iterator[str]:
    """Stops before each array under one of ``paths``, which the caller must pass over, and gives
    its place."""
    scanner.take("{")
    if scanner.next() == "}":
        scanner.take("}")
        return
    while True:
        path = (*above, _key(scanner))
        here = f"{place}.{path[-1]}" if place else path[-1]
        paths = () if path[-1] in whole else paths
        scanner.take(":")
        deeper = any(path == longer[: len(path)] for longer in paths)
        if scanner.next() == "[" and path in paths:
            yield here
        elif scanner.next() == "{" and deeper:
            yield from _arrays(scanner, paths, whole, path, here)
        elif scanner.next() == "[" and deeper:
            yield from _through(scanner, paths, whole, path, here)
        else:
            scanner.value()
        if scanner.take(",", "}") == "}":
            return


def _through(
    scanner: _Scanner, paths: Paths, whole: frozenset[str], path: tuple[str, ...], place: str
) -> Iterator[str]:
    """The arrays inside the objects of an array that a path leads through."""
    for number in _elements(scanner):
        if scanner.next() == "{":
            yield from _arrays(scanner, paths, whole, path, f"{place}[{number}]")
        else:
            scanner.value()


def _key(scanner: _Scanner) -> str:
    if scanner.next() != '"':
        raise _CutError("nom de champ entre guillemets attendu" if scanner.next() else _CUT)
    written = scanner.value().text
    try:
        return str(parse(written)) if "\\" in written else written[1:-1]
    except ValueError as error:
        raise _CutError("nom de champ incorrect") from error
