"""« debouches saisie »: what was typed by hand and that somebody should read again."""

import json
from typing import Annotated

import typer

from index.settings import Settings
from ingest.typed import STALE, Typed, TypedLeads
from search_api.opening import utcnow
from search_api.terminal import console, printable, record
from search_api.words import ago, day

app = typer.Typer(help="Les demandes saisies à la main.", no_args_is_help=True)


@app.callback()
def _typed() -> None:
    """A group, though it has one command yet."""


@app.command()
def rappels(
    semaines: Annotated[int, typer.Option(min=1, help="Semaines sans changement.")] = STALE,
    en_json: Annotated[bool, typer.Option("--json", help="Une ligne de JSON par fiche.")] = False,
) -> None:
    """Les fiches encore ouvertes que personne n'a touchées, pour une tâche planifiée."""
    now = utcnow()
    with record(Settings()) as store:
        found = TypedLeads(store).stale(now, semaines)
    for one in found:
        if en_json:
            typer.echo(json.dumps(_told(one), ensure_ascii=False))
            continue
        line = f"{one.number:>5}  {one.team or one.who} : {one.fields.titre[:80]}"
        line += f", {ago(one.changed, now)}, expire le {day(one.expires)}"
        console.print(printable(line), highlight=False, soft_wrap=True)


def _told(one: Typed) -> dict[str, object]:
    return {
        "number": one.number,
        "state": one.state,
        "who": one.who,
        "team": one.team,
        "title": one.fields.titre,
        "changed": one.changed.isoformat(),
        "expires": one.expires.isoformat(),
    }
