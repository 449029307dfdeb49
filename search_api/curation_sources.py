"""« /curation/sources »: where each source stands, and what analysts decide about it."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from index.audit import trail
from index.store import LeadStore
from ingest.collections import STATES, CollectionError, Collections
from ingest.coverage import coverage
from ingest.freeze import Freezes
from ingest.health import SourceState
from ingest.incidents import Incidents
from ingest.lookups import Lookups, explained
from ingest.monitors import TITLES
from ingest.pipeline import AUTO
from ingest.quarantine import Quarantine
from ingest.remarks import remarks
from ingest.source import Source, page_text, sources
from ingest.states import collections, incidents, states
from search_api.access import Analyste, Lecteur, Responsable, may
from search_api.curation_pages import show
from search_api.errands import Errands
from search_api.forms import SHORT
from search_api.problems import Problem
from search_api.read_fields import FIELDS, read_fields
from search_api.site import now_of
from search_api.source_sheet import SUBJECTS, sheet
from search_api.sparkline import sparkline
from search_api.status import MEANINGS, WAYS, mark, place

router = APIRouter(prefix="/curation/sources", include_in_schema=False)

# A few words, and a reason that somebody will read.
Words = Annotated[str, Form(max_length=500)]

# What was just done, as the page that follows says it.
SAID = {
    "gelee": "La source est gelée : rien n’en est plus pris, ses leads restent.",
    "degelee": "La source est dégelée : ce qui attendait est repris au prochain passage.",
    "clos": "L’incident est clos.",
    "admise": "La collecte est admise.",
    "admission": "La collecte est en cours d’admission : ses avis arrivent dans le registre.",
    "rejetee": "La collecte est rejetée : ses jours seront redemandés.",
    "explique": "Le mot est expliqué ; les leads qui l’emploient sont refaits.",
    "retire": "L’explication est retirée.",
}
# Lines of the journal, and of past incidents, on the page of a source.
_JOURNAL, _PAST = 12, 8


def page_of(request: Request, name: str) -> Source:
    """The page of a source. Raises Problem (404)."""
    page = sources(request.app.state.settings.sources).get(name)
    if page is None:
        raise Problem(404, "Source inconnue", "Aucune source ne porte ce nom.")
    return page


Page = Annotated[Source, Depends(page_of)]


def at(name: str, rest: str = "", said: str = "") -> str:
    """Address of a page about a source. said: key of what was just done."""
    return f"/curation/sources/{quote(name, safe='')}{rest}" + (f"?dit={said}" if said else "")


def go(name: str, rest: str = "", said: str = "", anchor: str = "") -> Response:
    """On to a page about a source, after something was done."""
    return RedirectResponse(at(name, rest, said) + (f"#{anchor}" if anchor else ""), 303)


def refuse(error: Exception) -> Problem:
    """What somebody else did meanwhile, or what makes no sense (409)."""
    return Problem(409, "Cela n’est plus possible", str(error))


def _done(request: Request) -> str:
    return SAID.get(request.query_params.get("dit", ""), "")


def reason(raison: Words) -> str:
    """A reason, which is asked for. Raises Problem (400)."""
    if not raison.strip():
        raise Problem(
            400, "Raison attendue", "Dites en quelques mots pourquoi : le journal le garde."
        )
    return " ".join(raison.split())


Reason = Annotated[str, Depends(reason)]


# --- looking ------------------------------------------------------------------------------------


@router.get("")
def sources_page(request: Request, person: Lecteur) -> HTMLResponse:
    """Every source, the most pressing first."""
    store: LeadStore = request.app.state.store
    pages, now = sources(request.app.state.settings.sources), now_of(request)
    found = sorted(states(store, pages, now), key=_pressing)
    waiting = Quarantine(store).sources()
    context = {
        "now": now,
        "states": found,
        "unknown": {name: n for name, n in waiting.items() if name not in pages},
        "AUTO": AUTO,
        "total": sum(waiting.values()),
        "incidents": sum(len(one.incidents) for one in found),
        "held": sum(one.health == "retenue" for one in found),
        "frozen": sum(one.frozen is not None for one in found),
        **_shown(),
    }
    return show(request, person, "curation/sources.html", context)


def _pressing(state: SourceState) -> tuple[int, int, str]:
    urgency = list(MEANINGS).index(state.health)
    return (urgency, -state.quarantined, state.page.title)


def _shown() -> dict[str, Any]:
    return {
        "MEANINGS": MEANINGS, "STATES": STATES, "TITLES": TITLES, "WAYS": WAYS, "mark": mark,
        "place": place, "sparkline": sparkline, "at": at,
    }  # fmt: skip


@router.get("/{name}")
def source_page(request: Request, person: Lecteur, page: Page) -> HTMLResponse:
    """One source: its state, what came of it, what waits, and its page."""
    store: LeadStore = request.app.state.store
    now, folder = now_of(request), request.app.state.settings.sources
    [state] = states(store, {page.name: page}, now)
    with store.reading() as connection:
        journal = trail(connection, f"source:{page.name}", limit=_JOURNAL)
        full = explained(connection, {page.name: page})[page.name]
    context = {
        "now": now,
        "state": state,
        "page": page,
        "said": _done(request),
        "accounts": collections(store, page.name),
        "past": [one for one in incidents(store, page.name) if one.closed][:_PAST],
        "coverage": coverage(store, page.name),
        "floors": {name: (share, floor) for name, share, floor in read_fields(store, page)},
        "FIELDS": FIELDS | _LEAD_FIELDS,
        "AS_NOTICES": _AS_NOTICES,
        "remarks": remarks(store, full),
        "lookups": Lookups(store).of(page.name),
        "SUBJECTS": SUBJECTS,
        "reasons": Quarantine(store).reasons(page.name),
        "sheet": sheet(page),
        "yaml": page_text(page.name, folder),
        "journal": journal,
        "said_of": said_of,
        "decides": may(person.role, "responsable"),
        "acts": may(person.role, "analyste"),
        **_shown(),
    }
    return show(request, person, "curation/source.html", context)


def said_of(told: Any) -> str:
    """What a line of the journal keeps, as a line: « collecte : 12 ; raison : essai »."""
    if not isinstance(told, dict):
        return str(told)
    lines = ((name, said_of(value)) for name, value in told.items() if value not in ("", None))
    return " ; ".join(f"{name} : {value}" for name, value in lines)


# Fields of leads that notices call otherwise, or do not have.
_LEAD_FIELDS = {"place": "lieu", "value": "montant", "codes": "codes donnés"}
_AS_NOTICES = {"value": "amount"}


# --- deciding -----------------------------------------------------------------------------------


@router.post("/{name}/geler", max_body_size=SHORT)
def freeze(request: Request, person: Responsable, page: Page, why: Reason) -> Response:
    """Nothing of the source is taken by itself any more."""
    try:
        Freezes(request.app.state.store).freeze(page.name, person.login, why, now_of(request))
    except CollectionError as error:
        raise refuse(error) from error
    return go(page.name, said="gelee")


@router.post("/{name}/degeler", max_body_size=SHORT)
def thaw(request: Request, person: Responsable, page: Page) -> Response:
    """What waits is taken again."""
    try:
        Freezes(request.app.state.store).thaw(page.name, person.login, now_of(request))
    except CollectionError as error:
        raise refuse(error) from error
    return go(page.name, said="degelee")


@router.post("/{name}/incidents/{number}/clore", max_body_size=SHORT)
def close_incident(
    request: Request, person: Analyste, page: Page, number: int, mot: Words = ""
) -> Response:
    """Somebody has looked, and says a word of it."""
    found = Incidents(request.app.state.store)
    if number not in {one.number for one in found.open(page.name)}:
        raise refuse(CollectionError("Cet incident n’est plus ouvert."))
    try:
        found.close(number, person.login, now_of(request), " ".join(mot.split()))
    except CollectionError as error:
        raise refuse(error) from error
    return go(page.name, said="clos")


@router.post("/{name}/collectes/{number}/admettre", max_body_size=SHORT)
def promote(
    request: Request, person: Responsable, page: Page, number: int, why: Reason
) -> Response:
    """A held collection goes into the record."""
    _held(request, page, number)
    errands: Errands = request.app.state.errands
    by = f"{person.login} : {why}"
    try:
        done = errands.run(f"collecte {number}", lambda: errands.collecting().promote(number, by))
    except CollectionError as error:
        raise refuse(error) from error
    return go(page.name, said="admise" if done else "admission", anchor="collectes")


@router.post("/{name}/collectes/{number}/rejeter", max_body_size=SHORT)
def reject(request: Request, person: Responsable, page: Page, number: int, why: Reason) -> Response:
    """A held collection stays out; its days are asked for again."""
    _held(request, page, number)
    try:
        Collections(request.app.state.store, request.app.state.clock).reject(
            number, person.login, why
        )
    except CollectionError as error:
        raise refuse(error) from error
    return go(page.name, said="rejetee", anchor="collectes")


def _held(request: Request, page: Source, number: int) -> None:
    """A number of another source is nobody's. Raises Problem."""
    try:
        row = Collections(request.app.state.store, request.app.state.clock).get(number)
    except CollectionError as error:
        raise refuse(error) from error
    if row.source != page.name:
        raise Problem(404, "Collecte inconnue", "Cette source n’a pas de collecte de ce numéro.")
