"""Templates: their environment, escaped throughout, typeset in French, under a strict policy."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from search_api import labels, trail_words, words

# Nothing inline, nothing from elsewhere: a title that slips through still cannot run.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}

# No style injected, no eval (both are against the policy); pages are reloaded rather than kept in
# the browser's storage; a wrong value (400) is shown like any answer.
_HTMX = {
    "includeIndicatorStyles": False,
    "allowEval": False,
    "historyCacheSize": 0,
    "refreshOnHistoryMiss": True,
    "selfRequestsOnly": True,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "400", "swap": True},
        {"code": "[45]..", "swap": False, "error": True},
    ],
}


_LABELS = ("code_label", "code_name", "code_path", "country_label", "region_label",
           "language_label", "sector_label")  # fmt: skip
_TABLES = ("STAGES", "METHODS", "SORTS", "SCHEMES", "CHANGES", "WITHOUT_HS")


class _Typography(Extension):
    """Sets the no-break spaces of French in the templates' own words, not in their values."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        for token in stream:
            if token.type == "data":
                yield Token(token.lineno, "data", words.typeset(token.value))
            else:
                yield token


@cache
def asset(name: str) -> str:
    """Address of a static file, which changes with its content."""
    content = files("search_api").joinpath("static", name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:8]}"


@cache
def environment() -> Environment:
    """The templates with their filters and the names they may use."""
    made = Environment(
        loader=PackageLoader("search_api"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=[_Typography],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= words.FILTERS
    made.globals |= {
        "asset": asset,
        "TRAIL": trail_words.VALUES,
        "HTMX_CONFIG": json.dumps(_HTMX),
        **{name: getattr(words, name) for name in _TABLES},
        **{name: getattr(labels, name) for name in _LABELS},
    }
    return made


def render(
    request: Request,
    template: str,
    context: dict[str, Any],
    status: int = 200,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> HTMLResponse:
    """A page under the strict policy."""
    page = environment().get_template(template)
    body = page.render(here=request.url.path, **context)
    return HTMLResponse(body, status, {**HEADERS, **headers})
