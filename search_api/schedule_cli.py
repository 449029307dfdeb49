"""The commands of the scheduler: ask sources at their rhythm, deposit files for it to take."""

import json
import shutil
import signal
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

import typer

from index import sync
from index.engine import EngineAway, SearchEngine
from index.engines import open_engine
from index.generation import IndexBusy
from index.settings import Settings
from index.store import LeadStore
from ingest.collecting import Collected
from ingest.deposit import Deposit, Deposited
from ingest.drop import QUIET, Dropped, Drops, wrong_name
from ingest.intake import Intake
from ingest.schedule import PATIENCE, Schedule
from ingest.signals import requeue
from ingest.source import collected, source, sources
from ingest.throttling import look
from search_api.collect_cli import OUTCOMES
from search_api.desk import open_worker
from search_api.follow_up_cli import forget
from search_api.ingesting import open_collecting
from search_api.opening import utcnow
from search_api.scheduler import Scheduler, told
from search_api.terminal import UNKNOWN, console, fail, printable, record

# What happened → how it is told, with its facts.
_SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "started": lambda facts: f"Planificateur en marche : {facts['sources']} sources collectées.",
    "asked": lambda facts: f"{facts['source']} : interrogée (échéance {facts['due']}).",
    "collected": lambda facts: f"{facts['source']} : {_outcome(facts)}",
    "dropped": lambda facts: f"{facts['source']} : fichier {facts['file']}, {_outcome(facts)}",
    "stopped": lambda facts: f"{facts['source']} : interrompue, à reprendre.",
    "failed": lambda facts: f"Échec ({facts.get('source') or facts['job']}) : {facts['why']}",
    "submitted": lambda facts: f"Demandes de partenaires lues : {facts['demands']}.",
    "indexed": lambda facts: f"Index à jour : {facts['leads']} leads écrits.",
    "ended": lambda facts: "Planificateur arrêté.",
}
_STATES = {
    "waiting": "déposé, en attente de lecture",
    "read": "déjà lu",
    "held": "déjà lu et retenu",
}


def planifier(
    noms: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE…]", help="Sources à interroger ; toutes, sans mention."),
    ] = None,
    une_fois: Annotated[
        bool, typer.Option("--une-fois", help="Fait ce qui est dû maintenant, puis s'arrête.")
    ] = False,
    ensemble: Annotated[
        int, typer.Option(min=1, max=32, help="Sources interrogées en même temps.")
    ] = 2,
    intervalle: Annotated[
        float, typer.Option(min=0.1, help="Secondes entre deux regards sur ce qui est dû.")
    ] = 30.0,
    patience: Annotated[
        float,
        typer.Option(min=1, help="Secondes sans signe de vie avant de reprendre une collecte."),
    ] = PATIENCE.total_seconds(),
    calme: Annotated[
        float, typer.Option(min=0, help="Secondes sans changement avant de lire un fichier déposé.")
    ] = QUIET.total_seconds(),
    replique: Annotated[
        str, typer.Option(metavar="URL", help="Serveur local qui tient lieu de tous les services.")
    ] = "",
    en_json: Annotated[bool, typer.Option("--json", help="Une ligne de JSON par fait.")] = False,
) -> None:
    """Interroge les sources à leur rythme et lit les fichiers déposés.

    Plusieurs planificateurs peuvent tourner : chaque échéance n'est servie qu'une fois.
    """
    settings = Settings()
    pages = sources(settings.sources)
    asked = {name: source(name, settings.sources) for name in noms} if noms else collected(pages)
    tell = _teller(en_json)
    with record(settings) as store:
        collecting = open_collecting(settings, store, utcnow, replique)

        def dropped(one: Dropped, done: Collected) -> None:
            tell("dropped", {"file": one.path.name, **told(one.source, done)})

        drops = Drops(settings.drop_folder, pages, timedelta(seconds=calme))
        schedule = Schedule(store, asked, timedelta(seconds=patience))
        # Opened once, for demands and for what is collected.
        engine = cache(partial(open_engine, settings))
        worker = open_worker(settings, store, engine, utcnow)
        chores: dict[str, Callable[[datetime], object]] = {
            "silent": collecting.silent,
            "useless": partial(
                look, store, floor=settings.throttle_floor, enough=settings.throttle_votes
            ),
            "requeue": lambda now: requeue(store),
            "forget_old": partial(forget, settings, store),
            "prune": collecting.prune,
            "forget": schedule.forget,
            "requests": worker.forget,
        }
        scheduler = Scheduler(
            schedule,
            collecting,
            Intake(drops, collecting, utcnow, dropped),
            _indexing(store, engine),
            chores,
            utcnow,
            tell,
            ensemble,
            lambda: worker.drain(lambda: not scheduler.stop.is_set()),
        )
        _stop_on_signals(scheduler)
        if une_fois:
            scheduler.once(intervalle)
            return
        tell("started", {"sources": sum(page.collect is not None for page in asked.values())})
        scheduler.run(intervalle)
        tell("ended", {})


def _stop_on_signals(scheduler: Scheduler) -> None:
    def stop(number: int, _frame: object) -> None:
        scheduler.stop.set()
        # Whoever asks twice does not want to wait.
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _teller(in_json: bool) -> Callable[[str, Mapping[str, Any]], None]:
    # Several sources are asked at once: a line is written whole.
    lock = Lock()

    def tell(event: str, facts: Mapping[str, Any]) -> None:
        with lock:
            if in_json:
                line = {"at": utcnow().isoformat(), "event": event, **facts}
                # Names of files may be undecodable bytes.
                typer.echo(json.dumps(line).encode())
            else:
                console.print(printable(_SENTENCES[event](facts)), highlight=False, soft_wrap=True)

    return tell


def _outcome(facts: Mapping[str, Any]) -> str:
    number = f" (collecte {facts['collection']})" if facts["collection"] else ""
    why = " ".join(facts["why"].values())
    return f"{OUTCOMES[facts['outcome']]}{number}. {why}".rstrip()


def _indexing(store: LeadStore, engine: Callable[[], SearchEngine]) -> Callable[[], int]:
    """Brings the index up to the record; opens it only when there is something to bring."""

    def index() -> int:
        last = store.last_sequence()
        if not last:
            return 0
        opened = engine()
        try:
            if opened.sequence() >= last:
                return 0
            return sync.synchronise(store, opened)
        except (IndexBusy, EngineAway):
            return 0  # at the next tick

    return index


def deposer(
    nom: Annotated[str, typer.Argument(metavar="SOURCE", help="Nom de la source.")],
    chemins: Annotated[list[Path], typer.Argument(metavar="FICHIER…")],
) -> None:
    """Copie des fichiers dans le dossier de dépôt d'une source, où « planifier » les lira."""
    settings = Settings()
    folder = settings.drop_folder / source(nom, settings.sources).name
    for path in chemins:
        if not path.is_file():
            raise fail(f"Introuvable ou pas un fichier : {path}", UNKNOWN)
        if fault := wrong_name(path.name):
            raise fail(f"{path} : {fault}", UNKNOWN)
    for path in chemins:
        try:
            done = _deposit(folder, path)
        except OSError as error:
            raise fail(f"{path} : dépôt impossible ({error.strerror})") from error
        console.print(printable(f"{done.name} : {_STATES[done.state]}"), highlight=False)


def _deposit(folder: Path, path: Path) -> Deposited:
    with path.open("rb") as file:
        deposit = Deposit(folder, path.name)
        try:
            shutil.copyfileobj(file, deposit, 1 << 20)
            return deposit.keep()
        finally:
            deposit.drop()
