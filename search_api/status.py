"""« /statut »: the health of the sources, for everybody."""

from collections import Counter
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from index.engine import EngineAway, SearchEngine
from ingest.collections import STATES
from ingest.health import Health, SourceState
from ingest.monitors import TITLES
from search_api.board import Board, Reading
from search_api.labels import country_label
from search_api.sorting import Column, Columns, asked, headings, in_order
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
    "gelée": "l’équipe l’a mise en attente : ses leads restent, rien n’en est pris",
    "archive": "des avis anciens, que plus rien ne complète",
}
WAYS = {"collected": "collectée", "brought": "apportée", "archive": "archive"}


def _latest(moment: Any) -> float:
    """Sorts the latest moment first, no moment last."""
    return -moment.timestamp() if moment else 0.0


_URGENCY = list(MEANINGS)

COLUMNS: Columns[SourceState] = {
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


def mark(health: Health) -> str:
    """The word in a class of the sheet: « à jour » → a-jour."""
    return fold(health).replace(" ", "-")


def place(state: SourceState) -> str:
    """Publisher and country, as a line."""
    country = state.page.country and country_label(state.page.country)
    return ", ".join(filter(None, (state.page.publisher, country)))


def _context(read: Reading, behind: int | None) -> dict[str, Any]:
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
        "mark": mark,
        "place": place,
        "sparkline": sparkline,
    }


def _behind(engine: SearchEngine, last: int) -> int | None:
    """Writes of the record that cannot be found yet; None when the engine does not answer."""
    try:
        return max(0, last - engine.sequence())
    except EngineAway:
        return None


@router.get("/statut")
def status(request: Request) -> HTMLResponse:
    """Freshness and health of each source, open incidents, and whether the index is in step."""
    order = asked(request, COLUMNS, USUAL)
    board: Board = request.app.state.board
    engine: SearchEngine = request.app.state.engine
    read = board.read()
    context = _context(read, _behind(engine, read.sequence))
    context["headings"] = headings(COLUMNS, order, "/statut?")
    context["states"] = in_order(read.states, COLUMNS, order)
    return render(request, "status.html", context, headers=CACHED)
