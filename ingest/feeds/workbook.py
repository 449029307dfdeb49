"""Workbooks: what their parts may weigh, looked at before any of them is read.

Sheets are read row by row; everything else is held in memory as objects. Measured with openpyxl
3.1: 5 MB of empty cell formats take 560 MB.
"""

import zipfile
from typing import Any

from lxml import etree

MAX_TOTAL = 200_000_000  # bytes of all parts, once unpacked
MAX_STRINGS = 60_000_000  # the texts of cells
MAX_PART = 3_000_000  # any other part: formats, names of sheets, relations

_TYPES = "[Content_Types].xml"
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_LARGEST = {
    f"{_SPREADSHEET}worksheet+xml": MAX_TOTAL,
    f"{_SPREADSHEET}sharedStrings+xml": MAX_STRINGS,
}


def too_heavy(file: Any) -> bool:
    """Whether a workbook, a seekable stream of bytes, would fill the memory. What is no workbook
    raises what zipfile and lxml raise."""
    with zipfile.ZipFile(file) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
        total = sum(member.file_size for member in archive.infolist())
        if total > MAX_TOTAL or sizes.get(_TYPES, 0) > MAX_PART:
            return True
        limits = _limits(archive.read(_TYPES))
    usual = (name for name in sizes if name.endswith((".xml", ".rels")))
    limits = dict.fromkeys(usual, MAX_PART) | limits
    return any(sizes.get(name, 0) > limit for name, limit in limits.items())


def _limits(types: bytes) -> dict[str, int]:
    """Name of a part → what it may weigh, by its declared type, which alone says how it is read. A
    part that is declared twice has the smaller limit."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    found: dict[str, int] = {}
    for one in etree.fromstring(types, parser).iterchildren("{*}Override"):
        name = one.get("PartName", "").lstrip("/")
        limit = _LARGEST.get(one.get("ContentType", ""), MAX_PART)
        found[name] = min(limit, found.get(name, limit))
    return found
