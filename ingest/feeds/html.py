"""Pages of HTML: the blocks of JSON-LD that they hold, and the address they give themselves.

The parser is fed piece by piece and builds no tree: a page costs what its blocks weigh. Standard:
https://html.spec.whatwg.org/ (scripts, and encodings: ISO-8859-1 means windows-1252).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from lxml import etree

from ingest.encoding import SUBJECT, Reading, Remark, looked_at, reading, text_of

LARGEST = 32_000_000  # signs of a page
CHUNK = 1 << 16

_TYPE = "application/ld+json"
_CHARSET = re.compile(rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([A-Za-z0-9._-]{1,40})""", re.I)
_LATIN = frozenset({"iso-8859-1", "iso8859-1", "latin1", "latin-1", "ascii", "us-ascii"})
_LONE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """blocks: the texts of the scripts of type application/ld+json, in order. address: the one
    that the page calls canonical, else its base, "". reason: French, why it was not read to its
    end."""

    blocks: tuple[str, ...] = ()
    address: str = ""
    remarks: tuple[Remark, ...] = ()
    reason: str = ""


class _Blocks:
    """Receives the events of the parser."""

    def __init__(self) -> None:
        self.blocks: list[list[str]] = []
        self.canonical = self.base = ""
        self._inside = False

    def start(self, tag: str | bytes, attrib: Mapping[Any, Any]) -> None:
        said = {str(name).lower(): str(value) for name, value in attrib.items()}
        if tag == "script" and said.get("type", "").split(";")[0].strip().lower() == _TYPE:
            self._inside = True
            self.blocks.append([])
        elif tag == "link" and "canonical" in said.get("rel", "").lower().split():
            self.canonical = self.canonical or said.get("href", "").strip()
        elif tag == "base":
            self.base = self.base or said.get("href", "").strip()

    def end(self, tag: str | bytes) -> None:
        self._inside = self._inside and tag != "script"

    def data(self, data: str | bytes) -> None:
        if self._inside:
            self.blocks[-1].append(str(data))

    def comment(self, text: str | bytes) -> None:
        """Comments say nothing."""

    def close(self) -> None:
        """The page is read."""


def html_page(stream: BinaryIO) -> HtmlPage:
    """What a page holds. Never raises for its content; a DocumentError of the stream goes
    through."""
    head, stream = looked_at(stream)
    how = _reading(head)
    found, reason, spoilt = _Blocks(), "", False
    parser = etree.HTMLParser(target=found, huge_tree=True, encoding="utf-8")
    size, text = 0, text_of(stream, how)
    try:
        while chunk := text.read(CHUNK):
            size += len(chunk)
            spoilt = spoilt or _LONE.search(chunk) is not None
            parser.feed(_LONE.sub("\ufffd", chunk).encode())
            if size > LARGEST:
                reason = f"Page HTML de plus de {LARGEST // 1_000_000} millions de signes."
                break
        parser.close()
    except UnicodeError:
        reason = f"Octets illisibles en {how.encoding}."
    except etree.XMLSyntaxError:
        reason = "Page HTML illisible."
    remarks = (*how.remarks, (SUBJECT, "octets illisibles")) if spoilt else how.remarks
    blocks = tuple("".join(pieces) for pieces in found.blocks)
    return HtmlPage(blocks, found.canonical or found.base, remarks, reason)


def _reading(head: bytes) -> Reading:
    """How to read a page; one that declares nothing and is not UTF-8 is windows-1252."""
    said = _CHARSET.search(head)
    declared = said[1].decode("ascii").lower() if said else ""
    how = reading(head, "cp1252" if declared in _LATIN else declared)
    if how.encoding:
        return how
    words = f"déclaré {declared}" if declared else "non déclaré"
    return Reading("cp1252", remarks=((SUBJECT, f"{words}, lu en cp1252"),))
