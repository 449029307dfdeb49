"""« /curation/file »: the leads that wait, and what can be decided of several at once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from index import waiting
from index.reviews import Kind
from index.waiting import Order, Wanted
from ingest.curation import Conflict, Refusal
from ingest.doubt import kinds
from ingest.source import sources
from search_api.access import Analyste, Lecteur, may
from search_api.curating import Form, curation, integer, publish, text, texts
from search_api.curation_pages import show
from search_api.labels import country_label, sector_label
from search_api.review_pages import REASONS

router = APIRouter(include_in_schema=False)

_PAGE = 30
_ORDERS: Mapping[str, Order] = {"doute": "doubt", "echeance": "deadline"}
_KINDS: Mapping[str, Kind] = {"publier": "publish", "rejeter": "reject", "attendre": "hold"}
# Kinds of reasons → what the filter calls them.
REASON_NAMES = {
    "codes": "Aucun code",
    "code": "Code incertain",
    "hs": "Aucun code SH",
    "country": "Pays inconnu",
    "deadline": "Échéance inconnue",
    "language": "Langue inconnue",
    "joined": "Avis réunis sans identifiant",
    "low": "Source peu sûre",
    "medium": "Source moyennement sûre",
    "changed": "Changé par la source",
    "votes": "Votes défavorables",
    "frein": "Source freinée",
    "regle": "Retenu par une règle",
}
# Parameter of the address → field of the filter.
_FILTERS = {"source": "source", "pays": "country", "secteur": "sector", "raison": "reason"}


def _wanted(given: Mapping[str, str]) -> Wanted:
    fields = {name: given.get(parameter, "")[:80] for parameter, name in _FILTERS.items()}
    order = _ORDERS.get(given.get("tri", ""), get_args(Order)[0])
    return replace(Wanted(order=order), **fields)  # type: ignore[arg-type]


def _query(wanted: Wanted, **more: Any) -> str:
    said = {name: getattr(wanted, field) for name, field in _FILTERS.items()}
    said["tri"] = "echeance" if wanted.order == "deadline" else ""
    told = urlencode({name: value for name, value in (said | more).items() if value})
    return f"/curation/file?{told}" if told else "/curation/file"


def _options(counts: Mapping[str, int], label: Callable[[str], str]) -> list[tuple[str, str, int]]:
    told = [(value or "-", label(value) or "Inconnu", number) for value, number in counts.items()]
    return sorted(told, key=lambda one: (-one[2], one[1]))


@router.get("/curation/file")
def queue(request: Request, person: Lecteur) -> Response:
    """The leads that wait, narrowed and ordered as the address says."""
    store, now = request.app.state.store, request.app.state.clock()
    wanted = _wanted(request.query_params)
    number = max(integer(request.query_params.get("page", "")), 1)
    with store.reading() as connection:
        total = waiting.count(connection, wanted)
        last = max(1, -(-total // _PAGE))
        number = min(number, last)
        rows = waiting.page(connection, wanted, now, _PAGE, (number - 1) * _PAGE)
        leads = store.read(connection, [row.lead for row in rows])
        counts = waiting.choices(connection)
    known = sources(request.app.state.settings.sources)
    reason_names = kinds() | REASON_NAMES
    context = {
        "now": now,
        "rows": [(row, leads[row.lead]) for row in rows if row.lead in leads],
        "total": total,
        "wanted": wanted,
        "sources": known,
        "options": {
            "source": _options(counts["source"], lambda n: known[n].title if n in known else n),
            "pays": _options(counts["country"], country_label),
            "secteur": _options(counts["sector"], sector_label),
            "raison": _options(counts["reason"], lambda kind: reason_names.get(kind, kind)),
        },
        "chosen": {name: getattr(wanted, field) for name, field in _FILTERS.items()},
        "may_review": may(person.role, "analyste"),
        "REASONS": REASONS,
        "here_query": _query(wanted, page=number if number > 1 else ""),
        "previous": _query(wanted, page=number - 1) if number > 1 else "",
        "following": _query(wanted, page=number + 1) if number < last else "",
        "number": number,
        "last": last,
        "done": max(integer(request.query_params.get("faits", "")), 0),
        "conflicts": max(integer(request.query_params.get("conflits", "")), 0),
        "told": request.query_params.get("refus", "")[:200],
    }
    return show(request, person, "curation/queue.html", context)


@router.post("/curation/file")
def several(request: Request, person: Analyste, form: Form) -> Response:
    """One decision for the leads ticked; those that changed meanwhile stay in the queue."""
    kind, chosen = _KINDS.get(text(form, "geste")), texts(form, "lead")[:_PAGE]
    why = " : ".join(filter(None, (text(form, "raison"), text(form, "autre_raison"))))
    wanted = _wanted({name: text(form, name) for name in (*_FILTERS, "tri")})
    done = conflicts = 0
    refused = "" if kind and chosen else "Cochez des leads, puis choisissez ce qu’il faut en faire."
    rooms = curation(request)
    for one in chosen if kind else ():
        lead, _, sequence = one.partition(":")
        try:
            rooms.review(lead, integer(sequence), person.login, kind or "hold", why)
            done += 1
        except (Conflict, LookupError):
            conflicts += 1
        except Refusal as refusal:
            refused = str(refusal)
    if done:
        publish(request)
    told = {"faits": done or "", "conflits": conflicts or "", "refus": refused}
    return RedirectResponse(_query(wanted, **told), 303)
