"""The application: rooms opened once, pages and API on top, every failure answered."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import Any

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import SQLAlchemyError

from index.engine import EngineAway
from index.engines import open_engine
from index.facts import Facts
from index.query import Query
from index.settings import Settings
from index.store import LeadStore
from ingest.submissions.demand import Demande
from search_api import (
    account_pages,
    api,
    curation_pages,
    curation_quarantine,
    curation_sources,
    curation_typed,
    curation_words,
    deposits,
    enrolment,
    follow_ups,
    health,
    indicators,
    journal_pages,
    open_data,
    own_account,
    pages,
    partner_account,
    provider_sign_in,
    queue_pages,
    review_pages,
    rule_pages,
    sheets,
    sign_in,
    source_states,
    status,
    submission_lots,
    submissions,
    usefulness_api,
    usefulness_pages,
    votes,
)
from search_api.board import Board
from search_api.desk import Desk, open_worker
from search_api.errands import Errands
from search_api.extracts import Extracts
from search_api.failures import install
from search_api.indicator_figures import Figures
from search_api.meter import Meter
from search_api.oidc import Provider
from search_api.opening import utcnow
from search_api.rights import guard
from search_api.seal import Seal
from taxonomies.suggest import suggest

log = logging.getLogger(__name__)

DESCRIPTION = """Recherche de leads commerciaux à l'étranger : appels d'offres, demandes de
distributeurs et d'importateurs. Les paramètres d'une recherche sont les mêmes que ceux de
l'adresse d'une page de résultats. Les erreurs suivent la RFC 9457 (problem+json)."""


def _count(facts: Facts) -> None:
    """Read the columns of leads before somebody asks: it takes seconds on a large record."""
    try:
        facts.read()
    except SQLAlchemyError as error:
        log.warning("leads cannot be counted: %s", error)


def _contract_page() -> RedirectResponse:
    return RedirectResponse("/api/openapi.json")


def _contract(generated: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """FastAPI's contract, with the refusals that ``failures`` really answers: a wrong value is
    400, never FastAPI's own 422."""

    def contract() -> dict[str, Any]:
        told = generated()
        for operation in (one for path in told["paths"].values() for one in path.values()):
            own = str(operation["responses"].get("422", ""))
            if "HTTPValidationError" in own:
                del operation["responses"]["422"]
        for name in ("HTTPValidationError", "ValidationError"):
            told["components"]["schemas"].pop(name, None)
        # Read by a reader of ours, a demand is not among the bodies that FastAPI knows.
        written = Demande.model_json_schema(ref_template="#/components/schemas/{model}")
        told["components"]["schemas"] |= written.pop("$defs") | {"Demande": written}
        return told

    return contract


def create_app(settings: Settings, clock: Callable[[], datetime] = utcnow) -> FastAPI:
    """The whole site on one record and one engine. Raises RecordError when it has no record."""
    store = LeadStore.open(settings.record_url)
    facts = Facts(store, settings.data)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # The first suggestion builds the list of words, the first search reads the names of codes:
        # nobody should wait for them.
        suggest("a", 1)
        with suppress(EngineAway):
            app.state.engine.search(Query("mobilier"), clock())
        app.state.desk.start()
        counting = Thread(target=_count, args=(facts,))
        counting.start()
        yield
        facts.closed.set()
        counting.join()
        app.state.desk.close()
        app.state.errands.close()
        store.close()

    app = FastAPI(
        title="Débouchés",
        version=version("debouches"),
        description=DESCRIPTION,
        license_info={"name": "AGPL-3.0-or-later"},
        # Swagger's page would load its scripts from someone else's server.
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.clock = clock
    app.state.store = store
    app.state.engine = open_engine(settings)
    app.state.seal = Seal(settings)
    app.state.provider = Provider(settings) if settings.oidc_issuer else None
    app.state.figures = Figures(store, facts, settings.sources)
    app.state.indicator_pages = indicators.kept_pages()
    folder = settings.data / "donnees-ouvertes"
    app.state.extracts = Extracts(store, facts, settings.sources, folder, settings.site_url, clock)
    app.state.errands = Errands(settings, store, app.state.engine, clock)
    app.state.board = Board(store, settings.sources, clock)
    app.state.meter = Meter()
    app.state.desk = Desk(open_worker(settings, store, lambda: app.state.engine, clock))
    app.include_router(api.router)
    app.include_router(deposits.router)
    app.include_router(submission_lots.router)
    app.include_router(submissions.router)
    app.include_router(partner_account.router)
    app.include_router(source_states.router)
    app.include_router(health.router)
    app.include_router(indicators.router)
    app.include_router(indicators.pages)
    app.include_router(open_data.router)
    app.include_router(pages.router)
    app.include_router(sheets.router)
    app.include_router(status.router)
    app.include_router(sign_in.router)
    app.include_router(enrolment.router)
    app.include_router(provider_sign_in.router)
    app.include_router(curation_pages.router)
    app.include_router(account_pages.router)
    app.include_router(own_account.router)
    app.include_router(queue_pages.router)
    app.include_router(review_pages.router)
    app.include_router(rule_pages.router)
    app.include_router(journal_pages.router)
    app.include_router(follow_ups.router)
    app.include_router(usefulness_pages.router)
    app.include_router(usefulness_api.router)
    app.include_router(votes.router)
    app.include_router(votes.api)
    app.include_router(curation_words.router)
    app.include_router(curation_quarantine.router)
    app.include_router(curation_sources.router)
    app.include_router(curation_typed.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    app.get("/api/docs", include_in_schema=False)(_contract_page)
    app.openapi = _contract(app.openapi)  # type: ignore[method-assign]
    install(app)
    guard(app)
    return app
