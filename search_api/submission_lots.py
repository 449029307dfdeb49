"""Batches by the submission API: up to 10,000 demands, a verdict for each line as it is read."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from ingest.submissions.idempotency import Answered, remember
from ingest.submissions.lots import LEFT, MOST, Lot, Lots
from ingest.submissions.record import Sender
from search_api.bodies import announced, told_as, whole
from search_api.demand_views import address
from search_api.meter import MeteredRoute
from search_api.problems import Fault, Problem, refusals
from search_api.submissions import (
    DOOR,
    Reader,
    Writer,
    again,
    idempotency_of,
    page_of,
    writing,
)

# Bytes of a whole batch.
_LARGEST = 32_000_000
_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
_REFUSED = refusals(
    _400="Lot vide ou interrompu",
    _409="Ce lot est en cours de lecture (Retry-After dit quand réessayer)",
    _413="Lot de plus de 10 000 lignes ou 32 Mo",
    _415="Corps compressé, ou autre chose que des lignes de JSON en UTF-8",
    _422="Idempotency-Key déjà venue avec un autre corps",
)


class Verdict(BaseModel):
    """Une ligne d’un lot : reçue, inchangée, ou refusée avec ses fautes. adresse : où la suivre."""

    ligne: int
    statut: str
    reference: str | None = None
    adresse: str | None = None
    erreurs: list[Fault] | None = None


_LINES: dict[str, Any] = {
    "content": {_TYPES[0]: {"schema": {"$ref": "#/components/schemas/Verdict"}}},
    "model": Verdict,
}
_WRITTEN = {
    "requestBody": {
        "required": True,
        "description": "Une demande par ligne, chacune avec sa référence.",
        "content": {_TYPES[0]: {"schema": {"$ref": "#/components/schemas/Demande"}}},
    }
}

router = APIRouter(
    prefix="/api/v1/demandes/lot", route_class=MeteredRoute, responses=DOOR, tags=["Demandes"]
)


async def _body(request: Request, _caller: Writer) -> bytes:
    told_as(request, *_TYPES)
    announced(request, _LARGEST)
    return await whole(request, _LARGEST)


@router.post(
    "",
    status_code=202,
    response_class=StreamingResponse,
    responses={202: {**_LINES, "description": "Un verdict par ligne, dans l’ordre"}, **_REFUSED},
    openapi_extra=_WRITTEN,
    summary="Déposer un lot de demandes",
)
def post_lot(
    request: Request,
    sender: Writer,
    data: Annotated[bytes, Depends(_body)],
    idempotency_key: Annotated[
        str | None, Header(description="De votre choix, gardée 48 h : un lot renvoyé est le même")
    ] = None,
) -> Response:
    """Le lot entier est mis à l’abri, puis chaque ligne reçoit son verdict. Une ligne incorrecte
    n’arrête pas les autres. Si la connexion se coupe, le lot se poursuit : Location en redonne les
    verdicts."""
    page_of(request, sender)
    lines = data.split(b"\n")
    if sum(1 for line in lines if line.strip()) > MOST:
        raise Problem(413, "Lot trop long", f"{MOST} lignes au plus.")
    if not data.strip():
        raise Problem(400, "Lot vide", "Une demande par ligne est attendue.")
    key = None if idempotency_key is None else idempotency_of(idempotency_key)
    lots, now = Lots(request.app.state.store), request.app.state.clock()
    with writing(request, sender) as connection:
        told = again(connection, sender, key, data) if key else None
        if told is None:
            number = lots.open(connection, sender, lines, now)
            if key:
                remember(connection, sender, key, data, Answered("", number), now)
    if told is not None:
        number = _resumed(request, lots, sender, told)
    return _streamed(request, lots, number)


def _resumed(request: Request, lots: Lots, sender: Sender, told: Answered) -> int:
    """The batch that this request opened before: 409 while it is being read."""
    lot = _found(lots, sender, told.lot or 0)
    if not lot.whole and request.app.state.clock() - lot.touched < LEFT:
        headers = {"Retry-After": "1", "Location": _place(lot.id)}
        raise Problem(
            409, "Lot en cours", "Ses verdicts sont à l’adresse de Location.", (), headers
        )
    return lot.id


@router.get(
    "/{numero}",
    response_class=StreamingResponse,
    responses={
        200: {**_LINES, "description": "Tous les verdicts"},
        202: {**_LINES, "description": "Les verdicts rendus jusqu’ici"},
        **refusals(_404="Lot inconnu"),
    },
    summary="Relire les verdicts d’un lot",
)
def lot_verdicts(request: Request, numero: int, sender: Reader) -> Response:
    """Les verdicts dans l’ordre des lignes ; 202 tant qu’il en manque."""
    lots = Lots(request.app.state.store)
    lot = _found(lots, sender, numero)
    body = "".join(map(_line, lots.verdicts(lot.id, 0)))
    headers = {} if lot.whole else {"Retry-After": "1"}
    return Response(body, 200 if lot.whole else 202, headers, _TYPES[0])


def _found(lots: Lots, sender: Sender, number: int) -> Lot:
    # A number that no database holds is no batch.
    known = 0 < number < 1 << 62
    lot = lots.get(number, sender.partner, sender.sandbox) if known else None
    if lot is None:
        raise Problem(404, "Lot inconnu", "Aucun de vos lots n’a ce numéro.")
    return lot


def _streamed(request: Request, lots: Lots, number: int) -> Response:
    clock, desk = request.app.state.clock, request.app.state.desk

    def verdicts() -> Iterator[str]:
        sent, going = 0, True
        while going:
            going = lots.go_on(number, clock())
            desk.wake()
            told = lots.verdicts(number, sent)
            sent += len(told)
            yield "".join(map(_line, told))

    headers = {"Location": _place(number)}
    return StreamingResponse(verdicts(), 202, headers, _TYPES[0])


def _line(verdict: str) -> str:
    told = Verdict.model_validate_json(verdict)
    if told.reference:
        told = told.model_copy(update={"adresse": address(told.reference)})
    return told.model_dump_json(exclude_none=True) + "\n"


def _place(number: int) -> str:
    return f"/api/v1/demandes/lot/{number}"
