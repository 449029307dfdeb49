"""What feeds and sitemaps say: parsed whole, nothing fetched, nothing expanded."""

import gzip
import io
import re
import zlib
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

from lxml import etree

from crawlers.ask import PageError

_GZIP = b"\x1f\x8b"
_SITEMAP = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.I | re.M)


def tree(body: bytes, roots: tuple[str, ...]) -> etree._Element:
    """The root of a document whose local name is one of ``roots``. Raises PageError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise PageError(f"not well-formed: {error}") from error
    if etree.QName(root).localname not in roots:
        raise PageError(f"a document of {etree.QName(root).localname}")
    return root


def words(element: etree._Element, *names: str) -> str:
    """The text of the first of these children that has one, by local name; "" without."""
    for name in names:
        for child in element.iterchildren(f"{{*}}{name}"):
            if text := (child.text or "").strip():
                return text
    return ""


def sitemaps(robots: bytes) -> list[str]:
    """The addresses of sitemaps in a robots.txt. Raises PageError when it gives none."""
    if found := _SITEMAP.findall(robots.decode("utf-8", "replace")):
        return found
    raise PageError("no sitemap in robots.txt")


def listing(root: etree._Element, since: date) -> list[tuple[str, str]]:
    """(address, date of change as written) of what a sitemap lists, but what changed before."""
    listed = ((words(one, "loc"), words(one, "lastmod")) for one in root.iterchildren("{*}*"))
    return [one for one in listed if one[0] and (day(one[1]) or since) >= since]


def unpacked(body: bytes, limit: int) -> bytes:
    """A body as it was before gzip, if it was. Raises PageError beyond ``limit`` bytes."""
    if not body.startswith(_GZIP):
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            whole = file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise PageError(f"damaged gzip: {error}") from error
    if len(whole) > limit:
        raise PageError(f"more than {limit} bytes once unpacked", "oversize")
    return whole


def day(written: str) -> date | None:
    """The day of a date as feeds (RFC 822) and sitemaps (W3C) write it; None when it is none."""
    read = datetime.fromisoformat if written[:4].isdigit() else parsedate_to_datetime
    try:
        moment = read(written)
        return (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
