"""The door: ``python -m crawlers SOURCE --vers DOSSIER`` crawls one source, once."""

import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, cast

import orjson
import typer
from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from crawlers.landing import REPORT, Run
from crawlers.logs import log
from crawlers.order import Order, order
from crawlers.settings import MIN_DELAY, loopback, settings, user_agent
from crawlers.walk import Walk
from ingest.collect import ENDINGS
from ingest.source import Source, SourceError, source

COMPLETE, IMPOSSIBLE, INCOMPLETE = 0, 2, 3
_MB = 1024 * 1024


def spider_for(page: Source) -> type[Walk]:
    """The spider that the page of a source names. Raises SourceError, in French."""
    loader = SpiderLoader.from_settings(Settings(settings()))
    name = page.collect.spider if page.collect else ""
    if name not in loader.list():
        known = ", ".join(sorted(loader.list()))
        raise SourceError(f"Collecteur inconnu : « {name} ». Collecteurs connus : {known}.")
    return cast(type[Walk], loader.load(name))


def report(folder: Path) -> dict[str, Any]:
    """The report of a run; where the crawl left none, one that says so."""
    try:
        read: dict[str, Any] = orjson.loads((folder / REPORT).read_bytes())
    except (OSError, ValueError):
        return {"reason": "interrupted", "pages": 0, "items": 0}
    return read


def sentence(name: str, folder: Path, told: dict[str, Any]) -> str:
    """How the crawl of a source ended, in one line for people."""
    pages = f"{told['pages']} page{'s' if told['pages'] > 1 else ''}"
    items = f"{told['items']} élément{'s' if told['items'] > 1 else ''}"
    if told["reason"] == "finished":
        return f"« {name} » : collecte complète, {pages}, {items} dans {folder}"
    return f"« {name} » : collecte incomplète, {pages} ; {ENDINGS[told['reason']]} ({folder})"


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _ordered(page: Source, since: datetime | None, until: datetime | None) -> Order:
    variable = page.collect.key.variable if page.collect and page.collect.key else ""
    key = os.environ.get(variable, "") if variable else ""
    return order(page, _day(since), _day(until), datetime.now(UTC).date(), key)


def _known(file: Path | None) -> dict[str, dict[str, str]]:
    """What the run before said; nothing at all when it cannot be read: everything comes again."""
    try:
        read: dict[str, dict[str, str]] = orjson.loads(file.read_bytes()) if file else {}
    except (OSError, ValueError):
        return {}
    return read


def _say(progress: dict[str, object]) -> None:
    sys.stdout.buffer.write(orjson.dumps(progress) + b"\n")
    sys.stdout.buffer.flush()


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
    until: Annotated[
        datetime | None,
        typer.Option("--jusque", formats=["%Y-%m-%d"], help="Avis publiés jusqu'à cette date."),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option("--reprise", help="Dossier d'une collecte à finir.")
    ] = None,
    known: Annotated[
        Path | None, typer.Option("--connus", help="Ce que la dernière collecte a retenu (JSON).")
    ] = None,
    delay: Annotated[
        float | None, typer.Option("--delai", min=0, help="Secondes entre deux requêtes.")
    ] = None,
    pages: Annotated[
        Path | None, typer.Option("--pages", help="Dossier de fiches de sources à ajouter.")
    ] = None,
    replica: Annotated[
        str, typer.Option("--replique", help="Adresse d'une réplique, sur cette machine.")
    ] = "",
    contact: Annotated[
        str, typer.Option("--contact", help="Page ou adresse où joindre l'exploitant.")
    ] = "",
    in_json: Annotated[
        bool, typer.Option("--json", help="Dit où en est la collecte, en lignes de JSON.")
    ] = False,
) -> None:
    """Collecte une source et dépose chaque réponse, telle quelle, dans un dossier.

    Code de sortie : 0 collecte complète, 3 incomplète, 2 source inconnue ou demande impossible.
    """
    try:
        if replica and not loopback(replica):
            raise SourceError("Une réplique répond sur cette machine : http://127.0.0.1:PORT.")
        page = source(name, pages)
        told = _ordered(page, since, until)
        spider = spider_for(page)
        delay = max(told.collect.delay, MIN_DELAY) if delay is None else delay
        if delay < MIN_DELAY and not replica:
            raise SourceError(
                f"Le délai entre deux requêtes est d'au moins {MIN_DELAY:.0f} seconde."
            )
        agent = user_agent(contact)
        run = Run(
            landing,
            name,
            agent,
            lambda: datetime.now(UTC),
            since=told.since,
            until=told.until,
            known=_known(known),
            resume=resume,
            tell=_say if in_json else lambda progress: None,
        )
    except SourceError as error:
        raise refusal(str(error)) from error
    except BlockingIOError as error:
        raise refusal(f"Une collecte est déjà à l'œuvre dans {resume}.") from error
    except OSError as error:
        raise refusal(f"Impossible d'écrire dans {landing} : {error.strerror}.") from error
    collect = told.collect
    careful = settings(
        delay,
        collect.max_mb * _MB,
        agent,
        replica,
        patience=collect.patience,
        max_pages=collect.max_pages,
    )
    log(told.hide)
    process = CrawlerProcess(careful)
    process.crawl(spider, order=told, run=run)
    process.start()
    ended = report(run.folder)
    complete = ended["reason"] == "finished"
    if not in_json:
        typer.echo(sentence(name, run.folder, ended), err=not complete)
    raise typer.Exit(COMPLETE if complete else INCOMPLETE)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command()(main)
    app(prog_name="python -m crawlers")
