"""The states of sources as JSON: ``/api/v1/sources``, and how fresh those of an answer are."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from index.query import Hit
from ingest.collections import State
from ingest.health import Account, Health, SourceState, Way
from ingest.incidents import Incident
from ingest.monitors import TITLES
from search_api.board import MINUTE, Board
from search_api.problems import refusals

router = APIRouter(
    prefix="/api/v1",
    responses=refusals(_503="Service momentanément indisponible"),
)

# What a browser or a cache may keep for as long as the board keeps its own reading.
CACHED = {"Cache-Control": f"public, max-age={int(MINUTE.total_seconds())}"}


class Freshness(BaseModel):
    """How fresh a source is. promoted: when something of it was last let in."""

    title: str
    promoted: datetime | None
    health: Health


class CollectionBody(BaseModel):
    """A collection. items: notices seen in it; received, new: what its ingestion counted, null when
    it was not let in. why: what holds it, or made it impossible, in French."""

    number: int
    state: State
    started: datetime
    finished: datetime | None
    since: date | None
    until: date | None
    items: int
    received: int | None
    new: int | None
    why: list[str]


class DayBody(BaseModel):
    """What came in on one day of Paris."""

    day: date
    received: int
    new: int
    runs: int


class IncidentBody(BaseModel):
    """What somebody should look at, in French; detail may quote the source. kind, title: of the
    monitor that said so."""

    number: int
    kind: str
    title: str
    detail: str
    opened: datetime
    last: datetime
    times: int
    closed: datetime | None


class SourceBody(BaseModel):
    """A source and its state. way: we ask for it, people bring it, or it is over. rhythm: in
    French. expected: notices a run brings, at least and at most. promoted: when something was last
    let in. newest: publication of its newest notice. Ages are in seconds. due: when it is to be
    asked next, in the past when it still is. volume: the last thirty days."""

    name: str
    title: str
    publisher: str
    country: str
    licence: str
    url: str
    fictitious: bool
    way: Way
    rhythm: str
    health: Health
    last: CollectionBody | None
    promoted: datetime | None
    promoted_age: int | None
    newest: datetime | None
    newest_age: int | None
    due: datetime | None
    expected: tuple[int, int]
    volume: list[DayBody]
    leads: int
    quarantined: int
    incidents: list[IncidentBody]


class SourcesBody(BaseModel):
    """All sources at one moment. up_to_date: how many of them are."""

    at: datetime
    up_to_date: int
    total: int
    sources: list[SourceBody]


_PAGE = {"name", "title", "publisher", "country", "licence", "url", "fictitious", "expected"}


def collection_body(one: Account, held: Iterable[str] = ()) -> CollectionBody:
    """A collection as JSON, without the names of those who decided."""
    row = one.collection
    return CollectionBody(
        number=row.number,
        state=row.state,
        started=row.started,
        finished=row.finished,
        since=row.since,
        until=row.until,
        items=row.volume,
        received=one.received,
        new=one.new,
        why=[row.impossible] if row.impossible else list(held),
    )


def incident_body(one: Incident) -> IncidentBody:
    """An incident as JSON."""
    return IncidentBody(title=TITLES.get(one.kind, one.kind), **asdict(one))


def source_body(state: SourceState) -> SourceBody:
    """A state as JSON."""
    return SourceBody(
        **state.page.model_dump(include=_PAGE),
        way=state.way,
        rhythm=state.rhythm,
        health=state.health,
        last=collection_body(state.last, state.why_held) if state.last else None,
        promoted=state.promoted,
        promoted_age=_age(state, state.promoted),
        newest=state.newest,
        newest_age=_age(state, state.newest),
        due=state.due,
        volume=[DayBody(**asdict(day)) for day in state.volume],
        leads=state.leads,
        quarantined=state.quarantined,
        incidents=[incident_body(one) for one in state.incidents],
    )


def _age(state: SourceState, moment: datetime | None) -> int | None:
    return None if moment is None else int((state.at - moment).total_seconds())


def freshness(board: Board, hits: Iterable[Hit]) -> dict[str, Freshness]:
    """How fresh the sources of these answers are, by name, as far as it is known."""
    known = board.known(hit.lead.source for hit in hits)
    return {
        name: Freshness(title=one.page.title, promoted=one.promoted, health=one.health)
        for name, one in known.items()
    }


def _board(request: Request) -> Board:
    board: Board = request.app.state.board
    return board


@router.get("/sources", response_model=SourcesBody, summary="État des sources")
def sources(board: Annotated[Board, Depends(_board)]) -> Response:
    """Where each source stands: last collection, freshness, volume, incidents. A minute old at
    most."""
    read = board.read()
    body = SourcesBody(
        at=read.at,
        up_to_date=sum(one.health == "à jour" for one in read.states),
        total=len(read.states),
        sources=[source_body(one) for one in read.states],
    )
    return Response(body.model_dump_json(), headers=CACHED, media_type="application/json")
