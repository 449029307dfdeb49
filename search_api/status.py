"""« /statut »: the health of the sources, for everybody."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from index.engine import SearchEngine
from ingest.collections import STATES
from ingest.health import Health, SourceState
from ingest.monitors import TITLES
from search_api.board import Board, Reading
from search_api.labels import country_label
from search_api.problems import Problem
from search_api.source_states import CACHED
from search_api.sparkline import sparkline
from search_api.templating import render
from taxonomies.fold import fold

router = APIRouter(include_in_schema=False)

# What each word means, in the order of the table: the most pressing first.
MEANINGS: dict[Health, str] = {
    "incident": "quelque chose demande l’attention de l’équipe, sans retenir les avis",
    "retenue": "la dernière collecte ne ressemble pas aux précédentes : elle attend une décision",
    "en retard": "l’heure prévue est passée et aucune collecte n’a été admise depuis",
    "silencieuse": "la source n’apporte plus rien de nouveau depuis longtemps",
    "à jour": "tout ce qui était attendu est arrivé",
    "jamais collectée": "la source est décrite, rien n’en a encore été admis",
    "archive": "des avis anciens, que plus rien ne complète",
}
WAYS = {"collected": "collectée", "brought": "apportée", "archive": "archive"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column by which the table is sorted. first: the order without ``ordre=inverse``."""

    title: str
    key: Callable[[SourceState], Any]
    first: str = "ascending"


def _latest(moment: Any) -> float:
    """Sorts the latest moment first, no moment last."""
    return -moment.timestamp() if moment else 0.0


_URGENCY = list(MEANINGS)

COLUMNS = {
    "source": Column("Source", lambda state: fold(state.page.title)),
    "etat": Column("État", lambda state: _URGENCY.index(state.health)),
    "collecte": Column("Dernière arrivée", lambda state: _latest(state.promoted), "descending"),
    "avis": Column("Avis le plus récent", lambda state: _latest(state.newest), "descending"),
    "volume": Column(
        "30 derniers jours", lambda state: -sum(one.received for one in state.volume), "descending"
    ),
    "leads": Column("Leads", lambda state: -state.leads, "descending"),
    "prochaine": Column("Prochaine", lambda state: state.due.timestamp() if state.due else 1e12),
}
USUAL = "etat"


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column. sorted: value of aria-sort, "" where the table is not sorted by it."""

    title: str
    address: str
    sorted: str


def _asked(request: Request) -> tuple[str, bool]:
    """Column and whether it is turned over. Raises Problem for what is neither."""
    column = request.query_params.get("tri", USUAL)
    order = request.query_params.get("ordre", "")
    if column not in COLUMNS or order not in ("", "inverse"):
        raise Problem(400, "Paramètres incorrects", "Ce tri n’existe pas.")
    return column, bool(order)


def _headings(chosen: str, turned: bool) -> list[Heading]:
    other = {"ascending": "descending", "descending": "ascending"}
    found = []
    for name, column in COLUMNS.items():
        current = name == chosen
        address = f"/statut?tri={name}" + ("&ordre=inverse" if current and not turned else "")
        order = other[column.first] if turned else column.first
        found.append(Heading(column.title, address, order if current else ""))
    return found


def _sorted(states: tuple[SourceState, ...], chosen: str, turned: bool) -> list[SourceState]:
    by_title = sorted(states, key=COLUMNS["source"].key)
    return sorted(by_title, key=COLUMNS[chosen].key, reverse=turned)


def _mark(health: Health) -> str:
    """The word in a class of the sheet: « à jour » → a-jour."""
    return fold(health).replace(" ", "-")


def _place(state: SourceState) -> str:
    """Publisher and country, as a line."""
    country = state.page.country and country_label(state.page.country)
    return ", ".join(filter(None, (state.page.publisher, country)))


def _context(read: Reading, behind: int) -> dict[str, Any]:
    healths = Counter(one.health for one in read.states)
    return {
        "now": read.at,
        "total": len(read.states),
        "healths": [(word, healths[word]) for word in MEANINGS if healths[word]],
        "up_to_date": healths["à jour"],
        "promoted": max((one.promoted for one in read.states if one.promoted), default=None),
        "incidents": [(one, incident) for one in read.states for incident in one.incidents],
        "behind": behind,
        "MEANINGS": MEANINGS,
        "STATES": STATES,
        "TITLES": TITLES,
        "WAYS": WAYS,
        "mark": _mark,
        "place": _place,
        "sparkline": sparkline,
    }


@router.get("/statut")
def status(request: Request) -> HTMLResponse:
    """Freshness and health of each source, open incidents, and whether the index is in step."""
    chosen, turned = _asked(request)
    board: Board = request.app.state.board
    engine: SearchEngine = request.app.state.engine
    read = board.read()
    context = _context(read, max(0, read.sequence - engine.sequence()))
    context["headings"] = _headings(chosen, turned)
    context["states"] = _sorted(read.states, chosen, turned)
    return render(request, "status.html", context, headers=CACHED)
