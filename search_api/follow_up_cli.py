"""The command ``debouches suivi``: questions that are due, and what is kept no longer."""

import json
from datetime import UTC, datetime, time
from typing import Annotated

import typer

from index import ballot, interest
from index.interest import months_later
from index.settings import Settings
from index.store import LeadStore
from search_api.follow_ups import WORDS
from search_api.opening import utcnow
from search_api.terminal import console, printable, record
from search_api.words import counted, plain

app = typer.Typer(help="Le suivi des leads par les entreprises.", no_args_is_help=True)


@app.command(name="echeances")
def list_due(
    en_json: Annotated[bool, typer.Option("--json", help="Une ligne de JSON par lead.")] = False,
) -> None:
    """Les leads dont il est temps de demander la suite, sans adresse électronique."""
    today = utcnow().date()
    with record(Settings()) as store, store.reading() as connection:
        rows = interest.due(connection, today)
    for row in rows:
        one = row.interest
        if en_json:
            told = {"lead": one.lead, "company": row.company.name, "siren": row.company.siren}
            state = {"state": one.state, "due": one.due and one.due.isoformat()}
            typer.echo(json.dumps(told | state | {"number": one.number}, ensure_ascii=False))
            continue
        line = f"{one.due}  {row.company.name} : {plain(one.title)} ({WORDS[one.state].lower()})"
        console.print(printable(line), highlight=False, soft_wrap=True)


def forget(settings: Settings, store: LeadStore, now: datetime) -> tuple[int, int]:
    """Erase companies that said nothing for long, and who cast old votes; how many of each."""

    def ago(months: int) -> datetime:
        day = months_later(now.astimezone(UTC).date(), -months)
        return datetime.combine(day, time(), UTC)

    with store.writing_aside() as connection:
        companies = interest.forget(connection, ago(settings.follow_up_months))
        votes = ballot.anonymise(connection, ago(settings.vote_months), now)
    return companies, votes


@app.command(name="purger")
def purge() -> None:
    """Efface les suivis sans nouvelles et rend anonymes les avis anciens."""
    settings = Settings()
    with record(settings) as store:
        companies, votes = forget(settings, store, utcnow())
    erased = counted(companies, "suivi effacé", "suivis effacés")
    hidden = counted(votes, "avis rendu anonyme", "avis rendus anonymes")
    console.print(f"{erased}, {hidden}.", highlight=False)
