"""The commands ``debouches partenaire`` and ``debouches cle``: who may submit, with which key."""

from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from index.settings import Settings
from ingest.source import source
from ingest.submissions.score import score
from search_api.api_keys import PER_DAY, PER_MINUTE, SCOPES, ApiKeys, Key, KeyRefused
from search_api.opening import utcnow
from search_api.terminal import UNKNOWN, console, fail, printable, record

partner_app = typer.Typer(help="Les partenaires qui envoient des demandes.", no_args_is_help=True)
key_app = typer.Typer(help="Les clés d'accès des partenaires.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="SOURCE", help="Nom de la source du partenaire.")]


@partner_app.command(name="creer")
def create_partner(
    nom: Name,
    par_minute: Annotated[int, typer.Option(min=1, help="Requêtes par minute.")] = PER_MINUTE,
    par_jour: Annotated[int, typer.Option(min=0, help="Demandes acceptées par jour.")] = PER_DAY,
) -> None:
    """Ouvre l'API à une source, ou change ses quotas."""
    settings = Settings()
    page = source(nom, settings.sources)
    with record(settings) as store:
        ApiKeys(store).enrol(page.name, par_minute, par_jour, utcnow())
    quotas = f"{par_minute} requêtes par minute, {par_jour} demandes par jour"
    console.print(printable(f"{page.title} : {quotas}."))


@partner_app.command(name="lister")
def list_partners() -> None:
    """Les partenaires, leurs quotas, et ce que valent leurs demandes des derniers mois.

    La note (sur 100) compte pour 60 la part acceptée, pour 20 ce que personne n'avait dit, pour 20
    les champs remplis ; sans décision, il n'y en a pas.
    """
    names = (
        "Depuis",
        "Par minute",
        "Par jour",
        "Clés",
        "Demandes",
        "Acceptées",
        "Refusées",
        "Note",
    )
    table, now = Table("Partenaire", *names), utcnow()
    with record(Settings()) as store, store.reading() as connection:
        keys = ApiKeys(store)
        for one in keys.partners():
            valid = sum(key.valid(now) for key in keys.keys(one.name))
            told = score(connection, one.name, now)
            mark = "" if told.mark is None else told.mark
            quotas = (f"{one.created:%d/%m/%Y}", one.per_minute, one.per_day, valid)
            counts = (told.demands, told.accepted, told.refused, mark)
            table.add_row(*map(printable, (one.name, *quotas, *counts)))
    console.print(table)


@key_app.command(name="creer")
def create_key(
    nom: Name,
    portee: Annotated[
        list[str] | None, typer.Option(help=f"Ce que la clé permet : {', '.join(SCOPES)}.")
    ] = None,
    essai: Annotated[
        bool, typer.Option("--essai", help="Clé d'essai : rien n'est jamais publié.")
    ] = False,
    jours: Annotated[int, typer.Option(min=1, max=3_650, help="Durée de validité.")] = 365,
) -> None:
    """Fait une clé. Elle n'est montrée qu'une fois."""
    scopes = portee or list(SCOPES[:2])
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise fail(f"Portée inconnue : {unknown[0]} (au choix : {', '.join(SCOPES)}).", UNKNOWN)
    with record(Settings()) as store:
        try:
            key, written = ApiKeys(store).create(
                nom, scopes, utcnow(), sandbox=essai, lifetime=timedelta(days=jours)
            )
        except KeyRefused as error:
            raise fail(str(error), UNKNOWN) from error
    console.print(f"Clé {key.id}, valable jusqu'au {key.expires:%d/%m/%Y}.")
    console.print("À remettre au partenaire ; elle ne sera plus jamais montrée :")
    typer.echo(written)


@key_app.command(name="lister")
def list_keys(nom: Annotated[str, typer.Argument(metavar="[SOURCE]")] = "") -> None:
    """Les clés, sans leurs secrets."""
    table = Table("Clé", "Partenaire", "Portées", "État", "Expire", "Vue")
    now = utcnow()
    with record(Settings()) as store:
        for key in ApiKeys(store).keys(nom):
            kind = "essai, " if key.sandbox else ""
            used = f"{key.used:%d/%m/%Y}" if key.used else "jamais"
            cells = (key.id, key.partner, " ".join(key.scopes), kind + _state(key, now))
            table.add_row(*map(printable, (*cells, f"{key.expires:%d/%m/%Y}", used)))
    console.print(table)


def _state(key: Key, now: datetime) -> str:
    if key.revoked:
        return "révoquée"
    return "valable" if key.valid(now) else "expirée"


@key_app.command(name="revoquer")
def revoke_key(
    cle: Annotated[str, typer.Argument(metavar="CLÉ", help="Début public de la clé.")],
) -> None:
    """Ferme une clé, aussitôt et pour toujours."""
    with record(Settings()) as store:
        if not ApiKeys(store).revoke(cle, utcnow()):
            raise fail(f"Aucune clé ouverte ne commence ainsi : {cle}", UNKNOWN)
    console.print(printable(f"Clé {cle} révoquée."))
