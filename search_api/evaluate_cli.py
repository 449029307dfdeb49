"""« debouches evaluer » : ce que valent les étapes de l'ingestion et la recherche, mesuré sur des
avis réels."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from index.coding import Coder
from index.embedders import open_coder, open_sense
from index.lead import Lead
from index.settings import Settings
from index.trade import ModelError
from ingest.evaluation import codes, corpus, duplicates, search, worst
from search_api.evaluate_tables import (
    goods_sheets,
    notices_sheets,
    pairs_sheet,
    search_sheets,
    show,
    worst_sheet,
)
from search_api.terminal import UNKNOWN, fail

HELP = "Mesure ce que valent la recherche et les étapes de l'ingestion, sur des avis réels."

app = typer.Typer(help=HELP, no_args_is_help=True)

DATA = Path("../shared/data")


class Part(StrEnum):
    """Parts of the data, as they are asked for."""

    TEST = "test"
    LEARNING = "apprentissage"
    WHOLE = "tout"


class Engine(StrEnum):
    """Engines that can be measured."""

    EMBEDDED = "embarque"
    OPENSEARCH = "opensearch"


Data = Annotated[Path, typer.Option(metavar="DIR", help="Dossier des données d'évaluation.")]
Parts = Annotated[
    Part,
    typer.Option(
        help="Partie mesurée : « test », que l'apprentissage n'a pas lue ; « apprentissage » ; "
        "« tout », pour un dossier que rien n'a appris."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Mesures en JSON.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Tableaux en Markdown.")]

errors = Console(stderr=True)


@app.callback()
def evaluate() -> None:
    """Mesure ce que valent la recherche et les étapes de l'ingestion, sur des avis réels."""


@contextmanager
def _said() -> Iterator[None]:
    """What is absent or cannot be read is said in one line."""
    try:
        yield
    except (corpus.AbsentError, ModelError) as error:
        errors.print(str(error), style="red", highlight=False, soft_wrap=True, markup=False)
        raise typer.Exit(2) from error


def _progress(told: str) -> None:
    errors.print(f"{told}…", highlight=False, markup=False)


def _json(told: Any) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False))


def _some(found: list[Any], what: str, data: Path) -> None:
    """A measure over nothing would look like one."""
    if not found:
        raise corpus.AbsentError(f"Rien à mesurer : aucun {what} de cette partie dans {data}")


def _leads(data: Path, part: Part, coder: Coder) -> list[Lead]:
    _progress("Lecture des avis")
    return corpus.leads(data, part.value, coder)


@app.command(name="doublons")
def evaluate_duplicates(
    donnees: Data = DATA,
    en_json: Json = False,
    markdown: Markdown = False,
    paires: Annotated[
        int, typer.Option(min=1, help="Paires par famille et par partie, au plus.")
    ] = duplicates.MOST,
) -> None:
    """Les doublons : précision et rappel, par décision et de bout en bout."""
    with _said():
        folder = corpus.notices_folder(donnees)
    found = duplicates.evaluate(folder, paires, progress=_progress)
    if en_json:
        return _json(
            {
                part: {name: measure.to_json() for name, measure in measures.items()}
                for part, measures in found.items()
            }
        )
    titles = {"decision": "décision", "bout_en_bout": "de bout en bout"}
    for part, measures in found.items():
        for name, measure in measures.items():
            show(pairs_sheet(f"Doublons, partie {part}, {titles[name]}", measure), markdown)
    return None


@app.command(name="recherche")
def evaluate_search(
    donnees: Data = DATA,
    partie: Parts = Part.TEST,
    moteur: Annotated[Engine, typer.Option(help="Moteur mesuré.")] = Engine.EMBEDDED,
    pires: Annotated[
        int, typer.Option(min=0, metavar="N", help="Montre aussi les N requêtes les moins servies.")
    ] = 0,
    nos_requetes: Annotated[
        bool, typer.Option("--nos-requetes", help="Nos propres requêtes, pour régler.")
    ] = False,
    en_json: Json = False,
    markdown: Markdown = False,
) -> None:
    """La recherche : nDCG@10 et rappel@100 de requêtes jugées, avec les codes des avis et sans.

    Les mots seuls, le sens seul, les codes seuls et l'ensemble, par familles de langues.
    """
    with _said():
        queries = corpus.own_judged() if nos_requetes else corpus.judged(donnees)
        sense = open_sense(Settings())
        leads = search.coded(_leads(donnees, partie, sense.coder))
        _some(leads, "avis étranger codé", donnees)
    opened = search.engines(sense, Settings()).get(moteur.value)
    if opened is None:
        raise fail("OPENSEARCH_URL ne donne l'adresse d'aucun moteur.", UNKNOWN)
    found = search.evaluate(leads, queries, sense.coder, opened, _progress)
    least = worst.worst(found, sense.coder, pires)
    if en_json:
        told = {"pires": [one.to_json() for one in least]} if pires else {}
        return _json(found.to_json() | told)
    show(search_sheets(found), markdown)
    if pires:
        show(worst_sheet(least), markdown)
    return None


@app.command(name="sh")
def evaluate_goods(
    donnees: Data = DATA,
    partie: Parts = Part.TEST,
    en_json: Json = False,
    markdown: Markdown = False,
) -> None:
    """Les codes SH de textes de produits : justesse, confiance, langues hors apprentissage."""
    with _said():
        products = corpus.products(donnees, partie.value)
        _some(products, "texte de produit", donnees)
        coder = open_coder(Settings())
    found = codes.goods(coder, products)
    others = codes.unlearned(coder, list(corpus.unlearned_products()))
    if en_json:
        languages = {name: one.to_json() for name, one in others.items()}
        return _json(found.to_json() | {"langues_hors_apprentissage": languages})
    show(goods_sheets(found, others), markdown)
    return None


@app.command(name="cpv")
def evaluate_notices(
    donnees: Data = DATA,
    partie: Parts = Part.TEST,
    en_json: Json = False,
    markdown: Markdown = False,
) -> None:
    """Les codes CPV d'avis, d'après leurs mots seuls : justesse, confiance, « sans code SH »."""
    with _said():
        coder = open_coder(Settings())
        leads = [lead for lead in _leads(donnees, partie, coder) if corpus.cpv_of(lead)]
        _some(leads, "avis codé", donnees)
    found = codes.notices(coder, leads)
    if en_json:
        return _json(found.to_json())
    show(notices_sheets(found), markdown)
    return None
