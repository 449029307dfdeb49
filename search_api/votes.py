"""Votes of visitors on a lead: by its page, which works without JavaScript, and by the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, ValidationError

from index import ballot, usefulness
from index.ballot import MAX_REASON, VERDICTS, Ballot, Standing, Verdict, Why, cast
from index.daily_key import DailyKeys
from index.lead import Lead
from index.store import LeadStore
from index.usefulness import AGREEING
from ingest.signals import requeue, rule_of
from search_api.api import MISSING, known_lead
from search_api.forms import Form, from_here, line, read_body
from search_api.problems import Problem, refusals, wrong_parameters
from search_api.visitor import remember, remembered, visitor

router = APIRouter(include_in_schema=False)

WORDS: dict[Verdict, str] = {
    "utile": "Utile",
    "hors-sujet": "Hors sujet",
    "trop-tard": "Trop tard",
    "deja-pourvu": "Déjà pourvu",
    "frauduleux": "Frauduleux",
}
# What others are told once several agree.
AGREED: dict[Verdict, str] = {
    "deja-pourvu": "Plusieurs visiteurs disent que cette demande est déjà pourvue.",
    "trop-tard": "Plusieurs visiteurs disent qu’il est trop tard pour y répondre.",
}
THANKS = {
    "enregistre": "Merci : votre avis est enregistré.",
    "retire": "Votre avis est retiré.",
}
_LIMITS: dict[Why, str] = {
    "voter": "Vous avez donné beaucoup d’avis en peu de temps.",
    "network": "Beaucoup d’avis sont venus de votre réseau en peu de temps.",
    "lead": "Ce lead reçoit beaucoup d’avis en ce moment.",
    "changes": "Vous avez changé d’avis trop souvent sur ce lead.",
}
_RETRY = "3600"
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the page of a lead shows of votes. agreed: sentences for everybody."""

    own: Standing
    token: str
    agreed: tuple[str, ...]
    thanks: str


class VoteBody(BaseModel):
    """A vote: its verdict, and why if one wishes (500 characters, read by analysts only)."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    raison: str = ""


class VotesBody(BaseModel):
    """The votes on a lead. verdict: one's own, as the cookie « votant » tells, null for none.
    votes: how many of each verdict; a count below three is null."""

    verdict: Verdict | None
    votes: dict[Verdict, int | None]


def opinion(request: Request, lead: Lead, now: datetime) -> Opinion:
    """For this visitor."""
    store: LeadStore = request.app.state.store
    found = visitor(request)
    keys = DailyKeys(store).read(now)
    with store.reading() as connection:
        own = ballot.standing(connection, lead.id, found.hashed)
        count = usefulness.counts(connection, [lead.id])[lead.id]
    agreed = tuple(AGREED[one] for one in usefulness.agreed(count))
    thanks = THANKS.get(request.query_params.get("avis", ""), "")
    return Opinion(own, found.token(keys, _purpose(lead)), agreed, thanks)


def _purpose(lead: Lead) -> str:
    return f"avis {lead.id}"


def _voted(request: Request, identifier: str) -> Lead:
    """The lead that a vote is for: the one that took it over, if one did."""
    store: LeadStore = request.app.state.store
    lead = known_lead(store, identifier)
    return known_lead(store, lead.merged_into) if lead.merged_into else lead


def _cast(
    request: Request, lead: Lead, verdict: Any, reason: str, token: str | None
) -> tuple[Standing, dict[str, str]]:
    """Keep the vote; gives what it is worth and the header of the voter's cookie. token: of the
    form, None for the API, which no form of another site reaches. Raises Problem (429) when the
    vote is not counted."""
    store: LeadStore = request.app.state.store
    now: datetime = request.app.state.clock()
    who = visitor(request)
    with store.writing_aside() as connection:
        keys = DailyKeys(store).hold(connection, now)
        if token is not None:
            who.shows(keys, _purpose(lead), token)
        who = remembered(who)
        network = keys.mark("network", who.network)
        rule = rule_of(connection, lead)
        found = cast(connection, Ballot(lead, who.hashed, network, verdict, reason, rule), now)
    if found.verdict in AGREEING and not found.why:
        requeue(store, [lead.id])
    cookie = remember(request, who)
    if found.why:
        raise _refusal(found, cookie)
    return found, cookie


def _refusal(standing: Standing, cookie: dict[str, str]) -> Problem:
    kept = (
        "Le précédent reste tel quel."
        if standing.why == "changes"
        else "Celui-ci n’est pas compté pour le moment : redonnez-le plus tard."
    )
    headers = {"Retry-After": _RETRY, **cookie}
    return Problem(429, "Trop d’avis", f"{_LIMITS[standing.why]} {kept}", headers=headers)


@router.post("/leads/{identifier}/avis")
def vote_on_page(request: Request, identifier: str, form: Form) -> Response:
    """A vote by the form of the lead's page; sends back there. An empty verdict withdraws it."""
    from_here(request)
    lead = _voted(request, identifier)
    verdict = form.get("verdict", "")
    if verdict and verdict not in VERDICTS:
        raise Problem(400, "Avis incorrect", "Cet avis n’existe pas.")
    reason = line(form.get("raison", ""), MAX_REASON, "Précision") if verdict else ""
    standing, cookie = _cast(request, lead, verdict, reason, form.get("jeton", ""))
    said = "enregistre" if standing.verdict else "retire"
    return RedirectResponse(f"/leads/{lead.id}?avis={said}#avis", 303, cookie)


async def _vote(request: Request) -> VoteBody:
    body = await read_body(request, _MOST)
    if body is None:
        raise Problem(413, "Corps trop long", "Un avis tient en 10 000 octets.")
    try:
        return VoteBody.model_validate(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise Problem(400, "JSON illisible", "Le corps n’est pas du JSON.") from error
    except ValidationError as error:
        raise wrong_parameters(error.errors()) from error


def _votes(request: Request, lead: Lead, own: Standing, cookie: dict[str, str]) -> Response:
    store: LeadStore = request.app.state.store
    with store.reading() as connection:
        count = usefulness.counts(connection, [lead.id])[lead.id]
    told = {one: count[one] if count[one] >= usefulness.SEVERAL else None for one in VERDICTS}
    body = VotesBody(verdict=own.verdict or None, votes=told)
    headers = {"Cache-Control": "no-store", **cookie}
    return Response(body.model_dump_json(), 200, headers, "application/json")


_LIMITED = MISSING | refusals(
    _400="Avis incorrect",
    _403="Envoyé par un autre site",
    _413="Corps trop long",
    _429="Trop d’avis : celui-ci n’est pas compté",
)
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": VoteBody.model_json_schema()}},
    }
}
api = APIRouter(
    prefix="/api/v1",
    responses=refusals(_503="Service momentanément indisponible"),
)


@api.get(
    "/leads/{identifier}/avis",
    response_model=VotesBody,
    responses=MISSING,
    summary="Avis sur un lead",
)
def votes(request: Request, identifier: str) -> Response:
    """How many visitors find a lead useful, off topic, too late, filled, fraudulent."""
    store: LeadStore = request.app.state.store
    lead = _voted(request, identifier)
    with store.reading() as connection:
        own = ballot.standing(connection, lead.id, visitor(request).hashed)
    return _votes(request, lead, own, {})


@api.put(
    "/leads/{identifier}/avis",
    response_model=VotesBody,
    responses=_LIMITED,
    openapi_extra=_BODY,
    summary="Donner son avis sur un lead",
)
def vote(request: Request, identifier: str, body: Annotated[VoteBody, Depends(_vote)]) -> Response:
    """One vote a lead and voter, whom the cookie « votant » of the answer names; the last one
    stands. A vote beyond the limits of abuse is kept without being counted: 429."""
    from_here(request)
    lead = _voted(request, identifier)
    reason = line(body.raison, MAX_REASON, "raison")
    return _votes(request, lead, *_cast(request, lead, body.verdict, reason, None))


@api.delete(
    "/leads/{identifier}/avis",
    response_model=VotesBody,
    responses={one: told for one, told in _LIMITED.items() if one not in (400, 413)},
    summary="Retirer son avis",
)
def withdraw(request: Request, identifier: str) -> Response:
    """Withdraws the vote of the cookie « votant », if there is one."""
    from_here(request)
    lead = _voted(request, identifier)
    return _votes(request, lead, *_cast(request, lead, "", "", None))
