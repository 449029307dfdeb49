"""The French pages: home, search, one lead, about, and what is said when something fails."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from index.ballot import MAX_REASON
from index.engine import EngineAway, SearchEngine
from index.lead import Lead
from index.query import MAX_RANKED, Hit, Query, Results
from index.understanding import is_sheet
from ingest.source import Source, sources
from search_api.calendar import deadline_event
from search_api.facets import (
    acronyms,
    active_filters,
    cleared,
    corrections,
    meanings,
    panels,
    place_filters,
    refused,
)
from search_api.links import PAGE, SORTS, address, pairs, sheet_address
from search_api.params import MAX_TEXT, is_identifier, query_params
from search_api.problems import Problem
from search_api.site import now_of
from search_api.source_states import freshness
from search_api.templating import render
from search_api.votes import WORDS, opinion
from search_api.words import counted, standing, typeset

router = APIRouter(include_in_schema=False)

EXAMPLES = (
    "mobilier scolaire",
    "vins et boissons",
    "panneaux photovoltaïques",
    "chaussures de sécurité",
    "ambulances",
)
# What the page of a lead says when it is no longer, or not yet, on offer.
NOTES = {
    "planned": "Marché annoncé : la consultation n’est pas encore ouverte.",
    "awarded": "Marché attribué : il n’est plus à pourvoir.",
    "cancelled": "Demande annulée : elle n’est plus à pourvoir.",
    "expired": "Échu : le délai de réponse est passé.",
}
ERRORS = {
    400: ("Demande incorrecte", "L’adresse contient une valeur que nous ne comprenons pas."),
    403: ("Accès refusé", "Cette page n’est pas ouverte à votre compte."),
    404: ("Page introuvable", "Cette page n’existe pas, ou n’existe plus."),
    410: ("Lead retiré", "Ce lead a été retiré par sa source ou par un analyste."),
    429: ("Trop de demandes", "Réessayez un peu plus tard."),
    503: (
        "Service momentanément indisponible",
        "La recherche ne répond pas en ce moment. Rien n’est perdu : réessayez dans un instant.",
    ),
    500: (
        "Erreur interne",
        "Quelque chose a échoué de notre côté. Réessayez ; si cela persiste, signalez-le.",
    ),
}
EVERYTHING = Query(include_expired=True, include_domestic=True, sort="published", limit=1)
_SHOWN_STATUSES = ("published", "expired")
_FRESHEST, _SIMILAR = 6, 5
# Characters of a sheet that name it in a title.
_TITLE = 70


@dataclass(frozen=True, slots=True)
class Page:
    """One step of the pagination; number 0 is the gap « … »."""

    number: int
    address: str = ""


@dataclass(frozen=True, slots=True)
class Pages:
    """Where one is in the results. capped: the last page that may be shown is not the last."""

    current: int
    last: int
    numbers: tuple[Page, ...]
    previous: str
    following: str
    capped: bool


def paginate(query: Query, total: int) -> Pages:
    """First, last and the two pages around the current one."""
    current = query.offset // PAGE + 1
    last = -(-min(total, MAX_RANKED) // PAGE)

    def link(number: int) -> str:
        inside = 1 <= number <= last
        return address(query, offset=(number - 1) * PAGE) if inside else ""

    near = [n for n in range(1, last + 1) if n in (1, last) or abs(n - current) <= 2]
    numbers: list[Page] = []
    for number in near:
        if numbers and number > numbers[-1].number + 1:
            numbers.append(Page(0))
        numbers.append(Page(number, link(number)))
    capped = total > MAX_RANKED and current >= last
    return Pages(current, last, tuple(numbers), link(current - 1), link(current + 1), capped)


def _told(query: Query) -> str:
    """The text as the title tells it: a sheet by its first words."""
    if not is_sheet(query.text):
        return f"« {query.text} »" if query.text else ""
    line = " ".join(query.text.split())
    return f"la fiche « {line[:_TITLE].rsplit(' ', 1)[0].rstrip('.,;: ')}… »"


def headline(query: Query, results: Results, past: bool) -> str:
    """« 42 leads ouverts pour « mobilier scolaire » »: the title of a page of results."""
    words = _told(query)
    to_words = f" à {words}" if words else ""
    if past:
        found = counted(results.total, "lead échu correspond", "leads échus correspondent")
        return typeset(f"Aucun lead ouvert ; {found}{to_words}")
    if not results.total:
        return typeset(f"Aucun lead ne correspond{to_words}")
    every = query.include_expired or query.stage
    nouns = ("lead", "leads") if every else ("lead ouvert", "leads ouverts")
    return typeset(counted(results.total, *nouns) + (f" pour {words}" if words else ""))


def _answer(engine: SearchEngine, query: Query, now: datetime) -> tuple[Results, bool]:
    """The results; when nothing is on offer, what no longer is (and True)."""
    results = engine.search(query, now)
    if results.total or query.include_expired:
        return results, False
    past = engine.search(replace(query, include_expired=True, offset=0), now)
    return (past, True) if past.total else (results, False)


def _known(request: Request) -> dict[str, Source]:
    return sources(request.app.state.settings.sources)


def _public(request: Request, path: str) -> str:
    return str(request.app.state.settings.site_url).rstrip("/") + path


def error_page(request: Request, status: int, message: str = "", heading: str = "") -> HTMLResponse:
    """A French page for an error; ``message`` and ``heading`` replace the usual words."""
    title, usual = ERRORS.get(status, ERRORS[400 if status < 500 else 500])
    context = {"status": status, "heading": heading or title, "message": typeset(message or usual)}
    return render(request, "error.html", context, status)


def _fictitious(known: dict[str, Source], every: Results) -> int:
    """Leads of the base that come from sources of examples."""
    return sum(
        one.count
        for one in every.facets.get("source", ())
        if one.value in known and known[one.value].fictitious
    )


@router.get("/")
def home(request: Request) -> HTMLResponse:
    """What the site is, a search form, sectors, the freshest leads."""
    engine, now = request.app.state.engine, now_of(request)
    every = engine.search(EVERYTHING, now)
    fresh = engine.search(Query(sort="published", limit=_FRESHEST), now)
    shown = fresh
    if not fresh.total:
        shown = engine.search(replace(EVERYTHING, include_domestic=False, limit=_FRESHEST), now)
    context = {
        "now": now,
        "EXAMPLES": EXAMPLES,
        "open": fresh.total,
        "total": every.total,
        "fictitious": _fictitious(_known(request), every),
        "countries": len(every.facets.get("country", ())),
        "sources": [one for one in every.facets.get("source", ()) if one.count],
        "sectors": [one for one in shown.facets.get("sector", ()) if one.count],
        "freshest": shown.hits,
    }
    return render(request, "home.html", context)


def _canonical(request: Request, query: Query) -> Response | None:
    """A redirection to the short address of this search, None when it is already there."""
    if request.headers.get("HX-Request") or sorted(pairs(query)) == sorted(
        request.query_params.multi_items()
    ):
        return None
    return RedirectResponse(address(query), 303)


def _search_context(request: Request, query: Query, error: str = "") -> dict[str, Any]:
    now = now_of(request)
    titles = {name: source.title for name, source in _known(request).items()}
    results, past = _answer(request.app.state.engine, query, now)
    return {
        "now": now,
        "query": query,
        "sort": SORTS[query.sort],
        "results": results,
        "past": past,
        "headline": headline(query, results, past),
        "panels": panels(query, results, titles),
        "active": active_filters(query, titles) + place_filters(query, results.understood),
        "corrections": corrections(query, results.understood),
        "acronyms": acronyms(query, results.understood),
        "meanings": meanings(query, results.understood),
        "refused": refused(query),
        "without": [value for name, value in pairs(query) if name == "sans_code"],
        "sheet": is_sheet(query.text),
        "sheet_page": sheet_address(query),
        "pages": paginate(query, results.total),
        "freshness": freshness(request.app.state.board, results.hits),
        "first": 1 if past else query.offset + 1,
        "beyond": bool(results.total),
        "cleared": cleared(query, results.understood),
        "first_page": address(query, offset=0),
        "with_expired": address(query, include_expired=True, offset=0),
        "canonical": _public(request, address(query)),
        "error": typeset(error),
    }


def _refused(request: Request, problem: Problem) -> HTMLResponse:
    """The form again, with the words typed and what is wrong with the filters."""
    text = request.query_params.get("q", "")
    query = Query(text=text if len(text) <= MAX_TEXT else "")
    context = _search_context(request, query, problem.body.detail)
    return render(request, "search.html", context, problem.body.status)


@router.get("/recherche")
def search(request: Request) -> Response:
    """The results of a search, with its form; works without JavaScript."""
    try:
        query = query_params(request)
    except Problem as problem:
        return _refused(request, problem)
    elsewhere = _canonical(request, query)
    if elsewhere is not None:
        return elsewhere
    context = _search_context(request, query)
    headers = {"Vary": "HX-Request"}
    if request.headers.get("HX-Request"):
        headers["HX-Push-Url"] = address(query)
    return render(request, "search.html", context, headers=headers)


def _lead(request: Request, identifier: str) -> Lead | Response:
    """The lead, or the answer to give instead: moved, withdrawn, unknown."""
    store = request.app.state.store
    lead: Lead | None = store.get(identifier) if is_identifier(identifier) else None
    if lead is not None and lead.merged_into:
        return RedirectResponse(f"/leads/{lead.merged_into}", 301)
    if lead is not None and lead.status == "withdrawn":
        return error_page(request, 410)
    if lead is None or lead.status not in _SHOWN_STATUSES:
        return error_page(request, 404, "Aucun lead ne porte cet identifiant.")
    return lead


@router.get("/leads/{identifier}")
def lead_page(request: Request, identifier: str) -> Response:
    """All that is known of one lead, in its own language."""
    lead = _lead(request, identifier)
    if isinstance(lead, Response):
        return lead
    now = now_of(request)
    context = {
        "lead": lead,
        "now": now,
        "standing": standing(lead, now),
        "NOTES": NOTES,
        "sources": _known(request),
        "opinion": opinion(request, lead, now),
        "VERDICTS": WORDS,
        "MAX_REASON": MAX_REASON,
        "similar": _similar(request, lead, now),
        "canonical": _public(request, f"/leads/{lead.id}"),
    }
    return render(request, "lead.html", context)


def _similar(request: Request, lead: Lead, now: datetime) -> tuple[Hit, ...]:
    """Leads like this one; none while the engine is away: the lead itself is in the record."""
    engine: SearchEngine = request.app.state.engine
    try:
        return engine.similar(lead.id, _SIMILAR, now)
    except EngineAway:
        return ()


@router.get("/leads/{identifier}/echeance.ics")
def deadline_file(request: Request, identifier: str) -> Response:
    """The deadline of a lead, for a calendar."""
    lead = _lead(request, identifier)
    if isinstance(lead, Response):
        return lead
    event = deadline_event(lead, _public(request, f"/leads/{lead.id}"), now_of(request))
    if event is None:
        return error_page(request, 404, "Ce lead n’a pas d’échéance connue.")
    name = f'attachment; filename="echeance-{lead.id}.ics"'
    return Response(event, headers={"Content-Disposition": name}, media_type="text/calendar")


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One line of the table of sources. latest: publication of its most recent lead."""

    source: Source
    count: int
    latest: datetime | None


def _row(engine: SearchEngine, source: Source, now: datetime) -> SourceRow:
    found = engine.search(replace(EVERYTHING, source=(source.name,)), now)
    latest = found.hits[0].lead.published if found.hits else None
    return SourceRow(source, found.total, latest)


@router.get("/a-propos")
def about(request: Request) -> HTMLResponse:
    """What the site is, its sources with licence and freshness, its accessibility."""
    engine, now, known = request.app.state.engine, now_of(request), _known(request)
    rows = [_row(engine, source, now) for source in known.values()]
    rows.sort(key=lambda row: row.latest or datetime.min.replace(tzinfo=UTC), reverse=True)
    context = {
        "now": now,
        "sources": rows,
        "fictitious": _fictitious(known, engine.search(EVERYTHING, now)),
    }
    return render(request, "about.html", context)


@router.get("/htmx.min.js")
def htmx() -> FileResponse:
    """The htmx library, from its package."""
    path = Path(str(files("js_lib_htmx").joinpath("static", "htmx", "htmx.min.js")))
    day = {"Cache-Control": "public, max-age=86400"}
    return FileResponse(path, media_type="text/javascript", headers=day)
