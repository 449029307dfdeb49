"""Notices out of XML that nobody vouches for: streamed, nothing fetched, nothing expanded."""

from collections.abc import Callable, Collection, Iterator
from typing import Any, BinaryIO, cast

from lxml import etree

from ingest.notice import Received

Element = etree._Element
Parts = dict[str, list[Element]]

CHUNK = 1 << 16

# The largest notice of 2,981 real ones is 196 kB. A document that goes on this long without
# completing a notice is a mistake or an attack, and would fill the memory.
LARGEST = 32 << 20

# Errors of libxml2 (xmlError.h), in words for people; the others keep libxml2's own words.
_FAULTS = {
    4: "ce n’est pas du XML",
    5: "du texte suit la fin du document",
    9: "caractère interdit",
    26: "entité non déclarée",
    32: "encodage inconnu",
    39: "valeur d’attribut sans guillemets",
    42: "attribut répété",
    68: "nom d’élément incorrect",
    73: "balise mal fermée",
    76: "balises mal emboîtées",
    77: "le document est tronqué",
    81: "octets étrangers à l’encodage déclaré",
    114: "document trop profond, texte trop long ou entités en cascade",
    201: "préfixe d’espace de noms non déclaré",
}


def read_each(
    stream: BinaryIO, roots: Collection[str], reader: Callable[[Element, str], Received]
) -> Iterator[Received]:
    """What ``reader`` makes of each element of the stream named in ``roots``, at any depth.

    reader: takes the element and its position in the document. Unreadable content gives a reason,
    never an exception; elements that came before it are delivered.
    """
    for one in elements(stream, roots):
        yield Received("", reason=one) if isinstance(one, str) else reader(one, position(one))


def elements(
    stream: BinaryIO, roots: Collection[str], empty: Collection[str] = ()
) -> Iterator[Element | str]:
    """The elements of the stream named in ``roots``, and last, if it cannot be read to its end or
    holds none of them, the reason (French).

    roots: lxml tag filters ("{*}TED_EXPORT"). empty: local names of documents that may hold none.
    Memory holds one element at a time: it is emptied when the next one is asked for.
    """
    etree.clear_error_log()
    parser = etree.XMLPullParser(
        events=("end",),
        tag=tuple(roots),
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    found = size = pending = 0
    while chunk := stream.read(CHUNK):
        size, pending = size + len(chunk), pending + len(chunk)
        fault = _feed(parser, chunk)
        for _, element in cast("Iterator[tuple[str, Element]]", parser.read_events()):
            found, pending = found + 1, 0
            yield element
            _forget(element)
        if fault or pending > LARGEST:
            yield fault or f"Aucun avis dans {LARGEST >> 20} Mo de suite"
            return
    if reason := _end(parser, size, found, empty):
        yield reason


def _feed(parser: "etree.XMLPullParser", chunk: bytes) -> str:
    try:
        parser.feed(chunk)
    except etree.XMLSyntaxError as error:
        return _fault(error)
    return ""


def _end(parser: "etree.XMLPullParser", size: int, found: int, empty: Collection[str]) -> str:
    """Why the document, now at its end, is unreadable or holds no notice; "" otherwise."""
    if not size:
        return "Document vide"
    try:
        root = parser.close()
    except etree.XMLSyntaxError as error:
        return _fault(error)
    return "" if found or local(root) in empty else f"Racine inconnue : {local(root)}"


def _fault(error: etree.XMLSyntaxError) -> str:
    # A pull parser passes over an undeclared entity in silence and stumbles later, elsewhere:
    # the first entry of the log, not the exception, says what went wrong and where.
    entry = next(iter(cast(Any, error.error_log)), None)
    if entry is None:
        return f"XML illisible : {error.msg}"
    return f"XML illisible, ligne {entry.line} : {_FAULTS.get(entry.type, entry.message.strip())}"


def position(element: Element) -> str:
    """Where the element begins, for people; "" for the whole document."""
    return "" if element.getparent() is None else f"ligne {element.sourceline}"


def _forget(element: Element) -> None:
    """Frees the element and all that precedes it, at every level of its wrapper."""
    element.clear()
    for level in (element, *element.iterancestors()):
        parent = level.getparent()
        while parent is not None and level.getprevious() is not None:
            del parent[0]


def local(element: Element) -> str:
    """Name of the element without its namespace: TED alone uses four."""
    return str(element.tag).rpartition("}")[2]


def parts(*parents: Element) -> Parts:
    """Children of the elements by local name, in document order."""
    found: Parts = {}
    for parent in parents:
        for child in parent.iterchildren("*"):
            found.setdefault(local(child), []).append(child)
    return found


def inside(found: Parts, name: str) -> Parts:
    """Children of all the parts of that name."""
    return parts(*found.get(name, []))


def words(element: Element | None) -> str:
    """All the text inside the element on one line, "" for None."""
    return "" if element is None else " ".join(text(element).split())


def text(element: Element) -> str:
    """All the text inside the element, as written."""
    return "".join(cast("Iterator[str]", element.itertext()))


def first(elements: list[Element] | None) -> str:
    """Text of the first element, "" when there is none."""
    return words(elements[0]) if elements else ""
