"""The deposit by HTTP: a partner sends a file, which waits in the drop folder of its source."""

import errno
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect

from index.settings import Settings
from index.store import LeadStore
from ingest.deposit import Deposit, Deposited, status
from ingest.drop import wrong_name
from ingest.freeze import WAITS, Freezes
from ingest.source import sources
from search_api.api_keys import Key
from search_api.bodies import announced, too_large
from search_api.callers import holding
from search_api.problems import Fault, Problem, refusals

log = logging.getLogger(__name__)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


DOOR = refusals(
    _400="Nom de fichier ou corps incorrect",
    _401="Clé absente ou inconnue",
    _403="Clé d’une autre source, ou qui ne dépose pas",
    _404="Source ou fichier inconnu",
    _503="Dossier de dépôt indisponible",
)
BODY = refusals(
    _413="Fichier trop volumineux",
    _415="Corps compressé par le transport",
    _507="Espace insuffisant",
)
BINARY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

router = APIRouter(prefix="/api/v1/depots", responses=DOOR)


class Receipt(BaseModel):
    """A file that was received. name: the one it has, numbered when another file had it. size:
    bytes. state: waiting to be read, read, or held until somebody has looked at it. note: what
    keeps it waiting longer than usual, in French, "" normally."""

    source: str
    name: str
    size: int
    sha256: str
    state: Literal["waiting", "read", "held"]
    note: str = ""


def _allowed(
    request: Request,
    source: str,
    key: Annotated[Key, Depends(holding("depots:ecrire"))],
) -> str:
    """The source, once its key was shown."""
    settings: Settings = request.app.state.settings
    if source not in sources(settings.sources):
        raise Problem(404, "Source inconnue", "Aucune source ne porte ce nom.")
    if source != key.partner or key.sandbox:
        raise Problem(403, "Clé d’une autre source", "Cette clé ne dépose pas pour cette source.")
    return source


def _named(filename: str) -> str:
    if fault := wrong_name(filename):
        raise Problem(400, "Nom incorrect", fault, [Fault(parametre="filename", message=fault)])
    return filename


Allowed = Annotated[str, Depends(_allowed)]
Named = Annotated[str, Depends(_named)]


@asynccontextmanager
async def _deposit(settings: Settings, source: str, name: str) -> AsyncIterator[Deposit]:
    """A deposit that leaves nothing when anything goes wrong."""
    opened: Deposit | None = None
    try:
        opened = await run_in_threadpool(Deposit, settings.drop_folder / source, name)
        yield opened
    except ClientDisconnect as gone:
        raise Problem(400, "Envoi interrompu", "Le corps n’est pas arrivé en entier.") from gone
    except OSError as error:
        log.error("deposit for %s refused by the disk: %s", source, error.strerror)
        if error.errno in _FULL:
            raise Problem(507, "Espace insuffisant", "Réessayez plus tard.") from error
        raise Problem(
            503, "Dépôt indisponible", "Le dossier de dépôt n’est pas accessible."
        ) from error
    finally:
        if opened is not None:
            opened.drop()


async def _receive(request: Request, deposit: Deposit, limit: int) -> Deposited:
    async for data in request.stream():
        if deposit.size + len(data) > limit:
            raise too_large(limit)
        await run_in_threadpool(deposit.write, data)
    if not deposit.size:
        raise Problem(400, "Fichier vide", "Le corps de la requête est vide.")
    return await run_in_threadpool(deposit.keep)


def _is_frozen(store: LeadStore, source: str) -> bool:
    """Said when it is known: a file is kept whether the record answers or not."""
    try:
        return source in Freezes(store).all()
    except SQLAlchemyError:
        log.warning("frozen sources cannot be read", exc_info=True)
        return False


def _receipt(store: LeadStore, source: str, found: Deposited) -> Receipt:
    waits = found.state == "waiting" and _is_frozen(store, source)
    return Receipt(
        source=source, name=found.name, size=found.size, sha256=found.sha256, state=found.state,
        note=WAITS if waits else "",
    )  # fmt: skip


@router.put(
    "/{source}/{filename}",
    status_code=202,
    response_model=Receipt,
    responses={200: {"model": Receipt, "description": "Fichier déjà reçu"}, **BODY},
    openapi_extra=BINARY,
    summary="Déposer un fichier",
)
async def deposit_file(request: Request, source: Allowed, filename: Named) -> Response:
    """Keeps a file, to be read within minutes: 202, with the address of its status. The same bytes
    sent again under the same name are kept once: 200."""
    settings: Settings = request.app.state.settings
    limit = settings.deposit_max_mb * 1_000_000
    announced(request, limit)
    async with _deposit(settings, source, filename) as deposit:
        found = await _receive(request, deposit, limit)
    receipt = await run_in_threadpool(_receipt, request.app.state.store, source, found)
    there = request.app.url_path_for("deposit_status", source=source, filename=found.name)
    return Response(
        receipt.model_dump_json(),
        200 if found.again else 202,
        {"Location": quote(str(there))},
        "application/json",
    )


@router.get("/{source}/{filename}", response_model=Receipt, summary="Suivre un dépôt")
def deposit_status(request: Request, source: Allowed, filename: Named) -> Receipt:
    """Whether a file waits, was read, or is held."""
    settings: Settings = request.app.state.settings
    found = status(settings.drop_folder / source, filename)
    if found is None:
        raise Problem(404, "Fichier inconnu", "Aucun fichier de ce nom n’a été déposé.")
    return _receipt(request.app.state.store, source, found)
