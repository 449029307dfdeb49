"""« /curation/saisie »: leads that embassies and trade offices type by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from babel.numbers import list_currencies
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from index.lead import STAGES, Lead
from index.store import LeadStore
from ingest.curation import Conflict, Refusal
from ingest.pipeline import Ingestion
from ingest.submissions.rehearsal import Rehearsal, rehearse
from ingest.typed import (
    STALE,
    Typed,
    TypedConflict,
    TypedLeads,
    TypedRefused,
    notice_of,
    prolong,
    publish,
    withdraw,
)
from ingest.typed_form import Fields, check, differing, expires
from search_api import words
from search_api.access import Analyste, Lecteur, Person, may
from search_api.curating import curation
from search_api.curation_pages import show
from search_api.curation_sources import Reason, refuse
from search_api.errands import Errands
from search_api.problems import Problem
from search_api.site import now_of
from taxonomies import countries, languages
from taxonomies.suggest import suggest

router = APIRouter(prefix="/curation/saisie", include_in_schema=False)

# Bytes of the form; codes shown for some words.
_FORM, _SUGGESTED = 700_000, 12
_SEARCH = 100

LABELS = {
    "titre": "Titre", "texte": "Texte", "langue": "Langue", "acheteur": "Acheteur",
    "pays": "Pays", "lieu": "Lieu", "codes": "Codes", "montant": "Montant", "devise": "Devise",
    "echeance": "Date limite", "expire": "Expire le", "etape": "Étape", "url": "Adresse",
    "origine": "Source de l’information", "equipe": "Poste",
}  # fmt: skip
STATES = {"draft": "Brouillon", "published": "Publiée", "withdrawn": "Retirée"}
SAID = {
    "enregistre": "C’est enregistré.",
    "publie": "C’est publié : le lead est dans la file des analystes.",
    "publie-aussitot": "C’est publié : le lead est en ligne.",
    "prolonge": "La demande est prolongée de 90 jours.",
    "retire": "La fiche est retirée.",
}

Short = Annotated[str, Form(max_length=2_000)]
Long = Annotated[str, Form(max_length=50_000)]
Codes = Annotated[list[str] | None, Form()]


@dataclass(frozen=True, slots=True)
class Sent:
    """What the form sent. version: of what was read, 0 for a new one. geste: its button."""

    fields: Fields
    version: int
    geste: str
    cherche: str


def _sent(
    titre: Short = "", texte: Long = "", langue: Short = "", acheteur: Short = "",
    pays: Short = "", lieu: Short = "", codes: Codes = None, montant: Short = "",
    devise: Short = "", echeance: Short = "", expire: Short = "", etape: Short = "open",
    url: Short = "", origine: Short = "", equipe: Short = "",
    version: Annotated[int, Form()] = 0, geste: Short = "", cherche: Short = "",
) -> Sent:  # fmt: skip
    fields = Fields(
        titre, texte.replace("\r\n", "\n"), langue, acheteur, pays, lieu,
        tuple(dict.fromkeys(codes or ()))[:20], montant, devise, echeance, expire,
        etape if etape in STAGES else "open", url, origine, words.plain(equipe),
    )  # fmt: skip
    return Sent(fields, version, geste, cherche[:_SEARCH])


Form_ = Annotated[Sent, Depends(_sent)]


def _typed(request: Request, number: int) -> Typed:
    found = TypedLeads(request.app.state.store).get(number)
    if found is None:
        raise Problem(404, "Fiche inconnue", "Aucune fiche ne porte ce numéro.")
    return found


Kept = Annotated[Typed, Depends(_typed)]


def _at(number: int, rest: str = "", said: str = "") -> str:
    return f"/curation/saisie/{number}{rest}" + (f"?dit={said}" if said else "")


# --- looking ------------------------------------------------------------------------------------


@router.get("")
def typed_page(request: Request, person: Lecteur, qui: str = "") -> HTMLResponse:
    """The list: mine, those of my office, or all; what is stale first."""
    found, now = TypedLeads(request.app.state.store), now_of(request)
    team = found.team_of(person.login)
    whose = qui if qui in ("moi", "poste") and (qui == "moi" or team) else "tous"
    listed = found.some(
        who=person.login if whose == "moi" else "", team=team if whose == "poste" else ""
    )
    stale = {one.number for one in found.stale(now)}
    context = {
        "now": now,
        "listed": sorted(listed, key=lambda one: one.number not in stale),
        "stale": stale,
        "weeks": STALE,
        "whose": whose,
        "team": team,
        "STATES": STATES,
        "writes": may(person.role, "analyste"),
    }
    return show(request, person, "curation/typed.html", context)


@router.get("/nouvelle")
def new_page(request: Request, person: Analyste) -> HTMLResponse:
    """An empty form, but for what one wrote last time."""
    team = TypedLeads(request.app.state.store).team_of(person.login)
    return _form(request, person, Sent(Fields(langue="fr", devise="EUR", equipe=team), 0, "", ""))


@router.get("/{number}")
def lead_page(request: Request, person: Analyste, one: Kept) -> HTMLResponse:
    """What is kept, to go on with, and all its versions."""
    return _form(request, person, Sent(one.fields, one.version, "", ""), one)


def _form(
    request: Request,
    person: Person,
    sent: Sent,
    one: Typed | None = None,
    faults: list[tuple[str, str]] | None = None,
    conflict: Typed | None = None,
    status: int = 200,
) -> HTMLResponse:
    now = now_of(request)
    found = suggest(sent.cherche, 4 * _SUGGESTED) if sent.cherche.strip() else []
    codes = [hit for hit in found if hit.kind in ("HS", "CPV")][:_SUGGESTED]
    known = TypedLeads(request.app.state.store)
    context = {
        "one": one,
        "fields": sent.fields,
        "version": sent.version,
        "cherche": sent.cherche,
        "suggested": [hit for hit in codes if f"{hit.kind} {hit.code}" not in sent.fields.codes],
        "faults": dict(faults or ()),
        "conflict": conflict,
        "differing": differing(sent.fields.masked(), conflict.fields) if conflict else (),
        "history": known.history(one.number) if one else [],
        "said": SAID.get(request.query_params.get("dit", ""), ""),
        "masked": sent.fields.masked() != sent.fields,
        "default": expires(Fields(), now.date()),
        "today": now.date(),
        "now": now,
        "COUNTRIES": sorted(
            countries.countries().values(), key=lambda country: words.plain(country.fr)
        ),
        "LANGUAGES": sorted(languages.languages().values(), key=lambda language: language.fr),
        "CURRENCIES": sorted(list_currencies()),
        "STAGE_NAMES": {stage: words.STAGES[stage] for stage in STAGES},
        "LABELS": LABELS,
        "STATES": STATES,
    }
    return show(request, person, "curation/typed_form.html", context, status)


# --- writing ------------------------------------------------------------------------------------


@router.post("/nouvelle", max_body_size=_FORM)
def create(request: Request, person: Analyste, sent: Form_) -> Response:
    """Kept as a draft, or codes looked for."""
    if sent.geste == "codes":
        return _form(request, person, sent)
    if not sent.fields.titre.strip() and not sent.fields.texte.strip():
        return _form(request, person, sent, faults=[("titre", "texte vide")], status=400)
    number = TypedLeads(request.app.state.store).create(sent.fields, person.login, now_of(request))
    return _after(sent, number)


@router.post("/{number}", max_body_size=_FORM)
def save(request: Request, person: Analyste, one: Kept, sent: Form_) -> Response:
    """A new version, unless somebody wrote one meanwhile."""
    if sent.geste == "codes":
        return _form(request, person, sent, one)
    try:
        TypedLeads(request.app.state.store).save(
            one.number, sent.version, sent.fields, person.login, now_of(request)
        )
    except TypedConflict as error:
        kept = error.current
        mine = Sent(sent.fields, kept.version, "", "")
        return _form(request, person, mine, kept, conflict=kept, status=409)
    except TypedRefused as error:
        raise refuse(error) from error
    return _after(sent, one.number)


def _after(sent: Sent, number: int) -> Response:
    if sent.geste == "relire":
        return RedirectResponse(_at(number, "/relire"), 303)
    return RedirectResponse(_at(number, said="enregistre"), 303)


# --- publishing ---------------------------------------------------------------------------------


@router.get("/{number}/relire")
def read_page(request: Request, person: Analyste, one: Kept) -> HTMLResponse:
    """What it would become, and the demands that it resembles, before it is published."""
    now = now_of(request)
    checked = check(one.fields, now.date())
    if checked.demand is None:
        sent = Sent(one.fields, one.version, "", "")
        return _form(request, person, sent, one, checked.faults, status=400)
    ingestion = _ingestion(request)
    told: Rehearsal = rehearse(ingestion, notice_of(ingestion, one, checked.demand, now), now)
    context = {
        "one": one, "told": told, "now": now,
        "at_once": may(person.role, "responsable"),
    }  # fmt: skip
    return show(request, person, "curation/typed_read.html", context)


@router.post("/{number}/publier", max_body_size=_FORM)
def publish_page(
    request: Request, person: Analyste, one: Kept, version: Annotated[int, Form()]
) -> Response:
    """Into the pipeline; at once in the name of who is responsable, else into the queue."""

    def act(ingestion: Ingestion) -> None:
        lead = publish(ingestion, one.number, version, person.login, now_of(request))
        if may(person.role, "responsable"):
            _vouch(request, person, lead)

    _act(request, act)
    said = "publie-aussitot" if may(person.role, "responsable") else "publie"
    return RedirectResponse(_at(one.number, said=said), 303)


def _vouch(request: Request, person: Person, lead: str) -> None:
    """Who is responsable publishes the lead in the same gesture; a lead that cannot be decided
    stays in the queue."""
    store: LeadStore = request.app.state.store
    found: Lead | None = store.get(lead)
    if found is None or found.status != "proposed":
        return
    try:
        curation(request).review(
            found.id, found.sequence, person.login, "publish", "saisie publiée"
        )
    except (Conflict, Refusal, LookupError):
        return


@router.post("/{number}/prolonger", max_body_size=_FORM)
def prolong_page(
    request: Request, person: Analyste, one: Kept, version: Annotated[int, Form()]
) -> Response:
    """Ninety days more."""
    now = now_of(request)
    _act(request, lambda it: prolong(it, one.number, version, person.login, now))
    return RedirectResponse(_at(one.number, said="prolonge"), 303)


@router.post("/{number}/retirer", max_body_size=_FORM)
def withdraw_page(
    request: Request, person: Analyste, one: Kept, why: Reason, version: Annotated[int, Form()]
) -> Response:
    """Taken back."""
    now = now_of(request)
    _act(request, lambda it: withdraw(it, one.number, version, person.login, why, now),
    )  # fmt: skip
    return RedirectResponse(_at(one.number, said="retire"), 303)


def _ingestion(request: Request) -> Ingestion:
    errands: Errands = request.app.state.errands
    return errands.ingestion()


def _act(request: Request, act: Callable[[Ingestion], object]) -> None:
    """Do it now, whoever waits: it is one lead. Raises Problem (409)."""
    errands: Errands = request.app.state.errands
    try:
        act(errands.ingestion())
    except TypedConflict as error:
        told = f"{error.current.fields.titre} : quelqu’un l’a modifiée entre-temps. Relisez-la."
        raise refuse(TypedRefused(told)) from error
    except TypedRefused as error:
        raise refuse(error) from error
    errands.synchronise()
