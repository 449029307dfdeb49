"""« /curation/sources/…/quarantaine »: what could not be read, to look at, mend, read again."""

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from sqlalchemy import select

from index.store import LeadStore
from index.tables import document
from ingest.excerpt import EDITED, Part, corrected, editable, excerpt
from ingest.ledger import Ledger
from ingest.mending import MendingRefused, mend, mended_copies, mendings
from ingest.quarantine import Entry, Quarantine, QuarantineRefused, Rereading, reread
from ingest.source import sources
from search_api.access import Analyste, Lecteur, Person, may
from search_api.curation_pages import show
from search_api.curation_sources import at, go, refuse
from search_api.errands import Errands
from search_api.problems import Problem
from search_api.site import now_of
from search_api.source_sheet import SUBJECTS

router = APIRouter(prefix="/curation/sources/{name}", include_in_schema=False)

# Entries on a page, and of an order that are told one by one.
PAGE, TOLD = 50, 200
# Bytes of a form: numbers of a page of entries; a corrected text; a corrected file.
_NUMBERS, _FILE = 65_536, 32_000_000
# Signs of a file name that a header can hold.
_NAMED = 120


def _known(request: Request, name: str) -> str:
    """A source with a page, or one that has something in quarantine. Raises Problem (404)."""
    described = sources(request.app.state.settings.sources)
    if name not in described and name not in Quarantine(request.app.state.store).sources():
        raise Problem(404, "Source inconnue", "Aucune source ne porte ce nom.")
    return name


Known = Annotated[str, Depends(_known)]


def _entry(request: Request, name: Known, number: int) -> Entry:
    found = Quarantine(request.app.state.store).get(name, number)
    if found is None:
        raise Problem(404, "Élément inconnu", "La quarantaine n’a pas d’élément de ce numéro.")
    return found


Kept = Annotated[Entry, Depends(_entry)]


def _usual(request: Request, person: Person, name: str) -> dict[str, Any]:
    page = sources(request.app.state.settings.sources).get(name)
    title = page.title if page else "Documents sans source reconnue"
    return {
        "name": name,
        "page": page,
        "title": title,
        "at": at,
        "now": now_of(request),
        "acts": may(person.role, "analyste"),
    }


# --- looking ------------------------------------------------------------------------------------


@router.get("/quarantaine")
def quarantine_page(
    request: Request, person: Lecteur, name: Known, raison: str = "", apres: int = 0
) -> HTMLResponse:
    """What waits, by reason, a page at a time."""
    waiting = Quarantine(request.app.state.store)
    entries = waiting.entries(name, raison, max(apres, 0), PAGE + 1)
    reasons = waiting.reasons(name)
    context = _usual(request, person, name) | {
        "reasons": reasons,
        "reason": raison,
        "chosen": next((one for one in reasons if one.words == raison), None),
        "total": sum(one.entries for one in reasons),
        "readable": sum(one.readable for one in reasons),
        "entries": entries[:PAGE],
        "after": entries[PAGE - 1].number if len(entries) > PAGE else 0,
        "first": not apres,
        "orders": waiting.orders(name),
    }
    return show(request, person, "curation/quarantine.html", context)


@router.get("/quarantaine/{number}")
def entry_page(request: Request, person: Lecteur, entry: Kept) -> HTMLResponse:
    """One item: why it waits, where it stands in what was received, how to correct it."""
    return _entry_page(request, person, entry, {})


def _entry_page(
    request: Request, person: Person, entry: Entry, typed: dict[str, str], status: int = 200
) -> HTMLResponse:
    ledger = Ledger(request.app.state.store)
    read, size = _read(ledger, entry)
    part = editable(ledger.raw(read), size, entry.position) if read else None
    with ledger.store.reading() as connection:
        past = mendings(connection, entry.raw) if entry.raw else []
    context = _usual(request, person, entry.source) | {
        "entry": entry,
        "size": size,
        "excerpt": excerpt(ledger.raw(read), size, entry.position) if read else None,
        "part": part,
        "whole": part is not None and part.length == size,
        "read": read,
        "mendings": past,
        "SUBJECTS": SUBJECTS,
        "limit": _FILE // 1_000_000,
        "error": "",
        "text": part.text if part else "",
        "why": "",
        "conflict": False,
        **typed,
    }
    return show(request, person, "curation/entry.html", context, status)


def _read(ledger: Ledger, entry: Entry) -> tuple[str, int]:
    """The bytes that a reader meets: the last corrected copy, or the original; and how many."""
    if not entry.raw:
        return "", 0
    with ledger.store.reading() as connection:
        read = mended_copies(connection, [entry.raw]).get(entry.raw, entry.raw)
        size = connection.execute(select(document.c.size).where(document.c.sha256 == read)).scalar()
    return (read, int(size)) if size else ("", 0)


@router.get("/quarantaine/{number}/octets")
def bytes_of(request: Request, person: Lecteur, entry: Kept) -> Response:
    """The document as it was received: to keep, never to show."""
    if not entry.raw:
        raise Problem(404, "Rien à télécharger", "Aucun octet de cet élément n’a été reçu.")
    # What follows the last "/" or "!" is the name of the file in its folder or archive.
    last = entry.document.replace("!", "/").rsplit("/", 1)[-1][-_NAMED:] or "document"
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{_sure(last)}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "no-store",
    }
    data: Iterator[bytes] = Ledger(request.app.state.store).raw(entry.raw)
    return StreamingResponse(data, media_type="application/octet-stream", headers=headers)


def _sure(name: str) -> str:
    return quote(name.encode("utf-8", "replace"), safe="")


# --- correcting ---------------------------------------------------------------------------------


@router.post("/quarantaine/{number}/corriger", max_body_size=_FILE + _NUMBERS)
def correct(
    request: Request,
    person: Analyste,
    entry: Kept,
    raison: Annotated[str, Form(max_length=500)] = "",
    vu: Annotated[str, Form(max_length=64)] = "",
    texte: Annotated[str, Form(max_length=4 * EDITED)] = "",
    fichier: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """A corrected copy is kept beside the original, and the item is read again at once."""
    ledger, why = Ledger(request.app.state.store), " ".join(raison.split())
    typed = {"text": texte, "why": raison}
    if not why:
        error = "Dites en quelques mots ce que vous corrigez, et d’après qui : le journal le garde."
        return _entry_page(request, person, entry, {**typed, "error": error}, 400)
    read, size = _read(ledger, entry)
    if vu != read:
        return _entry_page(request, person, entry, {**typed, "conflict": "1"}, 409)
    try:
        data = _copy(ledger, entry, read, size, texte, fichier)
        mend(ledger, entry.source, entry.raw, data, person.login, why, now_of(request))
    except MendingRefused as error:
        return _entry_page(request, person, entry, {**typed, "error": str(error)}, 400)
    return _order(request, person, entry.source, numbers=[entry.number])


def _copy(
    ledger: Ledger, entry: Entry, read: str, size: int, text: str, file: UploadFile | None
) -> bytes:
    """The bytes of the corrected document. Raises MendingRefused."""
    if file is not None and file.filename:
        return file.file.read()
    part: Part | None = editable(ledger.raw(read), size, entry.position)
    if part is None:
        raise MendingRefused("Ce document ne se corrige pas ici : envoyez un fichier corrigé.")
    try:
        return corrected(ledger.raw(read), part, text)
    except ValueError as error:
        told = f"Le document est écrit en {part.encoding}, qui n’a pas tous ces signes."
        raise MendingRefused(told) from error


# --- reading again ------------------------------------------------------------------------------


@router.post("/quarantaine/relire", max_body_size=_NUMBERS)
def read_again(
    request: Request,
    person: Analyste,
    name: Known,
    raison: Annotated[str, Form(max_length=4_000)] = "",
    numero: Annotated[list[int] | None, Form()] = None,
    choix: Annotated[str, Form()] = "",
) -> Response:
    """These entries, or (« choix=tout ») all those of a reason, go through the usual pipeline."""
    if choix != "tout" and not numero:
        raise Problem(400, "Rien à relire", "Cochez au moins un élément.")
    numbers = [] if choix == "tout" else numero or []
    return _order(request, person, name, reason=raison, numbers=numbers)


def _order(
    request: Request, person: Person, name: str, reason: str = "", numbers: list[int] | None = None
) -> Response:
    waiting = Quarantine(request.app.state.store)
    try:
        number = waiting.order(
            name, person.login, now_of(request), numbers=numbers or (), reason=reason
        )
    except QuarantineRefused as error:
        raise refuse(error) from error
    _do(request, waiting.ordered(number))
    return go(name, f"/relectures/{number}")


def _do(request: Request, order: Rereading | None) -> None:
    errands: Errands = request.app.state.errands
    if order is not None:
        errands.run(
            _errand(order), lambda: reread(Ledger(errands.store), order, errands.ingestion())
        )


def _errand(order: Rereading) -> str:
    return f"relecture {order.number}"


def _ordered(request: Request, name: Known, number: int) -> Rereading:
    found = Quarantine(request.app.state.store).ordered(number)
    if found is None or found.source != name:
        raise Problem(404, "Relecture inconnue", "Cette source n’a pas de relecture de ce numéro.")
    return found


Ordered = Annotated[Rereading, Depends(_ordered)]


@router.get("/relectures/{number}")
def order_page(request: Request, person: Lecteur, order: Ordered) -> HTMLResponse:
    """What became of each item that was read again."""
    store: LeadStore = request.app.state.store
    errands: Errands = request.app.state.errands
    fates = Quarantine(store).fates(order, TOLD)
    with store.reading() as connection:
        leads = store.read(connection, {one.lead for one in fates if one.lead})
    context = _usual(request, person, order.source) | {
        "order": order,
        "fates": fates,
        "leads": leads,
        "running": errands.running(_errand(order)),
    }
    return show(request, person, "curation/rereading.html", context)


@router.post("/relectures/{number}/relancer", max_body_size=_NUMBERS)
def again(request: Request, person: Analyste, order: Ordered) -> Response:
    """An order that was interrupted, from the beginning: done twice, it makes nothing twice."""
    if not order.finished:
        _do(request, order)
    return go(order.source, f"/relectures/{order.number}")
