"""Every failure on its way out: problem+json to machines, a French page to people."""

import logging
from http import HTTPStatus

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import OperationalError, TimeoutError
from starlette.exceptions import HTTPException

from index.engine import EngineAway
from search_api.access import SignInAsked
from search_api.pages import error_page
from search_api.problems import Problem, wrong_parameters
from search_api.seal import SealError

log = logging.getLogger(__name__)

# Seconds after which a client may try again when the record is busy or away.
RETRY_AFTER = 5


def answer(request: Request, problem: Problem) -> Response:
    """The problem as a page for people, as problem+json for machines."""
    body = problem.body
    if request.url.path.startswith("/api/") or request.url.path in ("/healthz", "/readyz"):
        return Response(
            orjson.dumps(body.model_dump(exclude_defaults=False)),
            body.status,
            problem.headers,
            "application/problem+json",
        )
    page = error_page(request, body.status, body.detail, body.title if body.detail else "")
    page.headers.update(problem.headers)
    if hasattr(request.state, "person"):
        page.headers["Cache-Control"] = "no-store"
    return page


def install(app: FastAPI) -> None:
    """Every failure of the application goes through ``answer``."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> Response:
        return answer(request, error)

    @app.exception_handler(SealError)
    async def _sealed(request: Request, error: SealError) -> Response:
        log.error("a secret cannot be read: %s", error)
        return answer(request, Problem(503, "Secret illisible", str(error)))

    @app.exception_handler(SignInAsked)
    async def _nobody(request: Request, asked: SignInAsked) -> Response:
        return RedirectResponse(asked.address, 303, {"Cache-Control": "no-store"})

    @app.exception_handler(RequestValidationError)
    async def _parameters(request: Request, error: RequestValidationError) -> Response:
        return answer(request, wrong_parameters(error.errors()))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        titles = {404: "Introuvable", 405: "Méthode non permise"}
        title = titles.get(error.status_code, HTTPStatus(error.status_code).phrase)
        headers = dict(error.headers or {})
        return answer(request, Problem(error.status_code, title, headers=headers))

    @app.exception_handler(TimeoutError)
    @app.exception_handler(OperationalError)
    async def _record(request: Request, error: OperationalError | TimeoutError) -> Response:
        log.error("record unavailable: %s", getattr(error, "orig", error))
        headers = {"Retry-After": str(RETRY_AFTER)}
        return answer(request, Problem(503, "Registre indisponible", headers=headers))

    @app.exception_handler(EngineAway)
    async def _engine(request: Request, error: EngineAway) -> Response:
        log.error("search engine unavailable: %r", error.__cause__ or error)
        headers = {"Retry-After": str(RETRY_AFTER)}
        detail = "La recherche est momentanément indisponible ; réessayez dans un instant."
        return answer(
            request, Problem(503, "Moteur de recherche indisponible", detail, headers=headers)
        )

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> Response:
        # The route, not the address: some addresses are secret.
        route = getattr(request.scope.get("route"), "path", "an unknown route")
        log.error("unexpected failure on %s", route, exc_info=error)
        return answer(request, Problem(500, "Erreur interne"))
