"""The JSON API: leads, one lead, those like it, facets, suggestions."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from index.engine import SearchEngine
from index.lead import Lead, LeadCode, Method, Scheme, Stage, Value
from index.query import MAX_RANKED, Hit, Results
from index.store import LeadStore
from index.wording import label
from ingest.source import sources
from search_api import labels
from search_api.params import Filters, Tri, is_identifier, sort_of
from search_api.problems import Problem, refusals
from search_api.site import Now, Store
from search_api.source_states import Freshness, freshness
from taxonomies.suggest import suggest

PROBLEMS = refusals(_400="Paramètres incorrects", _503="Service momentanément indisponible")
MISSING = refusals(_404="Lead inconnu")
PUBLIC = ("published", "expired")

# Characters of the text that come with an answer; the whole text comes with the lead.
EXCERPT = 400

router = APIRouter(prefix="/api/v1", responses=PROBLEMS)


class Code(BaseModel):
    """A code of a lead with its French label, how sure it is (0–1), how it is known, and the words
    that speak for it. Only ``source`` and ``analyst`` were given by people."""

    scheme: Scheme
    code: str
    label: str
    score: float
    method: Method
    evidence: list[str]


class CodeReason(BaseModel):
    """A code that answers the query: its French label holds words of it, or it answers by meaning
    and ``words`` is empty."""

    scheme: Scheme
    code: str
    label: str
    words: list[str]


class Why(BaseModel):
    """Why a lead answers: words found, codes, similarity of meaning (cosine). freshness: part of
    the score gained by being fresh and still in time, at most 0.05."""

    words: list[str]
    codes: list[CodeReason]
    similarity: float | None
    freshness: float


class Answer(BaseModel):
    """A lead in a list. excerpt: first characters of its text, in ``language``. without_hs: a
    service or works, which have no HS code."""

    id: str
    title: str
    language: str
    excerpt: str
    stage: Stage
    buyer: str
    country: str
    region: str
    codes: list[Code]
    without_hs: bool
    sectors: list[str]
    value: Value | None
    published: datetime | None
    deadline: datetime | None
    source: str
    url: str
    fictitious: bool
    domestic: bool
    score: float
    why: Why


class Choice(BaseModel):
    """One value of a facet, its French label, and how many leads it would leave."""

    value: str
    label: str
    count: int


class PlaceRead(BaseModel):
    """A place read in q, which filters as ``pays`` does."""

    typed: str
    label: str
    countries: list[str]


class Correction(BaseModel):
    """A word of q taken for a typing mistake, and the word searched in its stead."""

    typed: str
    searched: str


class Acronym(BaseModel):
    """An acronym of q, and the full words searched too."""

    typed: str
    words: str


class CodeRead(BaseModel):
    """A code that q was understood as, and how well it answers, 0–1. It ranks, it hides nothing."""

    scheme: Scheme
    code: str
    label: str
    score: float


class Understood(BaseModel):
    """What was read in q. Repeat a ``typed`` in ``litteral`` to have it searched as it is, a code
    in ``sans_code`` (CPV39160000, SH940131) when it is not what was meant."""

    places: list[PlaceRead]
    corrections: list[Correction]
    acronyms: list[Acronym]
    codes: list[CodeRead]


class Leads(BaseModel):
    """A page of answers. next: following page, path and query; null on the last one. sources: how
    fresh those of this page are, by name; one that is not known at the moment is left out."""

    total: int
    next: str | None
    understood: Understood
    leads: list[Answer]
    sources: dict[str, Freshness] = Field(default_factory=dict)
    facets: dict[str, list[Choice]] = Field(default_factory=dict)


class SimilarLeads(BaseModel):
    """Leads on offer whose meaning is closest, closest first."""

    leads: list[Answer]


class Facets(BaseModel):
    """How many leads each choice would leave."""

    total: int
    understood: Understood
    facets: dict[str, list[Choice]]


class Suggestion(BaseModel):
    """A concept whose French label begins with what was typed, or whose code does."""

    kind: str
    code: str
    label: str


class Suggestions(BaseModel):
    """Suggestions, best first."""

    suggestions: list[Suggestion]


class Search(Filters):
    """A page of a search."""

    tri: Tri = Field("pertinence", description="Ordre")
    decalage: int = Field(0, ge=0, lt=MAX_RANKED, description="Nombre de leads à sauter")
    limite: int = Field(20, ge=1, le=100, description="Nombre de leads par page")


def _engine(request: Request) -> SearchEngine:
    engine: SearchEngine = request.app.state.engine
    return engine


Engine = Annotated[SearchEngine, Depends(_engine)]


def _code(code: LeadCode) -> Code:
    return Code(
        scheme=code.scheme,
        code=code.code,
        label=label(code.scheme, code.code),
        score=code.score,
        method=code.method,
        evidence=list(code.evidence),
    )


def _answer(hit: Hit) -> Answer:
    lead, why = hit.lead, hit.reasons
    codes = [
        CodeReason(scheme=one.scheme, code=one.code, label=one.label, words=list(one.words))
        for one in why.codes
    ]
    return Answer(
        **lead.model_dump(include=_PLAIN),
        title=lead.title,
        language=lead.language,
        excerpt=lead.texts[0].text[:EXCERPT],
        codes=[_code(code) for code in lead.told],
        without_hs=lead.without_hs,
        sectors=list(lead.sectors),
        value=lead.value,
        score=hit.score,
        why=Why(
            words=list(why.words),
            codes=codes,
            similarity=why.similarity,
            freshness=why.freshness,
        ),
    )


_LABELS: dict[str, Callable[[str], str]] = {
    "sector": labels.sector_label,
    "country": labels.country_label,
    "region": labels.region_label,
    "cpv": lambda division: labels.code_label("CPV", division),
    "stage": labels.stage_label,
    "language": labels.language_label,
    "deadline": labels.bucket_label,
    "value": labels.bucket_label,
}

_PLAIN = {
    "id", "stage", "buyer", "country", "region", "published", "deadline", "source", "url",
    "fictitious", "domestic",
}  # fmt: skip


def _choices(request: Request, results: Results) -> dict[str, list[Choice]]:
    pages = sources(request.app.state.settings.sources)

    def source_label(name: str) -> str:
        return pages[name].title if name in pages else name

    named = _LABELS | {"source": source_label}
    return {
        name: [
            Choice(value=one.value, label=named[name](one.value), count=one.count) for one in counts
        ]
        for name, counts in results.facets.items()
    }


def _understood(results: Results) -> Understood:
    read = asdict(results.understood)
    for one in read["codes"]:
        one["label"] = label(one["scheme"], one["code"])
    return Understood(**{name: read[name] for name in Understood.model_fields})


def _json(body: BaseModel, headers: dict[str, str] | None = None) -> Response:
    return Response(body.model_dump_json(), headers=headers, media_type="application/json")


def _following(request: Request, offset: int) -> str:
    # Path and query only: the host is whatever the client wrote.
    address = request.url.include_query_params(decalage=offset)
    return f"{address.path}?{address.query}"


@router.get("/leads", response_model=Leads, summary="Chercher des leads")
def leads(
    request: Request, search: Annotated[Search, Query()], engine: Engine, now: Now
) -> Response:
    """Leads that answer words and filters, with the reasons and the facets."""
    query = search.query(sort_of(search.tri), search.decalage, search.limite)
    results = engine.search(query, now)
    following = search.decalage + search.limite
    more = following < min(results.total, MAX_RANKED)
    there = _following(request, following) if more else None
    body = Leads(
        total=results.total,
        next=there,
        understood=_understood(results),
        leads=[_answer(hit) for hit in results.hits],
        sources=freshness(request.app.state.board, results.hits),
        facets=_choices(request, results),
    )
    return _json(body, {"Link": f'<{there}>; rel="next"'} if there else None)


def known_lead(store: LeadStore, identifier: str) -> Lead:
    """The lead of this id that everybody may see, or that sends to another. Raises Problem."""
    lead = store.get(identifier) if is_identifier(identifier) else None
    if lead is None or not (lead.merged_into or lead.status in PUBLIC):
        raise Problem(404, "Lead inconnu", "Aucun lead ne porte cet identifiant.")
    return lead


@router.get("/leads/{identifier}", response_model=Lead, responses=MISSING, summary="Un lead")
def lead(request: Request, identifier: str, store: Store) -> Response:
    """All that is known of a lead; 308 to the lead that took it over, if one did."""
    found = known_lead(store, identifier)
    if found.merged_into:
        there = request.app.url_path_for("lead", identifier=found.merged_into)
        return RedirectResponse(str(there), 308)
    tag = f'"{found.sequence}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    # What words merely suggest is the analysts' business.
    told = found.model_copy(update={"codes": found.told, "hints": ()})
    return _json(told, {"ETag": tag})


@router.get(
    "/leads/{identifier}/similaires",
    response_model=SimilarLeads,
    responses=MISSING,
    summary="Leads proches",
)
def similar(
    identifier: str,
    store: Store,
    engine: Engine,
    now: Now,
    limite: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Response:
    """Leads on offer whose meaning is closest to this one's."""
    found = known_lead(store, identifier)
    hits = engine.similar(found.merged_into or found.id, limite, now)
    return _json(SimilarLeads(leads=[_answer(hit) for hit in hits]))


@router.get("/facettes", response_model=Facets, summary="Compter par facette")
def facets(
    request: Request, search: Annotated[Filters, Query()], engine: Engine, now: Now
) -> Response:
    """The facets alone: each choice is counted with every filter but those of its own facet."""
    results = engine.search(search.query(limit=0), now)
    choices = _choices(request, results)
    return _json(Facets(total=results.total, understood=_understood(results), facets=choices))


@router.get("/suggestions", response_model=Suggestions, summary="Compléter la saisie")
def suggestions(
    q: Annotated[str, Query(min_length=1, max_length=100)],
    limite: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Response:
    """Sectors, countries and codes whose French label or number begins with what is typed."""
    found = [
        Suggestion(kind=one.kind, code=one.code, label=one.label) for one in suggest(q, limite)
    ]
    return _json(Suggestions(suggestions=found))
