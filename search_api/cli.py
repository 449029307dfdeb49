"""The command ``debouches``: one French entry to every room."""

import json
import logging
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table
from sqlalchemy import select
from typer.core import TyperGroup

from index import sync
from index.database import RecordError
from index.engine import EngineAway
from index.engines import open_engine
from index.generation import IndexBusy
from index.settings import Settings
from index.store import LeadStore
from index.tables import quarantine
from index.trade import ModelError
from index.verify import verify
from ingest.collections import CollectionError
from ingest.demo.feed import dated
from ingest.ledger import Ledger
from ingest.pipeline import AUTO
from ingest.report import OUTCOMES, Report
from ingest.source import SourceError, source, sources
from ingest.workers import spare_cores
from search_api import (
    account_cli,
    collect_cli,
    evaluate_cli,
    follow_up_cli,
    model_cli,
    partner_cli,
    schedule_cli,
    source_cli,
    sources_cli,
    typed_cli,
)
from search_api.ingesting import open_ingestion
from search_api.opening import utcnow
from search_api.seal import SealError
from search_api.terminal import (
    INCOMPLETE,
    UNKNOWN,
    bring_up_to_date,
    console,
    errors,
    fail,
    present,
    printable,
    record,
)

DEMO = "exemples"


class _Commands(TyperGroup):
    """Where all commands end: what cannot be done is said in one line."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (RecordError, IndexBusy, EngineAway, ModelError, SealError) as error:
            raise fail(str(error)) from error
        except (SourceError, CollectionError) as error:
            raise fail(str(error), UNKNOWN) from error


app = typer.Typer(
    cls=_Commands,
    help="Débouchés : leads commerciaux à l'étranger.",
    no_args_is_help=True,
    add_completion=False,
)
index_app = typer.Typer(help="L'index de recherche.", no_args_is_help=True)
app.add_typer(index_app, name="index")
app.add_typer(evaluate_cli.app, name="evaluer")
app.add_typer(model_cli.app, name="modele")
app.add_typer(source_cli.app, name="source")
app.add_typer(account_cli.app, name="compte")
app.add_typer(follow_up_cli.app, name="suivi")
app.add_typer(typed_cli.app, name="saisie")
app.command()(collect_cli.collecter)
app.command()(collect_cli.collectes)
app.command()(schedule_cli.planifier)
app.command()(schedule_cli.deposer)
app.command()(collect_cli.incidents)
app.add_typer(collect_cli.collection_app, name="collecte")
app.add_typer(collect_cli.incident_app, name="incident")
app.add_typer(partner_cli.partner_app, name="partenaire")
app.add_typer(partner_cli.key_app, name="cle")
app.command(name="sources")(sources_cli.list_sources)

Paths = Annotated[
    list[Path], typer.Argument(metavar="CHEMIN…", help="Fichiers, dossiers ou archives.")
]
Json = Annotated[bool, typer.Option("--json", help="Rapport en JSON.")]


def _shown(report: Report) -> None:
    names = ("Nouveaux", "Mis à jour", "Réunis", "Doublons", "Quarantaine")
    table = Table("Documents", "Reçus", *names)
    outcomes = (getattr(report, outcome) for outcome in OUTCOMES)
    table.add_row(*map(str, (report.documents, report.received, *outcomes)))
    console.print(table)
    if report.joined:
        console.print(
            f"{report.joined} disent, sous un autre identifiant, une demande déjà connue."
        )
    if report.domestic:
        console.print(f"{report.domestic} d'acheteurs français, gardés hors des résultats.")
    if report.merged:
        console.print(
            f"{report.merged} leads connus se sont révélés n'en faire qu'un avec un autre."
        )
    for reason, times in report.reasons.most_common(10):
        console.print(printable(f"  {times} × {reason}"), highlight=False)
    for subject, details in report.by_subject().items():
        listed = ", ".join(f"{detail} ({times})" for detail, times in details[:5])
        more = f" et {len(details) - 5} autres" if len(details) > 5 else ""
        total = sum(times for _, times in details)
        console.print(printable(f"{subject} : {total} — {listed}{more}"), highlight=False)


def _ingest(
    settings: Settings,
    store: LeadStore,
    name: str,
    paths: list[Path],
    clock: Callable[[], datetime] = utcnow,
) -> Report:
    if name != AUTO:
        source(name, settings.sources)
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    quiet = not errors.is_terminal
    with Progress(*columns, console=errors, transient=True, disable=quiet) as progress:
        task = progress.add_task("Lecture…")

        def tell(report: Report) -> None:
            progress.update(task, description=f"{report.received} avis lus")

        run = open_ingestion(settings, store, clock, tell, spare_cores())
        return run.run(name, paths)


@app.command()
def ingerer(
    nom: Annotated[str, typer.Argument(metavar="SOURCE", help="Nom de la source, ou « auto ».")],
    chemins: Paths,
    en_json: Json = False,
    indexer: Annotated[bool, typer.Option(help="Met l'index à jour ensuite.")] = True,
) -> None:
    """Lit des avis et en fait des leads ; dit ce que chacun est devenu."""
    settings = Settings()
    missing = [path for path in chemins if not present(path)]
    if missing:
        raise fail(f"Introuvable : {missing[0]}", UNKNOWN)
    with record(settings) as store:
        report = _ingest(settings, store, nom, chemins)
        if en_json:
            typer.echo(json.dumps(report.to_json(), ensure_ascii=False))
        else:
            _shown(report)
        if indexer:
            bring_up_to_date(store, open_engine(settings))
    if report.received and report.received == report.quarantined:
        raise typer.Exit(INCOMPLETE)


@app.command()
def quarantaine(
    limite: Annotated[int, typer.Option(help="Nombre d'entrées montrées.")] = 20,
    brut: Annotated[
        str, typer.Option(metavar="SHA256", help="Écrit les octets reçus de ce document.")
    ] = "",
    reprendre: Annotated[
        str, typer.Option(metavar="SHA256", help="Laisse relire un document mis à l'écart.")
    ] = "",
    en_json: Json = False,
) -> None:
    """Ce qui n'a pas pu être lu, et pourquoi."""
    with record(Settings()) as store:
        if reprendre:
            Ledger(store).spare([reprendre])
            return
        if brut:
            for data in Ledger(store).raw(brut):
                sys.stdout.buffer.write(data)
            return
        waiting = (
            select(quarantine).where(quarantine.c.released.is_(None)).order_by(quarantine.c.id)
        )
        with store.reading() as connection:
            rows = connection.execute(waiting.limit(limite)).all()
    if en_json:
        names = ("source", "document", "position", "reason", "attempts", "raw")
        told = [{name: getattr(row, name) for name in names} for row in rows]
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    table = Table("Document", "Où", "Raison", "Essais", "Octets")
    for row in rows:
        cells = (row.document, row.position, row.reason, row.attempts, row.raw[:12])
        table.add_row(*map(printable, cells))
    console.print(table)


@index_app.command(name="synchroniser")
def index_synchronise() -> None:
    """Porte dans l'index ce qui a changé dans le registre."""
    settings = Settings()
    with record(settings) as store:
        console.print(f"{sync.synchronise(store, open_engine(settings))} leads écrits.")


@index_app.command(name="reconstruire")
def index_rebuild() -> None:
    """Refait l'index entier à côté de l'ancien, puis bascule."""
    settings = Settings()
    with record(settings) as store:
        console.print(f"{sync.rebuild(store, open_engine(settings))} leads écrits.")


@index_app.command(name="verifier")
def index_verify(en_json: Json = False) -> None:
    """Compare le registre et l'index, lead par lead ; code 3 s'ils diffèrent."""
    settings = Settings()
    with record(settings) as store:
        found = verify(store, open_engine(settings))
    if en_json:
        told = {"identiques": found.same}
        told |= {_DIFFERENCES[kind]: count for kind, count in found.counts.items()}
        typer.echo(json.dumps(told | {"exemples": found.ids}, ensure_ascii=False))
    else:
        console.print(f"{found.same} leads identiques.")
        for kind, count in found.counts.items():
            listed = ", ".join(found.ids[kind])
            console.print(printable(f"{count} {_DIFFERENCES[kind]} : {listed}"), highlight=False)
    if not found.identical:
        raise typer.Exit(INCOMPLETE)


_DIFFERENCES = {
    "missing": "absents de l'index",
    "extra": "absents du registre",
    "different": "différents",
}


def _load_demo(settings: Settings, store: LeadStore) -> Report:
    with TemporaryDirectory() as folder:
        feed = Path(folder) / "exemples.csv"
        feed.write_bytes(dated(utcnow().date()))
        return _ingest(settings, store, DEMO, [feed])


@app.command()
def demo(
    donnees: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Dossier d'avis réels à charger.")
    ] = None,
    hote: Annotated[str, typer.Option(help="Adresse d'écoute.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port d'écoute.")] = 8000,
    servir_ensuite: Annotated[bool, typer.Option("--servir/--sans-servir")] = True,
) -> None:
    """Charge des leads (fictifs, ou ceux de --donnees) et sert le site."""
    settings = Settings()
    if donnees is not None and not present(donnees):
        raise fail(f"Introuvable : {donnees}", UNKNOWN)
    with record(settings) as store:
        report = (
            _ingest(settings, store, AUTO, [donnees]) if donnees else _load_demo(settings, store)
        )
        _shown(report)
        if not servir_ensuite:
            bring_up_to_date(store, open_engine(settings))
    if servir_ensuite:
        servir(hote, port)


@app.command()
def servir(
    hote: Annotated[str, typer.Option(help="Adresse d'écoute.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port d'écoute.")] = 8000,
) -> None:
    """Sert le site et l'API."""
    import uvicorn

    # Other commands start in half the time without the site.
    from search_api.app import create_app

    settings = Settings()
    # A page that cannot be read is said now, not to the first visitor.
    sources(settings.sources)
    site = create_app(settings)
    # So is a key of the site that cannot be used.
    site.state.seal.mark("")
    bring_up_to_date(site.state.store, site.state.engine)
    console.print(f"Débouchés : http://{hote}:{port}/")
    uvicorn.run(site, host=hote, port=port, log_level="warning", server_header=False)


@app.command()
def openapi() -> None:
    """Écrit le contrat de l'API (OpenAPI, JSON)."""
    from search_api.app import create_app

    with TemporaryDirectory() as folder:
        made = create_app(Settings(data=Path(folder)))
        typer.echo(json.dumps(made.openapi(), ensure_ascii=False, indent=1, sort_keys=True))


def main() -> None:
    """Entry point of the command."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    app()


if __name__ == "__main__":
    main()
