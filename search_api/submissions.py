"""The submission API: partners put, follow and take back their demands, one by one."""

import base64
import re
from contextlib import AbstractContextManager
from typing import Annotated
from uuid import uuid4

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from sqlalchemy import Connection

from ingest.source import Source, sources
from ingest.strict_json import JsonRefused
from ingest.submissions.demand import (
    LARGEST,
    Demande,
    DemandRefused,
    missing,
    notice,
    read,
    schema,
    wrong_reference,
)
from ingest.submissions.idempotency import Answered, KeyReused, answered, remember
from ingest.submissions.record import (
    Condition,
    ConditionFailed,
    QuotaSpent,
    Sender,
    Submission,
    Submissions,
)
from ingest.submissions.rehearsal import rehearse
from search_api.bodies import announced, told_as, whole
from search_api.demand_views import Demandes, Essai, Suivi, address, followed, rehearsed
from search_api.meter import MeteredRoute, counted, metered, spent
from search_api.problems import Fault, Problem, refusals

# Digits of a cursor: numbers of demands.
_CURSOR = re.compile(r"[0-9]{1,18}")
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


DOOR = refusals(
    _401="Clé absente, inconnue, expirée ou révoquée",
    _403="Clé sans la portée attendue",
    _429="Trop de requêtes, ou quota du jour épuisé (Retry-After dit quand réessayer)",
    _503="Registre momentanément indisponible",
)
UNKNOWN = refusals(_404="Référence inconnue")
BODY = refusals(
    _400="Corps illisible : JSON incorrect, NaN, caractère nul, champ écrit deux fois…",
    _413="Corps trop volumineux",
    _415="Corps compressé, ou autre chose que du JSON en UTF-8",
    _422="Demande incorrecte : chaque faute avec son champ",
)
STALE = refusals(_412="La demande n’est pas dans l’état que dit If-Match ou If-None-Match")
_EXAMPLE = {
    "titre": "Mobilier scolaire",
    "texte": "400 tables et chaises pour le lycée",
    "langue": "fr",
    "acheteur": "Liceo Central",
    "pays": "PE",
    "codes": [{"nomenclature": "SH", "code": "940161"}],
    "montant": {"valeur": 85000, "devise": "PEN"},
    "echeance": "2027-06-30T12:00",
}
# A demand is read by our own reader, so its place in the contract is written here.
WRITTEN = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Demande"},
                "examples": {"mobilier": {"summary": "Mobilier scolaire", "value": _EXAMPLE}},
            }
        },
    }
}

router = APIRouter(
    prefix="/api/v1/demandes", route_class=MeteredRoute, responses=DOOR, tags=["Demandes"]
)

Writer = Annotated[Sender, Depends(metered("demandes:ecrire"))]
Reader = Annotated[Sender, Depends(metered("demandes:lire"))]
Tried = Annotated[bool, Query(description="1 : dit ce que la demande deviendrait, n’écrit rien")]
_Tags = Header(description="Étiquettes (ETag) entre guillemets, ou *")


async def _body(request: Request, _caller: Writer) -> bytes:
    told_as(request, "application/json")
    announced(request, LARGEST)
    return await whole(request, LARGEST)


Body = Annotated[bytes, Depends(_body)]


def parsed(data: bytes) -> Demande:
    """The demand in a body: 400 and 422 problems with all that is wrong."""
    try:
        return read(data)
    except JsonRefused as refused:
        raise _wrong(400, "Corps illisible", refused.faults) from refused
    except DemandRefused as refused:
        raise _wrong(422, "Demande incorrecte", refused.faults) from refused


def _wrong(status: int, title: str, faults: list[tuple[str, str]]) -> Problem:
    found = [Fault(parametre=name, message=why) for name, why in faults]
    detail = " ; ".join(": ".join(filter(None, (one.parametre, one.message))) for one in found[:5])
    return Problem(status, title, detail, found)


def _reference(reference: str) -> str:
    if fault := wrong_reference(reference):
        raise _wrong(400, "Référence incorrecte", [("reference", fault)])
    return reference


Reference = Annotated[str, Depends(_reference)]


def _condition(
    if_match: Annotated[str | None, _Tags] = None,
    if_none_match: Annotated[str | None, Header(description="* : ne pas remplacer")] = None,
) -> Condition:
    if if_none_match is not None and if_none_match.strip() != "*":
        raise _wrong(400, "En-tête incorrect", [("If-None-Match", "seul « * » est compris")])
    if if_match is None:
        return Condition(absent=if_none_match is not None)
    # A weak tag never matches: it does not say which bytes were seen.
    tags = re.findall(r'(?<![\w/])"[^"]*"', if_match)
    anything = ("*",) if if_match.strip() == "*" else ()
    return Condition(match=anything or tuple(tags) or ("",), absent=if_none_match is not None)


Believed = Annotated[Condition, Depends(_condition)]


def site_of(request: Request) -> str:
    """Public address of the site."""
    return str(request.app.state.settings.site_url).rstrip("/")


def writing(request: Request, sender: Sender) -> AbstractContextManager[Connection]:
    """A transaction for demands of this partner."""
    return Submissions(request.app.state.store).writing(sender.partner)


def page_of(request: Request, sender: Sender) -> Source:
    """The source page of a partner: 503 while it is away."""
    page = sources(request.app.state.settings.sources).get(sender.partner)
    if page is None:
        raise Problem(503, "Partenaire sans page", "La page de cette source a disparu.")
    return page


def _told(request: Request, one: Submission, status: int) -> Response:
    headers = {"ETag": one.tag}
    if status in (201, 202):
        headers["Location"] = address(one.reference)
    body = followed(one, site_of(request)).model_dump_json()
    return Response(body, status, headers, "application/json")


def _tried(request: Request, sender: Sender, reference: str, demand: Demande) -> Response:
    page, now = page_of(request, sender), request.app.state.clock()
    told = notice(demand, page, reference, now, withdrawn=False)
    found = rehearse(request.app.state.desk.worker.ingestion, told, now)
    body = rehearsed(found, missing(demand), site_of(request)).model_dump_json()
    return Response(body, media_type="application/json")


def _held(request: Request, connection: Connection, sender: Sender, reference: str) -> Submission:
    found = Submissions(request.app.state.store).get(connection, sender, reference)
    if found is None:
        raise Problem(404, "Demande inconnue", "Aucune de vos demandes n’a cette référence.")
    return found


def _put(
    request: Request,
    connection: Connection,
    sender: Sender,
    reference: str,
    demand: Demande,
    data: bytes,
    condition: Condition,
) -> tuple[Submission, bool]:
    """The demand once it is kept, and whether that changed anything."""
    page_of(request, sender)
    submissions, now = Submissions(request.app.state.store), request.app.state.clock()
    try:
        change = submissions.put(connection, sender, reference, demand, data, now, condition)
    except ConditionFailed as failed:
        raise Problem(412, "Demande modifiée", "Relisez-la : elle a changé.") from failed
    except QuotaSpent as failed:
        day = request.state.allowances[-1]
        raise spent(day, f"{sender.per_day} demandes par jour au plus.") from failed
    if change != "unchanged":
        counted(request)
    return _held(request, connection, sender, reference), change != "unchanged"


@router.get("/schema", summary="Le schéma JSON d’une demande")
def demand_schema() -> Response:
    """JSON Schema, draft 2020-12."""
    return Response(orjson.dumps(schema()), media_type="application/schema+json")


@router.put(
    "/{reference}",
    status_code=202,
    response_model=Suivi,
    responses={200: {"model": Suivi | Essai, "description": "Rien de nouveau, ou essai"}}
    | BODY | STALE,
    openapi_extra=WRITTEN,
    summary="Déposer une demande, ou la remplacer",
)  # fmt: skip
def put_demand(
    request: Request,
    reference: Reference,
    sender: Writer,
    data: Body,
    condition: Believed,
    essai: Tried = False,
) -> Response:
    """La demande est à l’abri (202) ; Location dit où la suivre. Redéposer la même ne change rien
    (200) ; une autre la remplace tout entière. Une demande retirée revient."""
    demand = parsed(data)
    if demand.reference not in (None, reference):
        raise _wrong(422, "Demande incorrecte", [("reference", "autre que celle de l’adresse")])
    if essai:
        return _tried(request, sender, reference, demand)
    with writing(request, sender) as connection:
        found, new = _put(request, connection, sender, reference, demand, data, condition)
    request.app.state.desk.wake()
    return _told(request, found, 202 if new else 200)


@router.post(
    "",
    status_code=202,
    response_model=Suivi,
    responses={200: {"model": Essai, "description": "Essai"}}
    | BODY | refusals(_409="Cette référence existe déjà : remplacez-la par PUT"),
    openapi_extra=WRITTEN,
    summary="Déposer une nouvelle demande",
)  # fmt: skip
def post_demand(
    request: Request,
    sender: Writer,
    data: Body,
    idempotency_key: Annotated[
        str | None, Header(description="De votre choix ; gardée 48 h. Obligatoire hors essai")
    ] = None,
    essai: Tried = False,
) -> Response:
    """Sans référence, la demande en reçoit une. Le même corps avec la même clé reçoit la même
    réponse, autant de fois qu’il est envoyé ; un autre corps est refusé (422)."""
    demand = parsed(data)
    reference = demand.reference or uuid4().hex
    _reference(reference)
    if essai:
        return _tried(request, sender, reference, demand)
    key = idempotency_of(idempotency_key)
    with writing(request, sender) as connection:
        told = again(connection, sender, key, data)
        if told is None:
            told = _posted(request, connection, sender, reference, demand, data)
            now = request.app.state.clock()
            remember(connection, sender, key, data, told, now)
    request.app.state.desk.wake()
    answer = orjson.loads(told.answer)
    return Response(orjson.dumps(answer["body"]), 202, answer["headers"], "application/json")


def _posted(
    request: Request,
    connection: Connection,
    sender: Sender,
    reference: str,
    demand: Demande,
    data: bytes,
) -> Answered:
    submissions = Submissions(request.app.state.store)
    if submissions.get(connection, sender, reference) is not None:
        raise Problem(409, "Référence déjà prise", "Remplacez cette demande par PUT.")
    found, _ = _put(request, connection, sender, reference, demand, data, Condition())
    body = followed(found, site_of(request)).model_dump(mode="json")
    headers = {"ETag": found.tag, "Location": address(reference)}
    return Answered(orjson.dumps({"headers": headers, "body": body}).decode(), None)


def idempotency_of(written: str | None) -> str:
    """The key of a request that may be sent again: 400 without one, or one that cannot be."""
    if written is None or not _KEY.fullmatch(written):
        why = "attendu : 1 à 200 signes ASCII sans espace, différents pour chaque demande"
        raise _wrong(400, "En-tête incorrect", [("Idempotency-Key", why)])
    return written


def again(connection: Connection, sender: Sender, key: str, data: bytes) -> Answered | None:
    """The answer that this request had already: 422 when the key came with another body."""
    try:
        return answered(connection, sender, key, data)
    except KeyReused as reused:
        why = "déjà venue avec un autre corps"
        raise _wrong(422, "Clé déjà employée", [("Idempotency-Key", why)]) from reused


@router.get("/{reference}", response_model=Suivi, responses=UNKNOWN, summary="Suivre une demande")
def demand_status(request: Request, reference: Reference, sender: Reader) -> Response:
    """Son état, ce qui en est compris, sa page publique, son histoire."""
    with request.app.state.store.reading() as connection:
        found = _held(request, connection, sender, reference)
    return _told(request, found, 200)


@router.get("", response_model=Demandes, summary="Lister ses demandes")
def list_demands(
    request: Request,
    sender: Reader,
    limite: Annotated[int, Query(ge=1, le=100)] = 20,
    curseur: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """La plus récente d’abord ; « suivante » et l’en-tête Link mènent à la page suivante."""
    before = None if curseur is None else _number(curseur)
    submissions = Submissions(request.app.state.store)
    with request.app.state.store.reading() as connection:
        found = submissions.page(connection, sender, before, limite + 1)
    shown, site = found[:limite], site_of(request)
    there = None
    if len(found) > limite:
        there = f"/api/v1/demandes?limite={limite}&curseur={_cursor(shown[-1].id)}"
    body = Demandes(demandes=[followed(one, site) for one in shown], suivante=there)
    headers = {"Link": f'<{there}>; rel="next"'} if there else None
    return Response(body.model_dump_json(), headers=headers, media_type="application/json")


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(str(number).encode()).decode().rstrip("=")


def _number(cursor: str) -> int:
    try:
        told = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        told = ""
    if not _CURSOR.fullmatch(told):
        raise _wrong(400, "Paramètres incorrects", [("curseur", "curseur inconnu")])
    return int(told)


@router.delete(
    "/{reference}",
    status_code=202,
    response_model=Suivi,
    responses={200: {"model": Suivi, "description": "Déjà retirée"}} | UNKNOWN | STALE,
    summary="Retirer une demande",
)
def withdraw_demand(
    request: Request, reference: Reference, sender: Writer, condition: Believed
) -> Response:
    """Son lead est retiré (page 410) dans les secondes qui suivent. Elle peut être redéposée."""
    submissions, now = Submissions(request.app.state.store), request.app.state.clock()
    with writing(request, sender) as connection:
        try:
            done = submissions.withdraw(connection, sender, reference, now, condition)
        except ConditionFailed as failed:
            raise Problem(412, "Demande modifiée", "Relisez-la : elle a changé.") from failed
        found = _held(request, connection, sender, reference)
    request.app.state.desk.wake()
    return _told(request, found, 202 if done else 200)
