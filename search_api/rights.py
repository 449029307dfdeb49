"""The table of rights: each route, and whom it serves. A route that nobody declared stops all."""

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from search_api.access import ROLES, Person, Require, Role, may

# Words of the table for routes that ask for no role: everybody, and who shows an API key.
PUBLIC, KEY = "public", "clé"

Rights = dict[tuple[str, str], str]


class UndeclaredRouteError(RuntimeError):
    """A route neither requires a role nor is listed as open: the site does not start."""


@cache
def table() -> Rights:
    """(route, method) → role, ``PUBLIC`` or ``KEY``, as ``rights.csv`` says."""
    text = files("search_api").joinpath("rights.csv").read_text("utf-8")
    return {(one["route"], one["method"]): one["role"] for one in csv.DictReader(text.splitlines())}


def _requirements(dependant: Any) -> Iterator[Role]:
    if isinstance(dependant.call, Require):
        yield dependant.call.role
    for one in dependant.dependencies:
        yield from _requirements(one)


def declared(app: FastAPI) -> dict[tuple[str, str], Role | None]:
    """(route, method) → the role that the code asks for, None when it asks for none."""
    found: dict[tuple[str, str], Role | None] = {}
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        roles = list(_requirements(dependant)) if dependant else []
        for method in (route.methods or {"GET"}) - {"HEAD", "OPTIONS"}:
            found[str(route.path), method] = max(roles, key=ROLES.index) if roles else None
    return found


def guard(app: FastAPI) -> None:
    """Remember the rights of every route. Raises UndeclaredRouteError for one without any."""
    rights = declared(app)
    for route, role in rights.items():
        if role is None and table().get(route) not in (PUBLIC, KEY):
            raise UndeclaredRouteError(
                f"{route[1]} {route[0]}: depend on access.require, or list it in rights.csv"
            )
    app.state.rights = rights


def reaches(app: FastAPI, person: Person, path: str) -> bool:
    """Whether there is a page at this path, and the person may see it."""
    role = app.state.rights.get((path, "GET"))
    return role is not None and may(person.role, role)
