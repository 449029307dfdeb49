"""Whether the service lives, and whether what it would answer is up to date."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from index.engine import SearchEngine
from index.store import LeadStore
from search_api.problems import Problem

router = APIRouter(include_in_schema=False)


class Health(BaseModel):
    """record, index: last sequence written and last sequence that can be found."""

    status: str = "ok"
    record: int = 0
    index: int = 0


@router.get("/healthz")
def alive() -> Health:
    """The process answers."""
    return Health()


@router.get("/readyz")
def ready(request: Request) -> Health:
    """The record answers and the index holds all of it; 503 when the index is behind."""
    store: LeadStore = request.app.state.store
    engine: SearchEngine = request.app.state.engine
    health = Health(record=store.last_sequence(), index=engine.sequence())
    if health.index < health.record:
        detail = f"L'index s'arrête à l'écriture {health.index} sur {health.record}."
        raise Problem(503, "Index en retard", detail, headers={"Retry-After": "5"})
    return health
