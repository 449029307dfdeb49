"""The usefulness of sources, rules and codes as JSON, for those who sign in."""

from datetime import date, datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from index import precision, usefulness
from index.ballot import Verdict
from index.precision import Kind
from index.settings import Settings
from index.store import LeadStore
from ingest import signals
from search_api.access import Lecteur
from search_api.problems import refusals
from search_api.usefulness_pages import Asked, Subject

router = APIRouter(
    prefix="/api/v1/curation/utilite",
    responses=refusals(
        _400="Paramètres incorrects",
        _401="Connexion nécessaire",
        _403="Rôle insuffisant",
        _503="Service momentanément indisponible",
    ),
)
_DAYS = {
    "parameters": [
        {"name": name, "in": "query", "schema": {"type": "string", "format": "date"}}
        for name in ("du", "au")
    ]
}
_SUBJECT = {
    "parameters": [
        *_DAYS["parameters"],
        {
            "name": "genre",
            "in": "query",
            "required": True,
            "schema": {"type": "string", "enum": list(precision.KINDS)},
        },
        {"name": "sujet", "in": "query", "required": True, "schema": {"type": "string"}},
    ]
}


class PrecisionBody(BaseModel):
    """Precision of a source, rule, HS chapter or CPV division: useful / (useful + off topic +
    fraudulent), null without such votes. low, high: Wilson interval at 95 %. held: its new leads
    wait for an analyst."""

    kind: Kind
    subject: str
    precision: float | None
    low: float
    high: float
    judged: int
    votes: int
    verdicts: dict[Verdict, int]
    held: bool


class DoubtBody(BaseModel):
    """A lead to look at again, and what its voters say of it most."""

    lead: str
    verdict: Verdict
    votes: int
    useful: int
    last: datetime


class UsefulnessBody(BaseModel):
    """What votes cast between two days say; the leads to look at are those of now."""

    first: date
    last: date
    precisions: list[PrecisionBody]
    doubts: list[DoubtBody]


class VotedBody(BaseModel):
    """A lead and how many of each verdict it has."""

    lead: str
    verdicts: dict[Verdict, int]


class VotedLeadsBody(BaseModel):
    """The leads whose votes make a precision, those most voted against first."""

    leads: list[VotedBody]


@router.get(
    "",
    response_model=UsefulnessBody,
    summary="Précision par source, règle et code",
    openapi_extra=_DAYS,
)
def by_subject(request: Request, person: Lecteur, asked: Asked) -> Response:
    """For votes cast from ``du`` to ``au``, the last ninety days unless said."""
    settings: Settings = request.app.state.settings
    store: LeadStore = request.app.state.store
    limits = (settings.throttle_floor, settings.throttle_votes)
    with store.reading() as connection:
        held = precision.throttled(connection, request.app.state.clock(), *limits)
        found = precision.precisions(connection, asked.since, asked.until)
        doubts = usefulness.to_look_at(connection, signals.disliked(connection))
    told = [
        PrecisionBody(
            kind=one.kind,
            subject=one.subject,
            precision=one.value,
            low=one.interval[0],
            high=one.interval[1],
            judged=one.judged,
            votes=one.votes,
            verdicts=dict(one.verdicts),
            held=one.kind in ("source", "regle") and one.subject in held,
        )
        for one in found
    ]
    again = [
        DoubtBody(lead=one.lead, verdict=one.verdict, votes=one.votes, useful=one.useful,
                  last=one.last)
        for one in doubts.values()
    ]  # fmt: skip
    body = UsefulnessBody(first=asked.first, last=asked.last, precisions=told, doubts=again)
    return _private(body)


@router.get(
    "/leads",
    response_model=VotedLeadsBody,
    summary="Leads d’une précision",
    openapi_extra=_SUBJECT,
)
def leads(request: Request, person: Lecteur, asked: Asked, subject: Subject) -> Response:
    """The leads behind one figure of the precisions."""
    store: LeadStore = request.app.state.store
    with store.reading() as connection:
        found = precision.leads_of(connection, *subject, asked.since, asked.until)
    told = [VotedBody(lead=lead, verdicts=dict(count)) for lead, count in found.items()]
    return _private(VotedLeadsBody(leads=told))


def _private(body: BaseModel) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(body.model_dump_json(), 200, headers, "application/json")
