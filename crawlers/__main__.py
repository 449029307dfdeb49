"""The door: ``python -m crawlers SOURCE --vers DOSSIER`` crawls one source, once."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import orjson
import typer
from scrapy.crawler import CrawlerProcess

from crawlers.base import PagedSpider, start_address
from crawlers.landing import REASONS, REPORT, Run
from crawlers.settings import MAX_BYTES, MIN_DELAY, settings, user_agent
from crawlers.spiders.ocds import OcdsSpider
from ingest.source import Source, SourceError, source

# One spider a format; a source is read by the first of its formats that has one.
SPIDERS: dict[str, type[PagedSpider]] = {"ocds": OcdsSpider}
OWN_MACHINE = ("127.0.0.1", "localhost", "::1")
COMPLETE, IMPOSSIBLE, INCOMPLETE = 0, 2, 3


def spider_for(page: Source) -> type[PagedSpider]:
    """The spider that reads a source. Raises SourceError, in French, when there is none."""
    for name in page.formats:
        if name in SPIDERS:
            return SPIDERS[name]
    raise SourceError(f"Aucun collecteur ne sait lire la source « {page.name} ».")


def polite(address: str, delay: float) -> None:
    """Raises SourceError, in French, when someone else's service would be hurried."""
    if delay < MIN_DELAY and urlsplit(address).hostname not in OWN_MACHINE:
        raise SourceError(f"Le délai entre deux requêtes est d'au moins {MIN_DELAY:.0f} seconde.")


def report(folder: Path) -> dict[str, Any]:
    """The report of a run; where the crawl left none, one that says so."""
    try:
        read: dict[str, Any] = orjson.loads((folder / REPORT).read_bytes())
    except (OSError, ValueError):
        return {"reason": "interrupted", "pages": len(list(folder.glob("[0-9]*.json"))), "items": 0}
    return read


def sentence(name: str, folder: Path, told: dict[str, Any]) -> str:
    """How the crawl of a source ended, in one line for people."""
    pages = f"{told['pages']} page{'s' if told['pages'] > 1 else ''}"
    items = f"{told['items']} élément{'s' if told['items'] > 1 else ''}"
    if told["reason"] == "finished":
        return f"« {name} » : collecte complète, {pages}, {items} dans {folder}"
    return f"« {name} » : collecte incomplète, {pages} ; {REASONS[told['reason']]} ({folder})"


def refusal(message: str) -> typer.Exit:
    """The end of a request that cannot be met, once the reason is said."""
    typer.echo(message, err=True)
    return typer.Exit(IMPOSSIBLE)


def main(
    name: Annotated[str, typer.Argument(metavar="SOURCE", help="Nom de la source.")],
    landing: Annotated[Path, typer.Option("--vers", help="Dossier où déposer les réponses.")],
    since: Annotated[
        datetime | None,
        typer.Option("--depuis", formats=["%Y-%m-%d"], help="Avis publiés depuis cette date."),
    ] = None,
    delay: Annotated[
        float, typer.Option("--delai", min=0, help="Secondes entre deux requêtes.")
    ] = MIN_DELAY,
    pages: Annotated[
        Path | None, typer.Option("--pages", help="Dossier de fiches de sources à ajouter.")
    ] = None,
    max_bytes: Annotated[
        int, typer.Option("--taille-max", min=1, help="Octets au plus par réponse.")
    ] = MAX_BYTES,
    contact: Annotated[
        str, typer.Option("--contact", help="Page ou adresse où joindre l'exploitant.")
    ] = "",
) -> None:
    """Collecte une source et dépose chaque réponse, telle quelle, dans un dossier.

    Code de sortie : 0 collecte complète, 3 incomplète, 2 source inconnue ou demande impossible.
    """
    try:
        page = source(name, pages)
        spider = spider_for(page)
        address = start_address(page, since.date() if since else None)
        polite(address, delay)
        agent = user_agent(contact)
        run = Run(landing, name, agent, clock=lambda: datetime.now(UTC))
    except SourceError as error:
        raise refusal(str(error)) from error
    except OSError as error:
        raise refusal(f"Impossible d'écrire dans {landing} : {error.strerror}.") from error
    process = CrawlerProcess(settings(delay, max_bytes, agent))
    process.crawl(spider, address=address, run=run)
    process.start()
    told = report(run.folder)
    complete = told["reason"] == "finished"
    typer.echo(sentence(name, run.folder, told), err=not complete)
    raise typer.Exit(COMPLETE if complete else INCOMPLETE)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command()(main)
    app(prog_name="python -m crawlers")
