"""A connection to the cluster, and its failures in our words."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from opensearchpy import OpenSearch
from opensearchpy.exceptions import (
    HTTP_EXCEPTIONS,
    AuthenticationException,
    AuthorizationException,
    ConnectionError,
    NotFoundError,
    RequestError,
    SerializationError,
    TransportError,
)

from index.engine import EngineAway

# Seconds that a request may take: a search that takes more helps nobody. What changes indices has
# more: asked again, it would only take longer.
PATIENCE = 10.0
UNHURRIED: dict[str, Any] = {"request_timeout": 60}

# Beyond the queue, the memory or the disk that the cluster has: it may be better later.
OVERWORKED = frozenset({408, 429, 500, 502, 503, 504})

_JSON = orjson.OPT_SERIALIZE_NUMPY


class _Json:
    """What the library asks of a serialiser; its own takes ten times as long with vectors."""

    mimetype = "application/json"

    def dumps(self, data: Any) -> Any:
        return data if isinstance(data, (str, bytes)) else orjson.dumps(data, option=_JSON)

    def loads(self, text: str) -> Any:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise SerializationError(text, error) from error


def connect(
    addresses: str,
    user: str = "",
    password: str = "",
    authority: Path | None = None,
    patience: float = PATIENCE,
) -> OpenSearch:
    """A client of the cluster at these addresses, separated by commas. Connects at the first
    request. authority: certificate of who signs those of the nodes. patience: seconds for an
    answer."""
    hosts = [one for one in re.split(r"[\s,]+", addresses) if one]
    options: dict[str, Any] = {"ca_certs": str(authority)} if authority else {}
    if user:
        options["http_auth"] = (user, password)
    return OpenSearch(
        hosts,
        serializer=_Json(),
        http_compress=False,
        timeout=patience,
        # Another node, when there is one; a node that is late is not asked twice.
        max_retries=len(hosts) - 1,
        retry_on_timeout=False,
        **options,
    )


def lines(parts: Iterable[Any]) -> bytes:
    """Objects as the bulk and multiple requests want them, one a line."""
    return b"".join(orjson.dumps(one, option=_JSON | orjson.OPT_APPEND_NEWLINE) for one in parts)


@contextmanager
def speaking() -> Iterator[None]:
    """Raises EngineAway when the cluster cannot be reached, has too much to do, or refuses us."""
    try:
        yield
    except (AuthenticationException, AuthorizationException) as error:
        raise EngineAway("OpenSearch refuse notre compte.") from error
    except (ConnectionError, SerializationError) as error:
        raise EngineAway("OpenSearch ne répond pas.") from error
    except (NotFoundError, RequestError):
        raise
    except TransportError as error:
        if error.status_code not in OVERWORKED:
            raise
        raise EngineAway("OpenSearch est momentanément débordé.") from error


def each(told: Any) -> Iterator[Any]:
    """Answers of a multiple request. Raises as the first of them that failed would alone."""
    for one in told["responses"]:
        if error := one.get("error"):
            status = int(one["status"])
            raise HTTP_EXCEPTIONS.get(status, TransportError)(status, error["type"], error)
        yield one
