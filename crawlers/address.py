"""Addresses: who answers for one, and the parameters of its query."""

from urllib.parse import parse_qsl, urlencode, urlsplit


def origin(address: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of an address: who answers, and how. Raises ValueError."""
    parts = urlsplit(address)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port


def with_parameter(address: str, name: str, value: str) -> str:
    """An address in which a parameter of the query has this value."""
    left = _query(without_parameter(address, name))
    return urlsplit(address)._replace(query=urlencode([*left, (name, value)])).geturl()


def without_parameter(address: str, name: str) -> str:
    """An address without a parameter of its query; as it was written, when it has none."""
    query = _query(address)
    if name not in dict(query):
        return address
    left = urlencode([one for one in query if one[0] != name])
    return urlsplit(address)._replace(query=left).geturl()


def _query(address: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(address).query, True)
