"""« debouches sources »: where each source stands, or one of them in detail."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from index.settings import Settings
from index.store import LeadStore
from ingest.collections import STATES
from ingest.health import Account, Health, SourceState
from ingest.incidents import Incident
from ingest.source import source, sources
from ingest.states import collections, incidents, states
from search_api.opening import utcnow
from search_api.read_fields import FIELDS, read_fields
from search_api.source_states import collection_body, incident_body, source_body
from search_api.status import WAYS
from search_api.terminal import console, printable, record
from search_api.words import ago, counted, day, moment, number, paris

_COLOURS: dict[Health, str] = {
    "à jour": "green",
    "en retard": "yellow",
    "silencieuse": "yellow",
    "retenue": "red",
    "incident": "red",
    "gelée": "cyan",
}
_LONGEST = 300


def list_sources(
    nom: Annotated[str, typer.Argument(metavar="[SOURCE]", help="Une source, en détail.")] = "",
    en_json: Annotated[bool, typer.Option("--json", help="En JSON.")] = False,
) -> None:
    """Où en est chaque source : fraîcheur, volume, santé, incidents."""
    settings = Settings()
    pages = sources(settings.sources)
    if nom:
        pages = {nom: source(nom, settings.sources)}
    with record(settings) as store:
        found = states(store, pages, utcnow())
        if nom:
            _tell_one(store, found[0], en_json)
        elif en_json:
            typer.echo(_dumped([source_body(one).model_dump(mode="json") for one in found]))
        else:
            _tell_all(found)


def _dumped(told: Any) -> str:
    return json.dumps(told, ensure_ascii=False)


def _tell_all(found: Sequence[SourceState]) -> None:
    table = Table()
    for title in ("Source", "État", "Dernière", "30 jours", "Leads", "Prochaine", "Incidents"):
        right = title in ("30 jours", "Leads", "Incidents")
        table.add_column(
            title,
            justify="right" if right else "left",
            no_wrap=title in ("Source", "État", "Leads"),
        )
    for one in found:
        table.add_row(*_cells(one))
    console.print(table)
    fresh = sum(one.health == "à jour" for one in found)
    console.print(
        f"{counted(fresh, 'source à jour', 'sources à jour')} sur {len(found)}.", highlight=False
    )


def _cells(state: SourceState) -> list[Text]:
    promoted, due = state.promoted, state.due
    month = sum(one.received for one in state.volume)
    return [
        printable(state.page.name),
        Text(state.health, _COLOURS.get(state.health, "dim")),
        Text(ago(promoted, state.at) if promoted else "—"),
        Text(number(month) if month else "—"),
        Text(number(state.leads)),
        Text(_due(state) if due else "—"),
        Text(number(len(state.incidents)) if state.incidents else "—"),
    ]


def _due(state: SourceState) -> str:
    if state.due is None:
        return "une fois dégelée" if state.frozen else "à l’arrivée"
    return ago(state.due, state.at) if state.due > state.at else "dès que possible"


def _tell_one(store: LeadStore, state: SourceState, en_json: bool) -> None:
    name = state.page.name
    past, troubles = collections(store, name), incidents(store, name)
    coverage = read_fields(store, state.page)
    if en_json:
        body = source_body(state).model_dump(mode="json")
        body["collections"] = [collection_body(one).model_dump(mode="json") for one in past]
        body["coverage"] = {field: share for field, share, _ in coverage}
        body["past_incidents"] = [
            incident_body(one).model_dump(mode="json") for one in troubles if one.closed
        ]
        typer.echo(_dumped(body))
        return
    _tell_facts(state)
    if past:
        _tell_collections(past)
    if coverage:
        _tell_coverage(coverage)
    for one in troubles:
        _tell_incident(one, state)


def _tell_facts(state: SourceState) -> None:
    page = state.page
    rhythm = f"{WAYS[state.way]}, {state.rhythm}" if state.rhythm else WAYS[state.way]
    month = sum(one.received for one in state.volume)
    expected = f" (attendu : {number(page.expected[0])} à {number(page.expected[1])} par envoi)"
    facts = {
        "Source": f"{page.title} ({page.name})",
        "Éditeur": page.publisher,
        "Licence": page.licence,
        "Rythme": rhythm,
        "État": state.health,
        "Dernière arrivée admise": ago(state.promoted, state.at) if state.promoted else "aucune",
        "Avis le plus récent": day(state.newest) if state.newest else "aucun",
        "Prochaine collecte": _due(state),
        **_frozen(state),
        "Reçus en 30 jours": number(month) + (expected if page.expected[1] else ""),
        "Leads": number(state.leads),
        "En quarantaine": number(state.quarantined),
    }
    for name, told in facts.items():
        console.print(printable(f"{name} : {told}"), highlight=False, soft_wrap=True)


def _frozen(state: SourceState) -> dict[str, str]:
    one = state.frozen
    return {"Gelée": f"{ago(one.at, state.at)} par {one.who} : {one.why}"} if one else {}


def _tell_collections(past: Sequence[Account]) -> None:
    table = Table("N°", "Commencée", "État", "Vus", "Reçus", "Nouveaux", "Décision")
    for one in past:
        row = one.collection
        cells = [
            row.number,
            moment(paris(row.started) or row.started),
            "impossible" if row.impossible else STATES[row.state],
            number(row.volume),
            *("—" if count is None else number(count) for count in (one.received, one.new)),
            row.impossible or row.decided_by,
        ]
        table.add_row(*map(printable, cells))
    console.print(table)


def _tell_coverage(coverage: Sequence[tuple[str, float, float]]) -> None:
    table = Table("Champ", "Part des avis", "Au moins")
    for field, share, floor in coverage:
        style = "red" if share < floor else ""
        table.add_row(
            FIELDS[field], _percent(share), _percent(floor) if floor else "—", style=style
        )
    console.print(table)


def _percent(share: float) -> str:
    """Rounded down: 100 % is all of them."""
    return f"{int(100 * share)}\u00a0%"


def _tell_incident(one: Incident, state: SourceState) -> None:
    since = ago(one.opened, state.at)
    ended = f"clos {ago(one.closed, state.at)}" if one.closed else "ouvert"
    times = f", constaté {number(one.times)} fois" if one.times > 1 else ""
    told = f"Incident {one.number} {ended}, apparu {since}{times} : {one.detail[:_LONGEST]}"
    style = "" if one.closed else "red"
    console.print(printable(told), style=style, highlight=False, soft_wrap=True)
