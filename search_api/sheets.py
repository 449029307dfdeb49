"""« Coller une fiche produit »: a long text becomes a search, with an address like any other."""

from dataclasses import replace
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from index.query import Query
from index.sheet import condensed
from search_api.forms import read_body
from search_api.links import address, sheet_address
from search_api.params import MAX_TEXT, query_params
from search_api.problems import Problem
from search_api.templating import render

router = APIRouter(include_in_schema=False)

# Characters of a sheet that is read; a character takes at most twelve bytes in a form.
MAX_SHEET = 20_000
_MAX_BODY = 12 * MAX_SHEET + 100

_EMPTY = "Collez le texte de la fiche, ou décrivez le produit en quelques phrases."
_LONG = "Ce texte est trop long : 20 000 caractères au plus."


def _page(request: Request, query: Query, error: str = "", status: int = 200) -> HTMLResponse:
    context = {
        "text": query.text,
        "action": sheet_address(query, text="", literal=(), without=()),
        "error": error,
        "limit": MAX_SHEET,
    }
    return render(request, "sheet.html", context, status)


def _asked(request: Request) -> Query:
    """The filters that the address carries; none when it does not make sense."""
    try:
        return query_params(request)
    except Problem:
        return Query()


@router.get("/fiche-produit")
def sheet(request: Request) -> HTMLResponse:
    """The form; the parameters of a search are kept, its text can be gone on with."""
    return _page(request, _asked(request))


@router.post("/fiche-produit")
async def search_by_sheet(request: Request) -> Response:
    """Sends to the results: a search that has an address can be shared, kept, made an alert."""
    query, body = _asked(request), await read_body(request, _MAX_BODY)
    if body is None:
        return _page(request, query, _LONG, 413)
    # An honest form is UTF-8 and has one field; anything else has no text.
    form = parse_qs(body.decode("utf-8", "replace"))
    text = form.get("fiche", [""])[0].replace("\0", " ").strip()
    if len(text) > MAX_SHEET:
        return _page(request, replace(query, text=text[:MAX_SHEET]), _LONG, 413)
    if not text:
        return _page(request, query, _EMPTY, 400)
    # Codes refused for another text are no business of this one.
    there = replace(query, text=condensed(text, MAX_TEXT), literal=(), without=(), offset=0)
    return RedirectResponse(address(there), 303)
