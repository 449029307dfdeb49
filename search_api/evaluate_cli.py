"""« debouches evaluer » : ce que valent les étapes de l'ingestion, mesuré sur des avis réels."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ingest.evaluation import duplicates

app = typer.Typer(help="Mesure ce que valent les étapes, sur des avis réels.", no_args_is_help=True)

DATA = Path("../shared/data")

Data = Annotated[Path, typer.Option(metavar="DIR", help="Dossier des données d'évaluation.")]
Json = Annotated[bool, typer.Option("--json", help="Mesures en JSON.")]

console = Console()
errors = Console(stderr=True)


@app.callback()
def evaluate() -> None:
    """Mesure ce que valent les étapes, sur des avis réels."""


def folder(data: Path) -> Path:
    """The notices under a data folder, or the folder itself when it holds them directly."""
    found = data / "notices" if (data / "notices").is_dir() else data
    if not found.is_dir():
        errors.print(f"Introuvable : {data}", style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(2)
    return found


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.4f}".replace(".", ",")


def _shown(name: str, measure: duplicates.Measure) -> None:
    columns = ("Famille", "Paires", "Précision", "Rappel", "Réunies à tort", "Manquées")
    table = Table(*columns, title=name)
    for family, count in (*measure.families.items(), ("Ensemble", measure.total)):
        figures = (count.pairs(), _share(count.precision()), _share(count.recall()))
        table.add_row(family, *map(str, (*figures, count.joined_wrong, count.apart_wrong)))
    console.print(table)


@app.command(name="doublons")
def evaluate_duplicates(
    donnees: Data = DATA,
    en_json: Json = False,
    paires: Annotated[
        int, typer.Option(min=1, help="Paires par famille et par partie, au plus.")
    ] = duplicates.MOST,
) -> None:
    """Les doublons : précision et rappel, par décision et de bout en bout."""
    found = duplicates.evaluate(
        folder(donnees), paires, progress=lambda told: errors.print(f"{told}…", highlight=False)
    )
    if en_json:
        told = {
            part: {name: measure.to_json() for name, measure in measures.items()}
            for part, measures in found.items()
        }
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    titles = {"decision": "décision", "bout_en_bout": "de bout en bout"}
    for part, measures in found.items():
        for name, measure in measures.items():
            _shown(f"Doublons, partie {part}, {titles[name]}", measure)
