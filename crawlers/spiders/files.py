"""Files kept at one address: tables, packages, archives; read when they change."""

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from crawlers.ask import Ask
from crawlers.walk import Walk

SUFFIXES = ("csv", "json", "jsonl", "ndjson", "xml", "xlsx", "zip", "gz")


def suffix(address: str) -> str:
    """Of the file in which an answer lands, by which archives are known."""
    last = PurePosixPath(urlsplit(address).path).suffix.lower().lstrip(".")
    return last if last in SUFFIXES else "dat"


class FilesSpider(Walk):
    """The file at the address of the source's page."""

    name = "files"

    def first(self) -> tuple[Ask, ...]:
        """The file, unless it is the same as the last time."""
        address = self.order.address
        return (Ask(address, suffix=suffix(address), conditional=True),)
