"""Who may do what: every route, for nobody and for each role, against the table of rights."""

import re
from collections.abc import Iterator

import pytest
from conftest import NOW, Signed, enrolled
from fastapi import APIRouter, Depends, FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from index.settings import Settings
from search_api.access import ROLES, Person, may, require
from search_api.app import create_app
from search_api.rights import KEY, PUBLIC, UndeclaredRouteError, declared, guard, table

ROUTES = sorted(table().items())


pytestmark = pytest.mark.usefixtures("cheap")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The whole site on an empty record."""
    settings = Settings(data=tmp_path_factory.mktemp("site"), database_url="")
    opened = create_app(settings, clock=lambda: NOW)
    yield opened
    opened.state.store.close()


@pytest.fixture(scope="module")
def people(site: FastAPI) -> dict[str, Person | None]:
    """Nobody, and somebody of each role."""
    return {"": None, **{role: enrolled(site, role, role) for role in ROLES}}


def test_the_table_of_rights_says_every_route_and_what_the_code_asks(site: FastAPI) -> None:
    asked = declared(site)
    told = {route: None if role in (PUBLIC, KEY) else role for route, role in table().items()}
    assert asked == told, "complete search_api/rights.csv"


def _address(route: str) -> str:
    return re.sub(r"{[^}]*}", "1", route)


def _refused(answer: Response) -> bool:
    asked = answer.headers.get("location", "").startswith("/connexion?suite=")
    return asked or answer.status_code in (401, 403)


@pytest.mark.parametrize(
    ("route", "role"), ROUTES, ids=[f"{method} {path}" for (path, method), _ in ROUTES]
)
def test_a_route_serves_those_whom_the_table_says_and_nobody_else(
    site: FastAPI, people: dict[str, Person | None], route: tuple[str, str], role: str
) -> None:
    path, method = route
    for whose, person in people.items():
        client = Signed(site, person) if person else TestClient(site, follow_redirects=False)
        own = {"X-Jeton": client.jeton} if isinstance(client, Signed) else {}
        high = role == PUBLIC or (person and role in ROLES and may(person.role, role))
        if high and role in ROLES and method != "GET":
            assert client.request(method, _address(path)).status_code == 403, "without its token"
        answer = client.request(method, _address(path), headers=own)
        assert _refused(answer) is not bool(high), (whose, answer.status_code)


def test_a_site_with_a_route_that_nobody_declared_does_not_start(site: FastAPI) -> None:
    router = APIRouter()
    router.post("/curation/nouveau")(lambda: None)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(router)
    with pytest.raises(UndeclaredRouteError, match="POST /curation/nouveau"):
        guard(app)


def test_a_role_asked_for_the_whole_router_declares_its_routes() -> None:
    router = APIRouter(dependencies=[Depends(require("analyste"))])
    router.post("/curation/nouveau")(lambda: None)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(router)
    guard(app)
    assert app.state.rights == {("/curation/nouveau", "POST"): "analyste"}
