"""« debouches source » : ce qu'un fichier donnerait, et une première fiche pour qui n'en a pas."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from index.embedders import open_coder
from index.lead import Lead
from index.settings import Settings
from ingest.document import Document, DocumentError, Limits
from ingest.documents import documents
from ingest.looked import FIELDS
from ingest.preview import MOST, Place, Preview, preview
from ingest.price import Rates
from ingest.propose import ProposeError, propose
from ingest.recognise import recognise
from ingest.source import Source, page_at, source, sources
from search_api.opening import utcnow
from search_api.terminal import INCOMPLETE, UNKNOWN, console, fail, present, printable
from search_api.words import STAGES

app = typer.Typer(
    help="Une source : essayer sa fiche sur un fichier, ou en proposer une.", no_args_is_help=True
)

File = Annotated[Path, typer.Argument(metavar="FICHIER", help="Fichier, archive ou dossier.")]

_FIELDS = {
    "title": "titre",
    "text": "texte",
    "buyer": "acheteur",
    "country": "pays",
    "published": "parution",
    "deadline": "date limite",
    "amount": "montant",
    "codes": "codes",
    "url": "lien",
}
# Lines of a list that are shown on a terminal; --json gives more.
_SHOWN = 10


@app.command()
def essayer(
    fichier: File,
    nom: Annotated[
        str, typer.Option("--source", metavar="NOM", help="Source dont la fiche est essayée.")
    ] = "",
    fiche: Annotated[
        Path | None, typer.Option(metavar="FICHE.yml", help="Fiche essayée, où qu'elle soit.")
    ] = None,
    tout: Annotated[
        bool, typer.Option("--tout", help=f"Lit tout, au lieu des {MOST} premiers avis.")
    ] = False,
    en_json: Annotated[bool, typer.Option("--json", help="Compte rendu en JSON.")] = False,
) -> None:
    """Montre ce qu'un fichier donnerait, sans rien écrire dans le registre.

    Code de sortie : 0 des avis ont été lus, 3 aucun, 2 fiche incorrecte ou fichier introuvable.
    """
    settings = Settings()
    if not present(fichier):
        raise fail(f"Introuvable : {fichier}", UNKNOWN)
    page = _page(settings, fichier, nom, fiche)
    told = preview(
        documents([fichier], Limits()),
        page,
        Rates.load(),
        utcnow(),
        open_coder(settings),
        None if tout else MOST,
    )
    if en_json:
        typer.echo(json.dumps(told.to_json(), ensure_ascii=False))
    else:
        _show(told)
    if not told.notices:
        raise typer.Exit(INCOMPLETE)


@app.command()
def proposer(
    fichier: File,
    nom: Annotated[str, typer.Option("--nom", metavar="NOM", help="Nom court de la source.")],
) -> None:
    """Écrit une première fiche d'après les colonnes d'un fichier, à vérifier et à compléter."""
    if not present(fichier):
        raise fail(f"Introuvable : {fichier}", UNKNOWN)
    one = next(iter(documents([fichier], Limits())), None)
    if not isinstance(one, Document):
        raise fail(one.reason if one else f"Aucun fichier dans {fichier}", INCOMPLETE)
    try:
        typer.echo(propose(one, nom), nl=False)
    except (ProposeError, DocumentError) as error:
        raise fail(str(error), INCOMPLETE) from error


def _page(settings: Settings, file: Path, name: str, own: Path | None) -> Source:
    """The page to try. Raises SourceError when it is wrong, Exit when no page is for the file."""
    if own is not None:
        return page_at(own)
    if name:
        return source(name, settings.sources)
    pages = sources(settings.sources)
    for one in documents([file], Limits()):
        if isinstance(one, Document) and (found := recognise(one, pages)):
            return found[0]
    raise fail(
        "Aucune fiche connue ne décrit ce fichier : nommez-la (--source ou --fiche), ou partez de"
        " « debouches source proposer ».",
        INCOMPLETE,
    )


# --- what is shown ------------------------------------------------------------------------------


def _say(text: str) -> None:
    console.print(printable(text), highlight=False, soft_wrap=True)


def _show(told: Preview) -> None:
    forms = ", ".join(told.formats) or "aucun"
    _say(f"Source : {told.source} ; format : {forms}.")
    part = "" if told.whole else " (début du fichier seulement ; --tout lit tout)"
    _say(f"Avis reçus : {told.received} ; mis en quarantaine : {told.quarantined}{part}.")
    if told.repeated:
        _say(f"Références qui reviennent dans ce fichier : {told.repeated}.")
    if told.leads:
        console.print(_leads(told.leads))
        console.print(_coverage(told))
    _list("Quarantaine", [f"{times} × {reason}" for reason, times in told.reasons.most_common()])
    _list("Où", [_at(one) for one in told.refused])
    _list("Dates non comprises", [_at(one) for one in told.unread])
    absent = [f"{column} (pour « {name} »)" for column, name in told.absent.items()]
    _list("Colonnes de la fiche absentes du fichier", absent)
    left = [f"{name} (ex. : {one})" if one else name for name, one in told.unmapped.items()]
    _list("Colonnes du fichier que la fiche ne lit pas", left)
    for subject, details in told.by_subject().items():
        _list(f"Remarque — {subject}", [f"{detail} ({times})" for detail, times in details])


def _at(place: Place) -> str:
    return " : ".join(filter(None, (place.position, place.told)))


def _list(title: str, lines: list[str]) -> None:
    if lines:
        more = f" (les {_SHOWN} premières lignes de {len(lines)})" if len(lines) > _SHOWN else ""
        _say(f"{title}{more} :")
    for line in lines[:_SHOWN]:
        _say(f"  {line}")


def _leads(leads: list[Lead]) -> Table:
    names = ("Titre", "Acheteur", "Pays", "Parution", "Limite", "Euros", "Étape", "Codes", "Lien")
    table = Table(*names, title=f"Les {len(leads)} premiers leads", show_lines=True)
    for lead in leads:
        table.add_row(*map(printable, _cells(lead)))
    return table


def _cells(lead: Lead) -> tuple[str, ...]:
    euros = lead.value.euros if lead.value else None
    codes = (
        f"{code.scheme} {code.code}" + ("" if code.given else f" (deviné, {_percent(code.score)})")
        for code in lead.told
    )
    return (
        lead.title[:80],
        lead.buyer[:40],
        lead.country,
        lead.published.date().isoformat() if lead.published else "",
        lead.deadline.isoformat(" ", "minutes") if lead.deadline else "",
        "" if euros is None else f"{euros:,.0f}".replace(",", " "),
        STAGES.get(lead.stage, lead.stage),
        " ; ".join(codes),
        lead.url,
    )


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _coverage(told: Preview) -> Table:
    table = Table(*(_FIELDS[name] for name in FIELDS), title="Part des avis qui ont ce champ")
    table.add_row(*(_percent(told.coverage(name)) for name in FIELDS))
    return table
