"""The commands of collections: ask sources, decide on what is held, close incidents."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from index.engines import open_engine
from index.settings import Settings
from ingest.collecting import Collected, Collecting
from ingest.collections import STATES, Collection, CollectionError, Collections
from ingest.crawl import Told
from ingest.incidents import Incident, Incidents
from ingest.monitors import TITLES
from ingest.source import collected, source, sources
from search_api.ingesting import open_collecting
from search_api.opening import utcnow
from search_api.terminal import (
    INCOMPLETE,
    UNKNOWN,
    bring_up_to_date,
    console,
    errors,
    fail,
    printable,
    record,
)

collection_app = typer.Typer(help="Une collecte : l'admettre ou la rejeter.", no_args_is_help=True)
incident_app = typer.Typer(help="Un incident : le clore.", no_args_is_help=True)

OUTCOMES = {
    "promoted": "admise",
    "unchanged": "rien de nouveau",
    "held": "retenue",
    "busy": "déjà en cours",
    "impossible": "impossible",
    "frozen": "gelée, en attente",
}
_STEPS = {"crawl": "collecte", "look": "examen", "ingest": "lecture"}

Json = Annotated[bool, typer.Option("--json", help="Une ligne de JSON par fait.")]
Number = Annotated[int, typer.Argument(metavar="NUMÉRO")]
By = Annotated[str, typer.Option("--par", help="Qui décide.")]
_SOMEBODY = "ligne de commande"


def collecter(
    noms: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE…]", help="Toutes, sans mention.")
    ] = None,
    replique: Annotated[
        str, typer.Option(metavar="URL", help="Serveur local qui tient lieu de tous les services.")
    ] = "",
    en_json: Json = False,
    indexer: Annotated[bool, typer.Option(help="Met l'index à jour ensuite.")] = True,
) -> None:
    """Interroge des sources et admet ce qui passe tous les contrôles.

    Code de sortie : 0 collectes admises, 3 retenue, gelée ou déjà en cours, 2 impossible.
    """
    settings = Settings()
    pages = sources(settings.sources)
    for name in noms or ():
        source(name, settings.sources)
    asked = noms or list(collected(pages))
    if not asked:
        raise fail("Aucune fiche de source ne dit comment l’interroger.", UNKNOWN)
    with record(settings) as store:
        collecting = open_collecting(settings, store, utcnow, replique)
        outcomes = [_collect(collecting, name, en_json) for name in asked]
        if indexer and any(one.report for one in outcomes):
            bring_up_to_date(store, open_engine(settings))
    _leave(outcomes)


def _collect(collecting: Collecting, name: str, in_json: bool) -> Collected:
    """One source; what goes wrong with it does not stop the others."""
    with _following(name, in_json) as tell:
        try:
            done = collecting.collect(name, tell)
        except (OSError, CollectionError) as error:
            done = Collected(name, "impossible", why={"": str(error)})
    _say(done, in_json)
    return done


def _leave(outcomes: list[Collected]) -> None:
    told = {one.outcome for one in outcomes}
    if told & {"held", "busy", "frozen"}:
        raise typer.Exit(INCOMPLETE)
    if "impossible" in told:
        raise typer.Exit(UNKNOWN)


@contextmanager
def _following(name: str, in_json: bool) -> Iterator[Callable[[Told], None]]:
    """What shows how far the work is: lines of JSON, a bar on a terminal, or nothing."""
    if in_json:
        yield lambda told: typer.echo(json.dumps({"source": name, **asdict(told)}))
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
    quiet = not errors.is_terminal
    with Progress(*columns, console=errors, transient=True, disable=quiet) as progress:
        task = progress.add_task(f"{name} : …", total=None)

        def tell(told: Told) -> None:
            of_all = f" sur {told.declared}" if told.declared else ""
            step = f"{name} : {_STEPS[told.step]}, {told.items} avis{of_all}"
            total = told.declared or None
            progress.update(task, description=step, completed=told.items, total=total)

        yield tell


def _outcome(done: Collected) -> dict[str, Any]:
    return {
        "source": done.source,
        "outcome": done.outcome,
        "collection": done.number,
        "items": done.items,
        "why": dict(done.why or {}),
        "report": done.report.to_json() if done.report else None,
    }


def _say(done: Collected, in_json: bool) -> None:
    if in_json:
        typer.echo(json.dumps(_outcome(done), ensure_ascii=False))
        return
    number = f" (collecte {done.number})" if done.number else ""
    line = f"{done.source} : {OUTCOMES[done.outcome]}{number}"
    if done.report:
        told = done.report
        line += f", {told.new} nouveaux, {told.updated} mis à jour, {told.duplicates} connus"
    console.print(printable(line), highlight=False, soft_wrap=True)
    for sentence in (done.why or {}).values():
        errors.print(printable(f"  {sentence}"), highlight=False, soft_wrap=True)


def collectes(
    limite: Annotated[int, typer.Option(help="Nombre de collectes montrées.")] = 20,
    en_json: Json = False,
) -> None:
    """Les dernières collectes et ce qu'elles sont devenues."""
    with record(Settings()) as store:
        rows = Collections(store, utcnow).latest(limite)
        held = {one.collection: one for one in Incidents(store).open() if one.collection}
    if en_json:
        for row in rows:
            typer.echo(json.dumps(_told(row, held), ensure_ascii=False))
        return
    for row in rows:
        what = f"{row.source} : {STATES[row.state]}, {row.volume} avis, {_when(row.started)}"
        _line(row.number, what, _why(row, held))


def _line(number: int, what: str, why: str) -> None:
    """One thing with its number, and under it why: a column would cut sentences into words."""
    console.print(printable(f"{number:>5}  {what}"), highlight=False, soft_wrap=True)
    if why:
        console.print(printable(f"       {why}"), style="dim", highlight=False, soft_wrap=True)


def _why(row: Collection, held: Mapping[int, Incident]) -> str:
    incident = held.get(row.number)
    return row.impossible or row.decided_by or (incident.detail if incident else "")


def _told(row: Collection, held: Mapping[int, Incident]) -> dict[str, Any]:
    moments = {"started": row.started.isoformat(), "finished": row.finished and _iso(row.finished)}
    counts = {"items": row.volume, "why": _why(row, held), "run": row.run}
    return {"number": row.number, "source": row.source, "state": row.state, **moments, **counts}


def _iso(moment: datetime) -> str:
    return moment.isoformat()


def _when(moment: datetime) -> str:
    return f"{moment:%d/%m/%Y %H:%M} UTC"


@collection_app.command(name="promouvoir")
def collection_promote(numero: Number, par: By = _SOMEBODY) -> None:
    """Admet une collecte retenue."""
    settings = Settings()
    with record(settings) as store:
        collecting = open_collecting(settings, store, utcnow)
        with _following(f"collecte {numero}", False) as tell:
            done = collecting.promote(numero, par, tell)
        _say(done, False)
        bring_up_to_date(store, open_engine(settings))
    _leave([done])


@collection_app.command(name="rejeter")
def collection_reject(
    numero: Number,
    raison: Annotated[str, typer.Option(help="Pourquoi.")],
    par: By = _SOMEBODY,
) -> None:
    """Rejette une collecte retenue : ce qu'elle a reçu reste dans son dossier."""
    with record(Settings()) as store:
        Collections(store, utcnow).reject(numero, par, raison)


def incidents(en_json: Json = False) -> None:
    """Ce que quelqu'un devrait regarder."""
    with record(Settings()) as store:
        rows = Incidents(store).open()
    if en_json:
        for row in rows:
            told = asdict(row) | {"opened": _iso(row.opened), "last": _iso(row.last)}
            typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for row in rows:
        times = f", {row.times} fois" if row.times > 1 else ""
        where = f", collecte {row.collection}" if row.collection else ""
        what = f"{row.source} : {TITLES.get(row.kind, row.kind)}, depuis le {_when(row.opened)}"
        _line(row.number, f"{what}{times}{where}", row.detail)


@incident_app.command(name="clore")
def incident_close(
    numero: Number,
    raison: Annotated[str, typer.Option(help="Ce qu'il fallait en dire.")] = "",
    par: By = _SOMEBODY,
) -> None:
    """Clôt un incident : quelqu'un a regardé."""
    with record(Settings()) as store:
        Incidents(store).close(numero, par, utcnow(), raison)
