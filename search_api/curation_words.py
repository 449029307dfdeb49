"""« /curation/sources/…/mots »: what words of a source mean, said by analysts."""

from collections.abc import Mapping
from typing import Annotated, Any

from babel.numbers import list_currencies
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from index.lead import STAGES
from index.store import LeadStore
from ingest.lookups import LONGEST, SUBJECTS, LookupRefused, Lookups, Subject, snippet
from ingest.remaking import concerned
from ingest.report import Report
from ingest.source import Source
from search_api import words
from search_api.access import Analyste, Lecteur, may
from search_api.curation_pages import show
from search_api.curation_sources import Page, at, go, refuse
from search_api.errands import Errands
from search_api.forms import SHORT
from search_api.problems import Problem
from search_api.site import now_of
from search_api.source_sheet import SUBJECTS as NAMES
from taxonomies import countries, languages

router = APIRouter(prefix="/curation/sources/{name}/mots", include_in_schema=False)

Word = Annotated[str, Form(max_length=4 * LONGEST)]


def _values(subject: Subject | None) -> Mapping[str, str]:
    """Our values for a subject, with how people say them."""
    if subject == "country":
        found = {one.alpha2: one.fr for one in countries.countries().values()}
    elif subject == "language":
        found = {one.code: one.fr for one in languages.languages().values()}
    elif subject == "stage":
        return {stage: words.STAGES[stage] for stage in STAGES}
    else:
        return {code: code for code in sorted(list_currencies())} if subject else {}
    return dict(sorted(found.items(), key=lambda one: words.plain(one[1]).lower()))


def subject_of(text: str) -> Subject | None:
    """One of ours, or None."""
    return next((one for one in SUBJECTS if one == text), None)


def _subject(text: str) -> Subject:
    found = subject_of(text)
    if found is None:
        detail = "On explique un pays, une étape, une devise ou une langue."
        raise Problem(400, "Sujet inconnu", detail)
    return found


@router.get("")
def words_page(
    request: Request, person: Lecteur, page: Page, sujet: str = "", mot: str = ""
) -> HTMLResponse:
    """The form, and what was said already."""
    return _page(request, person, page, {"subject": subject_of(sujet), "word": mot[:LONGEST]})


def _page(
    request: Request, person: Lecteur, page: Source, typed: dict[str, Any], status: int = 200
) -> HTMLResponse:
    store: LeadStore = request.app.state.store
    found = Lookups(store).of(page.name)
    context = {
        "page": page,
        "lookups": found,
        "yaml": snippet(found) if found else "",
        "values": _values(typed["subject"]),
        "labels": {one: _values(one) for one in {lookup.subject for lookup in found}},
        "NAMES": NAMES,
        "acts": may(person.role, "analyste"),
        "at": at,
        "now": now_of(request),
        "error": "",
        "value": "",
        **typed,
    }
    return show(request, person, "curation/words.html", context, status)


@router.post("", max_body_size=SHORT)
def say(
    request: Request,
    person: Analyste,
    page: Page,
    sujet: Annotated[str, Form()],
    mot: Word = "",
    valeur: Word = "",
) -> Response:
    """From now on this word means that; leads that use it are made anew."""
    subject, store = _subject(sujet), request.app.state.store
    try:
        Lookups(store).say(page.name, subject, mot, valeur, person.login, now_of(request))
    except LookupRefused as error:
        typed = {"subject": subject, "word": mot[:LONGEST], "value": valeur, "error": str(error)}
        return _page(request, person, page, typed, 400)
    _remake(request, page, subject, mot.strip())
    return go(page.name, said="explique", anchor="incompris")


@router.post("/retirer", max_body_size=SHORT)
def forget(
    request: Request,
    person: Analyste,
    page: Page,
    sujet: Annotated[str, Form()],
    mot: Word,
) -> Response:
    """The page alone says again what this word means."""
    subject, store = _subject(sujet), request.app.state.store
    try:
        Lookups(store).forget(page.name, subject, mot, person.login, now_of(request))
    except LookupRefused as error:
        raise refuse(error) from error
    _remake(request, page, subject, mot)
    return go(page.name, said="retire", anchor="incompris")


@router.get("/fiche.yml")
def export(request: Request, person: Lecteur, page: Page) -> Response:
    """What to add to the page of the source, in YAML."""
    told = snippet(Lookups(request.app.state.store).of(page.name))
    name = f'attachment; filename="{page.name}-lookups.yml"'
    headers = {"Content-Disposition": name, "X-Content-Type-Options": "nosniff"}
    return Response(told, media_type="application/yaml", headers=headers)


def _remake(request: Request, page: Source, subject: Subject, word: str) -> None:
    """Leads with a notice that uses the word, with what it means now."""
    store: LeadStore = request.app.state.store
    errands: Errands = request.app.state.errands

    def remake() -> None:
        with store.reading() as connection:
            leads = concerned(connection, page.name, subject, word)
        if leads:
            errands.ingestion().remake(leads, Report())

    errands.run(f"mot {page.name} {subject} {word}", remake)
