"""Recognition: from a document of unknown origin to the source whose page describes it.

Only the beginning of the document and its name are looked at. A document that is broken further
on is recognised all the same, so that it is set aside under its source's name.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from fnmatch import fnmatchcase

from ingest.document import Document, DocumentError
from ingest.encoding import HEAD, reading
from ingest.source import Format, Source

# A root, after the declaration, comments, instructions and a document type.
_ROOT = re.compile(
    r"\s*(?:<\?.{0,2000}?\?>\s*|<!--.{0,20000}?-->\s*|<!DOCTYPE[^>]{0,2000}>\s*)*"
    r"<(?:[\w.-]{1,60}:)?([\w.-]{1,80})([^>]{0,20000})",
    re.S,
)
_FEED = re.compile(
    r"http://(?:purl\.org/rss|my\.netscape\.com/rdf|www\.w3\.org/2005/Atom|purl\.org/atom)"
)
_LINKED = re.compile(r"""<script[^>]{0,200}application/ld\+json""", re.I)
_DEMAND = re.compile(r'"(?:https?://schema\.org/|schema:)?Demand"')
_UBL = re.compile(r"urn:oasis:names:specification:ubl:schema:xsd:\w+-2")
_EFORMS_ROOTS = frozenset(
    {
        "PriorInformationNotice",
        "ContractNotice",
        "ContractAwardNotice",
        "BusinessRegistrationInformationNotice",
    }
)
_OCID = re.compile(r'"ocid"\s*:\s*"([^"\\]{1,200})"')
_OCDS = re.compile(r'"(?:ocid|compiledRelease|releases|records)"\s*:|"(?:ocds-[a-z0-9]{6})')
_ORIGIN = re.compile(r'"data_source"\s*:\s*"([^"\\]{1,60})"', re.I)
_FBO = re.compile(r'"(?:solnbr|data_source)"\s*:')


def recognise(document: Document, pages: Mapping[str, Source]) -> tuple[Source, Format] | None:
    """The source of a document and the format to read it in, or None when no page describes it.

    By content first (TED, eForms, OCDS prefixes, FedBizOpps), then by the last part of the
    document's name: patterns ``recognise.files``, or an OCDS prefix inside it.
    """
    start = _start(document)
    if start is None:
        return None
    form = _content(start)
    page = _by_content(start, form, pages.values()) or _by_name(document.name, form, pages.values())
    found = format_of_start(start, page) if page else None
    return (page, found) if page and found else None


def format_of(document: Document, source: Source) -> Format | None:
    """The format, among those of the source, that the document is in; None when in none."""
    start = _start(document)
    return None if start is None else format_of_start(start, source)


def content_of(document: Document) -> Format | None:
    """The format that the document itself shows, whoever published it; tables show none."""
    start = _start(document)
    return None if start is None else _content(start)


def format_of_start(start: str, source: Source) -> Format | None:
    """The same, from the beginning of the document's text."""
    form = _content(start)
    if form in source.formats:
        return form
    if "jsonld" in source.formats and _is_html(start):
        return "jsonld"  # whose data come late in the page, or are missing
    if "tabular" in source.formats:
        return "tabular"
    # What is broken from its first sign on shows no format; its only reader will say why.
    return source.formats[0] if form is None and len(source.formats) == 1 else None


def _start(document: Document) -> str | None:
    """Beginning of the text, None when the document cannot be opened."""
    try:
        with closing(document.open()) as stream:
            head = stream.read(HEAD)
    except (DocumentError, OSError):
        return None
    how = reading(head)
    return head[how.mark :].decode(how.encoding or "utf-8", "replace")


def _content(start: str) -> Format | None:
    """The format that the text itself shows; tables show none."""
    root = _ROOT.match(start)
    if root is not None:
        if root[1] == "TED_EXPORT":
            return "ted"
        if root[1] == "rss" or (root[1] in ("RDF", "feed") and _FEED.search(root[2])):
            return "rss"
        if _is_html(start):
            return "jsonld" if _LINKED.search(start) else None
        return "eforms" if root[1] in _EFORMS_ROOTS and _UBL.search(root[2]) else None
    if start.lstrip()[:1] not in ("{", "["):
        return None
    if _OCDS.search(start):
        return "ocds"
    if _FBO.search(start):
        return "fbo"
    return "jsonld" if "schema.org" in start and _DEMAND.search(start) else None


def _is_html(start: str) -> bool:
    root = _ROOT.match(start)
    return root is not None and root[1].lower() == "html"


def _by_content(start: str, form: Format | None, pages: Iterable[Source]) -> Source | None:
    readers = [page for page in pages if form in page.formats]
    if form in ("ted", "eforms"):
        return readers[0] if readers else None
    if form == "ocds":
        return _by_prefix(start, readers)
    return _by_origin(start, readers) if form == "fbo" else None


def _by_prefix(start: str, pages: list[Source]) -> Source | None:
    """The page with the longest prefix that the first ocid begins with."""
    found = _OCID.search(start)
    ocid = found[1].lower() if found else ""
    prefixes = [
        (len(prefix), page)
        for page in pages
        for prefix in page.recognise.ocid_prefixes
        if ocid.startswith(prefix.lower())
    ]
    return max(prefixes, key=lambda pair: pair[0])[1] if prefixes else None


def _by_origin(start: str, pages: list[Source]) -> Source | None:
    """The page at whose address the system that the document names is found ("bids.state.gov",
    "FBO")."""
    found = _ORIGIN.search(start)
    origin = found[1].lower() if found else ""
    return next((page for page in pages if origin and origin in page.url.lower()), None)


def _by_name(name: str, form: Format | None, pages: Iterable[Source]) -> Source | None:
    """The page with a pattern for this file name, and a reader for what the content shows."""
    last = name.rpartition("!")[2].rpartition("/")[2]
    for page in pages:
        readable = form in page.formats or "tabular" in page.formats or form is None
        if readable and _is_named(last, page):
            return page
    return None


def _is_named(last: str, page: Source) -> bool:
    """A large release may give its ocid after the beginning; files are often named after it."""
    prefixes = (prefix.lower() for prefix in page.recognise.ocid_prefixes)
    return any(fnmatchcase(last, pattern) for pattern in page.recognise.files) or any(
        prefix in last.lower() for prefix in prefixes
    )
