"""Walls: what stands before the data with status 200, a captcha, a refusal, a notice for people.

A wall that landed as data would be the service's whole answer of the day: nothing, and no fault.
"""

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_BEGINNING = 4_000  # bytes in which a page says what it is
_SHORT = 1_000  # bytes; a refusal in plain words is no longer, a table of data is
_MARK = b"\xef\xbb\xbf"
# What may come before the first element, then those with which web pages begin.
_HTML = re.compile(
    rb"(?:\s++|<\?xml[^>]{0,200}>|<!--(?:(?!-->).){0,1000}-->)*+"
    rb"<(!doctype\s+html|html|head|title|meta|body|script)\b",
    re.IGNORECASE | re.DOTALL,
)
# With what an answer begins, by the suffix of its file, where all of them do.
_BEGINS = {"xml": b"<", "json": b'{["', "zip": b"P", "xlsx": b"P"}


@dataclass(frozen=True, slots=True)
class Wall:
    """words: by which it was known. reason: a key of collect.ENDINGS."""

    words: str
    reason: str


@cache
def _walls() -> tuple[Wall, ...]:
    with (files("crawlers") / "walls.csv").open(encoding="utf-8") as table:
        return tuple(Wall(row["words"], row["reason"]) for row in csv.DictReader(table))


def wall(body: bytes, suffix: str) -> Wall | None:
    """The wall that an answer is, None for data. suffix: of the file in which it is to land."""
    start = body[:_BEGINNING].removeprefix(_MARK)
    page = _HTML.match(start) is not None
    # A long answer that is no page quotes such words: they are in somebody's notice.
    if page or len(body) <= _SHORT:
        text = start.decode("latin-1").lower()
        if found := next((one for one in _walls() if _says(text, one, page)), None):
            return found
    if suffix == "html":
        return None
    if page:
        return Wall("a web page", "html")
    # UTF-16 begins with its mark: what is in it is for the reader to see.
    first, begins = start.lstrip()[:1], _BEGINS.get(suffix, b"")
    if begins and (first.isalnum() or first in b"{[<") and first not in begins:
        return Wall(f"something else where {suffix} was due", "unreadable")
    return None


def _says(text: str, one: Wall, page: bool) -> bool:
    """In plain text, only at the beginning: a short table may quote them too."""
    return one.words in text if page else text.lstrip().startswith(one.words)
