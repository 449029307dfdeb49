"""The address of a Query: short, shareable, the same for the pages and the API."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from index.query import Query

PAGE = 20

# Parameter in the address → field of the query.
PARAMETERS = {
    "q": "text",
    "litteral": "literal",
    "sans_code": "without",
    "secteur": "sector",
    "pays": "country",
    "region": "region",
    "cpv": "cpv",
    "sh": "hs",
    "naf": "naf",
    "source": "source",
    "etape": "stage",
    "langue": "language",
    "echeance": "deadline",
    "valeur": "value",
    "echeance_du": "deadline_from",
    "echeance_au": "deadline_to",
    "publie_du": "published_from",
    "publie_au": "published_to",
    "echus": "include_expired",
    "france": "include_domestic",
    "tri": "sort",
}
SORTS = {"relevance": "pertinence", "deadline": "echeance", "published": "publication"}

_DEFAULTS = {field.name: field.default for field in fields(Query)}


def short(cpv: str) -> str:
    """A CPV code without the zeros that say nothing: "39160000" → "3916"."""
    return cpv[:2] + cpv[2:].rstrip("0")


def _values(name: str, value: Any) -> tuple[str, ...]:
    if name == "without":
        return tuple(one.replace("HS ", "SH").replace(" ", "") for one in value)
    if isinstance(value, tuple):
        return tuple(map(short, value)) if name == "cpv" else value
    if value is True:
        return ("1",)
    if isinstance(value, date):
        return (value.isoformat(),)
    return (SORTS.get(value, value),)


def pairs(query: Query) -> Iterator[tuple[str, str]]:
    """Parameters that say this query, in a fixed order; what is empty or usual is left out."""
    for parameter, name in PARAMETERS.items():
        value = getattr(query, name)
        if value != _DEFAULTS[name]:
            yield from ((parameter, one) for one in _values(name, value))
    if query.offset:
        yield "page", str(query.offset // PAGE + 1)


def _at(page: str, query: Query) -> str:
    told = urlencode(list(pairs(query)))
    return f"{page}?{told}" if told else page


def address(query: Query, **changes: Any) -> str:
    """Address of the page that answers the query, with some fields changed."""
    return _at("/recherche", replace(query, **changes))


def sheet_address(query: Query, **changes: Any) -> str:
    """Address of the page where the text of the query can be pasted anew, its filters kept."""
    return _at("/fiche-produit", replace(query, offset=0, **changes))
