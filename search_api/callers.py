"""Who calls: the partner whose key is shown, once it is seen to open what is asked."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from search_api.api_keys import ApiKeys, Key
from search_api.problems import Problem

_bearer = HTTPBearer(
    auto_error=False, scheme_name="cle", description="Clé remise par l’exploitant : deb_…"
)


def holding(scope: str) -> Callable[..., Key]:
    """A dependency that gives the key shown, which must have this scope: 401, 403 problems."""

    def held(
        request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Key:
        now = request.app.state.clock()
        key = ApiKeys(request.app.state.store).shown(shown.credentials, now) if shown else None
        if key is None:
            detail = "Une clé valable est attendue : « Authorization: Bearer deb_… »."
            raise Problem(401, "Clé refusée", detail, headers={"WWW-Authenticate": "Bearer"})
        if scope not in key.scopes:
            raise Problem(403, "Clé insuffisante", f"Cette clé n’a pas la portée « {scope} ».")
        return key

    return held
