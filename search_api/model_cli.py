"""« debouches modele » : essayer le modèle, le corriger, en entraîner un sur ses propres leads."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from index.coding import Coded
from index.embedders import open_taught
from index.labelled import LabelledText, LabelledTexts
from index.lead import Lead, LeadText
from index.settings import Settings
from index.trade import PACKAGED
from index.wording import label
from ingest import labelling
from ingest.classify import classify
from ingest.training.embedding import Plan
from ingest.training.make import Material, make
from ingest.training.texts import translations
from search_api.opening import utcnow
from search_api.terminal import UNKNOWN, console, errors, fail, printable, record
from search_api.words import METHODS, SCHEMES
from taxonomies import languages

app = typer.Typer(help="Le modèle qui comprend les textes et les code.", no_args_is_help=True)

# It is part of the name of a folder of the index.
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_STEPS = Plan().steps

# Wrong lines of a table that are shown.
_SHOWN = 20

_EXTRA = "L'entraînement demande sentence-transformers : « pip install debouches[semantic] »"


@app.command(name="coder")
def code_texts(
    textes: Annotated[list[str], typer.Argument(metavar="TEXTE…", help="Un texte par argument.")],
    langue: Annotated[str, typer.Option(help="Langue des textes, si elle est connue.")] = "",
    en_json: Annotated[bool, typer.Option("--json", help="Réponse en JSON.")] = False,
) -> None:
    """Les codes que des textes recevraient : sûrs, ou seulement envisagés, et pourquoi."""
    language = languages.normalise(langue) if langue else ""
    if language is None:
        raise fail(f"Langue inconnue : « {langue} »", UNKNOWN)
    settings = Settings()
    with record(settings) as store:
        coder = open_taught(settings, store)
    leads = [Lead(id="", texts=(LeadText(language=language, title=text),)) for text in textes]
    coded = classify(leads, coder)
    if en_json:
        typer.echo(json.dumps([_told(lead) for lead in coded], ensure_ascii=False))
        return
    for lead in coded:
        _shown(lead)


def _told(lead: Lead) -> dict[str, Any]:
    kept = lead.model_dump(mode="json", include={"codes", "hints", "without_hs"})
    return {"text": lead.title} | kept


def _shown(lead: Lead) -> None:
    table = Table("Code", "Libellé", "Confiance", "Comment", "Mots", title=printable(lead.title))
    for code in lead.codes:
        name, words = label(code.scheme, code.code), ", ".join(code.evidence)
        written = f"{SCHEMES[code.scheme]} {code.code}"
        cells = (written, name, f"{code.score:.0%}", METHODS[code.method], words)
        table.add_row(*map(printable, cells))
    for hint in lead.hints:
        name, written = label(hint.scheme, hint.code), f"{SCHEMES[hint.scheme]} {hint.code}"
        cells = (written, name, f"{hint.share:.0%} des voix", "envisagé", "")
        table.add_row(*map(printable, cells), style="dim")
    console.print(table)
    if lead.without_hs:
        console.print("Service ou travaux : sans code SH.")


@app.command(name="etiqueter")
def label_texts(
    fichier: Annotated[Path, typer.Argument(metavar="FICHIER.csv")],
    auteur: Annotated[str, typer.Option(help="Qui a donné ces codes.")] = "import",
) -> None:
    """Apprend des textes et leurs codes, sans entraînement (colonnes : texte, schema, code, et au
    besoin titre et langue)."""
    texts = _read(fichier)
    with record(Settings()) as store:
        LabelledTexts(store).add(texts, auteur, utcnow())
    counted = f"{len(texts)} texte{'s' if len(texts) > 1 else ''}"
    console.print(f"Appris de {counted} : les prochaines ingestions en tiennent compte.")


def _read(path: Path, scheme: Coded | None = None) -> list[LabelledText]:
    """All the rows of a table; says what is wrong with it, then leaves."""
    try:
        found = labelling.read(path.read_bytes(), scheme)
    except OSError as error:
        raise fail(f"Illisible : {path} ({error.strerror})", UNKNOWN) from error
    if not found.problems:
        return found.texts
    for problem in found.problems[:_SHOWN]:
        errors.print(printable(problem), highlight=False, soft_wrap=True)
    if len(found.problems) > _SHOWN:
        errors.print(f"… et {len(found.problems) - _SHOWN} autres.")
    raise fail(f"Rien n'a été pris de {path} : à corriger d'abord.")


@app.command(name="entrainer")
def train_model(
    vers: Annotated[Path, typer.Option(metavar="DIR", help="Dossier du modèle, à créer.")],
    produits: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Textes de produits (texte, code SH).")
    ] = None,
    traductions: Annotated[
        Path | None, typer.Option(metavar="TSV", help="Mots qui se traduisent, deux par ligne.")
    ] = None,
    pas: Annotated[int, typer.Option(min=1, help="Durée de l'entraînement.")] = _STEPS,
    nom: Annotated[str, typer.Option(help="Nom du modèle ; la date et l'heure sans mention.")] = "",
) -> None:
    """Entraîne un modèle sur les leads codés du registre et les textes étiquetés."""
    name = nom or f"local-{utcnow():%Y%m%d-%H%M%S}"
    if not _NAME.fullmatch(name) or name == PACKAGED.name:
        raise fail(f"Nom refusé : « {name} » (minuscules, chiffres et tirets)", UNKNOWN)
    _check(vers)
    products = _read(produits, "HS") if produits else []
    material = _material(products, traductions)
    _check_extra()
    vers.mkdir(exist_ok=True)
    _train(vers, name, material, replace(Plan(), steps=pas))
    _finished(vers, name, material)


def _check(folder: Path) -> None:
    """Long work is not begun for nothing."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise fail(f"Le dossier {folder} n'est pas vide.", UNKNOWN)
        folder.parent.mkdir(parents=True, exist_ok=True)
        # It can be written: said before the work, and made when there is something to put in it.
        folder.mkdir(exist_ok=True)
        folder.rmdir()
    except OSError as error:
        raise fail(f"Impossible d'écrire dans {folder} ({error.strerror})", UNKNOWN) from error


def _check_extra() -> None:
    try:
        import sentence_transformers  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as error:
        raise fail(_EXTRA) from error


def _material(products: Sequence[LabelledText], pairs: Path | None) -> Material:
    with record(Settings()) as store:
        labelled = [*LabelledTexts(store).all(), *products]
        leads = [
            lead
            for batch in store.changed_since(0)
            for lead in batch
            if not lead.fictitious and not lead.merged_into and _is_coded(lead)
        ]
    if not leads and not labelled:
        raise fail("Rien à apprendre : ni lead codé par sa source, ni texte étiqueté.", UNKNOWN)
    try:
        return Material(leads, labelled=labelled, pairs=translations(pairs) if pairs else ())
    except (OSError, UnicodeError) as error:
        raise fail(f"Illisible : {pairs}", UNKNOWN) from error


def _is_coded(lead: Lead) -> bool:
    return any(code.scheme == "CPV" and code.given for code in lead.codes)


def _train(folder: Path, name: str, material: Material, plan: Plan) -> None:
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    quiet = not errors.is_terminal
    with Progress(*columns, console=errors, transient=True, disable=quiet) as progress:
        task = progress.add_task("Préparation…")
        try:
            make(folder, name, material, plan, lambda told: progress.update(task, description=told))
        except OSError as error:
            raise fail(f"Impossible d'écrire dans {folder} ({error.strerror})") from error


def _finished(folder: Path, name: str, material: Material) -> None:
    size = f"{sum(path.stat().st_size for path in folder.iterdir()) / 1e6:.1f}".replace(".", ",")
    console.print(
        f"Modèle « {name} » : {len(material.leads)} leads et {len(material.labelled)} textes"
        f" étiquetés appris, {size} Mo dans {folder}.",
        highlight=False,
        soft_wrap=True,
    )
    console.print(
        f"Pour s'en servir : DEBOUCHES_MODEL={folder}, puis « debouches index reconstruire ».",
        highlight=False,
        soft_wrap=True,
    )
