"""« Je suis intéressé »: a company follows leads on a private page, without an account.

The address of the page is its key (256 bits, kept hashed): nothing of it leaves the site in a
referrer, a cache, a search engine or a log.
"""

import re
from dataclasses import asdict
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from index import interest
from index.daily_key import DailyKeys
from index.interest import (
    ASKED_AFTER,
    MAX_COMPANY,
    MAX_EMAIL,
    MAX_NOTE,
    OVER,
    STATES,
    ChangedError,
    Company,
    FollowUp,
    FollowUpError,
    Interest,
    State,
    TooManyError,
    is_siren,
    months_later,
)
from index.lead import Lead
from index.settings import Settings
from search_api.api import known_lead
from search_api.calendar import question_event
from search_api.forms import Form, from_here, line
from search_api.problems import Problem
from search_api.site import now_of, store_of
from search_api.templating import render
from search_api.visitor import visitor
from search_api.words import french_first, plain, standing

router = APIRouter(include_in_schema=False)

WORDS: dict[State, str] = {
    "interesse": "Intéressé",
    "contact-pris": "Contact pris",
    "offre-remise": "Offre remise",
    "gagne": "Gagné",
    "perdu": "Perdu",
    "abandonne": "Abandonné",
}
CONSENT = (
    "J’accepte que cette adresse serve à me rappeler la suite donnée à ces leads, "
    "et à rien d’autre."
)
_PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
_OPEN = ("open", "planned")
_TITLE = 300
# What people call an e-mail address; whether it exists, only a message would tell.
_ATOM = r"[^\s@<>\"(),:;\\\[\]]"
_EMAIL = re.compile(rf"{_ATOM}{{1,64}}@{_ATOM}+\.{_ATOM}{{2,}}")
_TOKEN = re.compile(r"(?:.*/suivi/)?([A-Za-z0-9_-]{43})(?:[/?#].*)?")


def _address(request: Request, token: str) -> str:
    settings: Settings = request.app.state.settings
    return f"{settings.site_url.rstrip('/')}/suivi/{token}"


def _followed(request: Request, identifier: str) -> Lead:
    """A lead that one may still answer. Raises Problem."""
    store = store_of(request)
    lead = known_lead(store, identifier)
    lead = known_lead(store, lead.merged_into) if lead.merged_into else lead
    if lead.fictitious:
        raise Problem(404, "Exemple fictif", "Ce lead est un exemple : il n’y a rien à suivre.")
    if standing(lead, now_of(request)) not in _OPEN:
        raise Problem(410, "Lead clos", "Il est trop tard pour répondre à cette demande.")
    return lead


def _purpose(lead: Lead) -> str:
    return f"interet {lead.id}"


def _interest_page(
    request: Request, lead: Lead, written: dict[str, str], error: str = "", status: int = 200
) -> HTMLResponse:
    """The form of a lead, with what was written in it."""
    keys = DailyKeys(store_of(request)).read(now_of(request))
    context = {
        "lead": lead,
        "written": written,
        "error": error,
        "token": visitor(request).token(keys, _purpose(lead)),
        "CONSENT": CONSENT,
        "MAX_COMPANY": MAX_COMPANY,
        "MAX_EMAIL": MAX_EMAIL,
        "months": _retention(request),
    }
    return render(request, "interest.html", context, status, {"Cache-Control": "no-store"})


def _retention(request: Request) -> int:
    settings: Settings = request.app.state.settings
    return settings.follow_up_months


@router.get("/leads/{identifier}/interet")
def interest_form(request: Request, identifier: str) -> HTMLResponse:
    """Who is interested in this lead?"""
    lead = _followed(request, identifier)
    blank = dict.fromkeys(("entreprise", "siren", "courriel", "accord", "page"), "")
    return _interest_page(request, lead, blank)


def _company(form: Any) -> Company:
    """Who the form says the company is. Raises Problem."""
    name = line(form.get("entreprise", ""), MAX_COMPANY, "Nom de l’entreprise")
    digits = re.sub(r"[\s.]", "", plain(form.get("siren", "")))
    email = line(form.get("courriel", ""), MAX_EMAIL, "Adresse électronique")
    fault = ""
    if not name:
        fault = "Indiquez le nom de votre entreprise."
    elif digits and not is_siren(digits):
        fault = "Ce numéro SIREN est incorrect : neuf chiffres, sans erreur de frappe."
    elif email and not _EMAIL.fullmatch(email):
        fault = "Cette adresse électronique est incorrecte."
    elif email and not form.get("accord"):
        fault = "Cochez l’accord pour l’adresse électronique, ou laissez-la vide."
    if fault:
        raise Problem(400, "Formulaire incomplet", fault)
    return Company(name, digits, email)


def _token_in(written: str) -> str:
    """The secret in an address of a follow-up page. Raises Problem."""
    found = _TOKEN.fullmatch(plain(written))
    if not found:
        raise Problem(400, "Adresse incorrecte", "Ce n’est pas l’adresse d’une page de suivi.")
    return found[1]


@router.post("/leads/{identifier}/interet")
def declare(request: Request, identifier: str, form: Form) -> Response:
    """A company says that it is interested: on a new page, or on the one whose address it gives."""
    from_here(request)
    lead = _followed(request, identifier)
    fields = ("entreprise", "siren", "courriel", "accord", "page")
    written = {name: form.get(name, "") for name in fields}
    try:
        known = _token_in(written["page"]) if written["page"].strip() else ""
        company = None if known else _company(form)
        token = _declared(request, lead, company, known, form.get("jeton", ""))
    except TooManyError as error:
        raise Problem(429, "Trop de suivis", str(error), headers={"Retry-After": "3600"}) from error
    except FollowUpError as error:
        return _interest_page(request, lead, written, str(error), 400)
    except Problem as problem:
        if problem.body.status != 400:
            raise
        return _interest_page(request, lead, written, problem.body.detail, 400)
    there = f"/suivi/{token}" + ("" if known else "?nouveau=1")
    return RedirectResponse(there, 303, _PRIVATE)


def _declared(request: Request, lead: Lead, company: Company | None, known: str, jeton: str) -> str:
    """Keep the interest; gives the secret of the page."""
    store, now, who = store_of(request), now_of(request), visitor(request)
    title = plain(french_first(lead).title)[:_TITLE]
    with store.writing_aside() as connection:
        keys = DailyKeys(store).hold(connection, now)
        who.shows(keys, _purpose(lead), jeton)
        token = known
        if company:
            network = keys.mark("network", who.network)
            token = interest.begin(connection, company, network, now)
        interest.add(connection, token, lead, title, now)
    return token


# --- the page -----------------------------------------------------------------------------------


def _read(request: Request, token: str) -> FollowUp:
    with store_of(request).reading() as connection:
        found = interest.read(connection, token)
    if found is None:
        raise _gone()
    return found


def _gone() -> Problem:
    detail = "Cette page de suivi n’existe pas, ou a été effacée."
    return Problem(404, "Suivi introuvable", detail, headers=_PRIVATE)


def _page(
    request: Request, token: str, error: str = "", status: int = 200, **context: Any
) -> HTMLResponse:
    found, now = _read(request, token), now_of(request)
    told = {
        "follow_up": found,
        "token": token,
        "address": _address(request, token),
        "now": now,
        "today": now.date(),
        "error": error,
        "said": {"dit": "C’est noté.", "retire": "Le lead est retiré de votre page.",
                 "entreprise": "Vos coordonnées sont à jour."}.get(
            request.query_params.get("fait", ""), ""),
        "new": "nouveau" in request.query_params,
        "erased": months_later(found.active.date(), _retention(request)),
        "STATES": STATES,
        "OVER": OVER,
        "WORDS": WORDS,
        "CONSENT": CONSENT,
        "ASKED_AFTER": ASKED_AFTER,
        "MAX_NOTE": MAX_NOTE,
        "MAX_COMPANY": MAX_COMPANY,
        "MAX_EMAIL": MAX_EMAIL,
        "draft": {},
        "draft_of": 0,
    }  # fmt: skip
    return render(request, "follow_up.html", told | context, status, _PRIVATE)


@router.get("/suivi/{token}")
def follow_up(request: Request, token: str) -> HTMLResponse:
    """A company's leads and what became of them."""
    return _page(request, token)


def _back(token: str, done: str, anchor: str = "") -> RedirectResponse:
    return RedirectResponse(f"/suivi/{token}?fait={done}{anchor}", 303, _PRIVATE)


@router.post("/suivi/{token}/leads/{number}")
def say(request: Request, token: str, number: int, form: Form) -> Response:
    """What became of a lead, in a state and a note. A lead changed elsewhere meanwhile is shown
    again, with what was written here: nothing is lost."""
    from_here(request)
    state, version = form.get("etat", ""), form.get("version", "")
    if state not in STATES or not (version.isascii() and version.isdigit() and len(version) < 9):
        raise Problem(400, "État incorrect", "Cet état n’existe pas.")
    note = plain(form.get("note", ""))
    draft = {"draft_of": number, "draft": {"state": state, "note": note}}
    if len(note) > MAX_NOTE:
        return _page(request, token, f"Une note a {MAX_NOTE} caractères au plus.", 400, **draft)
    try:
        with store_of(request).writing_aside() as connection:
            interest.say(connection, token, number, int(version), state, note, now_of(request))
    except ChangedError as error:
        return _page(request, token, str(error), 409, **draft)
    except FollowUpError as error:
        return _page(request, token, str(error), 404)
    return _back(token, "dit", f"#lead-{number}")


@router.post("/suivi/{token}/leads/{number}/retirer")
def remove(request: Request, token: str, number: int) -> Response:
    """The lead no longer interests the company."""
    from_here(request)
    try:
        with store_of(request).writing_aside() as connection:
            interest.remove(connection, token, number, now_of(request))
    except FollowUpError as error:
        return _page(request, token, str(error), 404)
    return _back(token, "retire")


@router.post("/suivi/{token}/entreprise")
def contact(request: Request, token: str, form: Form) -> Response:
    """Other words for who the company is."""
    from_here(request)
    try:
        company = _company(form)
        with store_of(request).writing_aside() as connection:
            interest.contact(connection, token, company, now_of(request))
    except FollowUpError as error:
        raise _gone() from error
    except Problem as problem:
        return _page(request, token, problem.body.detail, problem.body.status)
    return _back(token, "entreprise")


@router.get("/suivi/{token}/donnees.json")
def export(request: Request, token: str) -> Response:
    """All that is kept of the company, to take away."""
    found = asdict(_read(request, token))
    for one in (found, *found["interests"]):
        del one["number"]
    name = 'attachment; filename="suivi-debouches.json"'
    headers = _PRIVATE | {"Content-Disposition": name}
    told = orjson.dumps(found, option=orjson.OPT_INDENT_2)
    return Response(told, 200, headers, "application/json")


@router.get("/suivi/{token}/leads/{number}/rappel.ics")
def reminder(request: Request, token: str, number: int) -> Response:
    """The day on which we ask what became of a lead, for a calendar."""
    known = {one.number: one for one in _read(request, token).interests}
    one: Interest | None = known.get(number)
    if one is None or one.due is None:
        raise Problem(404, "Rappel introuvable", "Il n’y a rien à rappeler.", headers=_PRIVATE)
    event = question_event(one, _address(request, token), now_of(request))
    name = f'attachment; filename="rappel-{one.lead}.ics"'
    return Response(event, 200, _PRIVATE | {"Content-Disposition": name}, "text/calendar")


@router.get("/suivi/{token}/effacer")
def erasure(request: Request, token: str) -> HTMLResponse:
    """Are you sure?"""
    context = {"token": token, "follow_up": _read(request, token)}
    return render(request, "erase.html", context, headers=_PRIVATE)


@router.post("/suivi/{token}/effacer")
def erase(request: Request, token: str) -> HTMLResponse:
    """Erases all that is kept of the company, at once and for good."""
    from_here(request)
    try:
        with store_of(request).writing_aside() as connection:
            interest.erase(connection, token)
    except FollowUpError as error:
        raise _gone() from error
    return render(request, "erase.html", {"token": "", "follow_up": None}, headers=_PRIVATE)
