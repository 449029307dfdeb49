"""« /curation/leads/{id} »: one lead beside its original, and all that can be decided of it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from index import audit, reviews
from index.lead import STAGES, Lead
from ingest.curation import Conflict, Refusal
from ingest.source import sources
from search_api import review_sheet
from search_api.access import Analyste, Lecteur, Person, may
from search_api.curating import Form, curation, integer, publish, text, texts
from search_api.curation_pages import show
from search_api.labels import country_label
from search_api.params import is_identifier
from search_api.problems import Problem
from search_api.review_sheet import Sheet, Typed
from search_api.trail_words import FIELDS
from taxonomies import countries
from taxonomies.suggest import suggest

router = APIRouter(include_in_schema=False)

_LEAD = "/curation/leads/{identifier}"
# Buttons of the form → kind of decision.
_KINDS: dict[str, reviews.Kind] = {
    "publier": "publish",
    "rejeter": "reject",
    "attendre": "hold",
    "corriger": "correct",
}
_FOUND = 6
# Reasons of a rejection that are offered; any other can be typed.
REASONS = (
    "Hors sujet : pas une demande d’achat",
    "Demande d’un acheteur français",
    "Hors de portée d’une PME",
    "Trop tard pour répondre",
    "Avis d’essai ou incompréhensible",
    "Fraude probable",
)


def _lead(request: Request, identifier: str) -> Lead:
    found = request.app.state.store.get(identifier) if is_identifier(identifier) else None
    if found is None:
        raise Problem(404, "Lead inconnu", "Aucun lead ne porte cet identifiant.")
    lead: Lead = found
    return lead


def _codes_found(words: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"CPV": [], "HS": []}
    for one in suggest(words, 200) if words else []:
        if one.kind in found and len(found[one.kind]) < _FOUND:
            found[one.kind].append(one.code)
    return found


def _decisions(request: Request, lead: Lead) -> list[dict[str, Any]]:
    """All that was decided, the last first; force: whether it still holds."""
    with request.app.state.store.reading() as connection:
        decided = reviews.of(connection, [lead.id])[lead.id]
    force = {one.id for one in reviews.in_force(decided)}
    return [{"review": one, "force": one.id in force} for one in reversed(decided)]


def _last_line(request: Request, lead: Lead) -> int:
    """Number of the last line of the trail on a lead, 0 for none: what came later is news."""
    with request.app.state.store.reading() as connection:
        return next((one.id for one in audit.trail(connection, f"lead:{lead.id}", limit=1)), 0)


def _page(
    request: Request,
    person: Person,
    lead: Lead,
    sheet: Sheet | None = None,
    status: int = 200,
    **more: Any,
) -> Response:
    rooms, words = curation(request), more.get("words", "")
    shown, found = sheet or review_sheet.sheet(lead), _codes_found(words)
    every = sorted(countries.countries(), key=country_label)
    context = {
        "lead": lead,
        "now": request.app.state.clock(),
        "sources": sources(request.app.state.settings.sources),
        "may_review": may(person.role, "analyste"),
        "base": review_sheet.sheet(lead).to_json(),
        "sheet": shown,
        "choices": {
            "CPV": review_sheet.choices(lead, shown, "CPV", found["CPV"]),
            "HS": review_sheet.choices(lead, shown, "HS", found["HS"]),
        },
        "evidence": tuple({word for code in lead.codes for word in code.evidence}),
        "countries": every,
        "STAGE_NAMES": STAGES,
        "zone": review_sheet.zone(lead),
        "doubts": rooms.doubts(lead),
        "doubles": rooms.doubles(lead.id),
        "notices": rooms.notices(lead.id),
        "decisions": _decisions(request, lead),
        "REASONS": REASONS,
        "FIELDS": FIELDS,
        "problems": (),
        "why": "",
        "words": "",
        "verified": False,
        "conflict": (),
        "typed": {},
        "seen_line": _last_line(request, lead),
        "done": request.query_params.get("fait", ""),
    }
    return show(request, person, "curation/lead.html", context | more, status)


@router.get(_LEAD)
def lead_page(request: Request, person: Lecteur, identifier: str) -> Response:
    """The lead beside its original."""
    lead = _lead(request, identifier)
    if lead.merged_into:
        return RedirectResponse(f"/curation/leads/{lead.merged_into}", 303)
    return _page(request, person, lead, words=request.query_params.get("mots", "")[:200])


def _then(request: Request, identifier: str, done: str) -> Response:
    publish(request)
    query = urlencode({"fait": done})
    return RedirectResponse(f"/curation/leads/{identifier}?{query}", 303)


def _acted(
    request: Request, person: Person, identifier: str, form: FormData, act: Callable[[], str]
) -> Response:
    """Do it, and come back to the page; a conflict shows what the other did and keeps the form."""
    _lead(request, identifier)
    try:
        done = act()
    except Refusal as refusal:
        lead = _lead(request, identifier)
        typed = review_sheet.read(form) if "base" in form else None
        sheet = typed.sheet if typed else None
        kept = _kept(form)
        return _page(request, person, lead, sheet, 422, problems=(str(refusal),), **kept)
    except Conflict:
        return _conflict(request, person, _lead(request, identifier), form)
    return _then(request, identifier, done)


def _kept(form: FormData) -> dict[str, Any]:
    why = text(form, "raison") or text(form, "autre_raison")
    return {"why": why, "verified": bool(text(form, "verifie")), "words": text(form, "mots", 200)}


def _conflict(request: Request, person: Person, lead: Lead, form: FormData) -> Response:
    """What happened meanwhile, and the form with what was typed upon the lead as it is now."""
    subject = f"lead:{lead.id}"
    since = integer(text(form, "vu"))
    with request.app.state.store.reading() as connection:
        lines = [one for one in audit.trail(connection, subject, limit=20) if one.id > since]
    if lead.merged_into:
        lead = _lead(request, lead.merged_into)
    typed = review_sheet.read(form) if "base" in form else Typed(Sheet(), Sheet(), ())
    present = review_sheet.sheet(lead)
    return _page(
        request,
        person,
        lead,
        review_sheet.merged(present, typed),
        409,
        conflict=lines or ("notice",),
        typed=typed.touched(),
        **_kept(form),
    )


@router.post(_LEAD)
def decide(request: Request, person: Analyste, identifier: str, form: Form) -> Response:
    """Publish, reject, hold or correct; or search for a code, keeping what is typed."""
    lead, typed, gesture = _lead(request, identifier), review_sheet.read(form), text(form, "geste")
    kept = _kept(form)
    if gesture == "chercher":
        return _page(request, person, lead, typed.sheet, **kept)
    if gesture not in _KINDS or typed.problems:
        problems = typed.problems or ("Choisissez ce qu’il faut en faire.",)
        return _page(request, person, lead, typed.sheet, 422, problems=problems, **kept)
    fields = review_sheet.corrections(typed, lead, kept["verified"])
    why = " : ".join(filter(None, (text(form, "raison"), text(form, "autre_raison"))))

    def act() -> str:
        sequence = integer(text(form, "sequence"))
        rooms = curation(request)
        rooms.review(identifier, sequence, person.login, _KINDS[gesture], why, fields)
        return gesture

    return _acted(request, person, identifier, form, act)


@router.post(f"{_LEAD}/fusion")
def merge(request: Request, person: Analyste, identifier: str, form: Form) -> Response:
    """Take another lead over."""
    other = text(form, "autre").rstrip("/").rpartition("/")[2]
    _lead(request, other)

    def act() -> str:
        kept = (identifier, integer(text(form, "sequence")))
        sequence = integer(text(form, "autre_sequence"))
        lost = (other, sequence if sequence >= 0 else _lead(request, other).sequence)
        curation(request).merge(lost, kept, person.login, text(form, "raison"))
        return "reunir"

    return _acted(request, person, identifier, form, act)


@router.post(f"{_LEAD}/scission")
def split(request: Request, person: Analyste, identifier: str, form: Form) -> Response:
    """Some notices, or all, are demands of their own."""

    def act() -> str:
        wanted = [] if text(form, "tous") else texts(form, "avis") or ["aucun"]
        sequence = integer(text(form, "sequence"))
        rooms = curation(request)
        rooms.split(identifier, sequence, wanted, person.login, text(form, "raison"))
        return "detacher"

    return _acted(request, person, identifier, form, act)


@router.post(f"{_LEAD}/defaire")
def undo(request: Request, person: Analyste, identifier: str, form: Form) -> Response:
    """Take a decision back."""

    def act() -> str:
        sequence, number = integer(text(form, "sequence")), integer(text(form, "decision"))
        curation(request).undo(identifier, sequence, number, person.login, text(form, "raison"))
        return "defaire"

    return _acted(request, person, identifier, form, act)
