"""« debouches compte »: the first administrator, and what a terminal can mend."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from people import CHEAP, PASSWORD
from sqlalchemy import delete
from typer.testing import CliRunner, Result

from index.account_tables import account, recovery_code, session
from index.settings import Settings
from index.store import LeadStore
from search_api import passwords
from search_api.cli import app


class Desk:
    """Where one types the command."""

    def run(self, *arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(app, ("compte", *arguments), input=typed)

    def accounts(self) -> list[dict[str, str]]:
        told: list[dict[str, str]] = json.loads(self.run("lister", "--json").stdout)
        return told


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LeadStore]:
    """One record for all tests: making its tables costs more than they do."""
    folder = tmp_path_factory.mktemp("data")
    opened = LeadStore.open(Settings(data=folder, database_url="").record_url)
    yield opened
    opened.close()


@pytest.fixture
def desk(record: LeadStore, monkeypatch: pytest.MonkeyPatch) -> Desk:
    with record.writing_aside() as connection:
        for table in (session, recovery_code, account):
            connection.execute(delete(table))
    monkeypatch.setenv("DEBOUCHES_DATA", str(Path(record.engine.url.database or "").parent))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(passwords, "_HASHER", CHEAP)
    return Desk()


def test_the_first_administrator_is_opened_with_a_password_typed_twice(desk: Desk) -> None:
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    made = desk.run("creer", "ana", "--nom", "Ana", "--role", "administrateur", typed=typed)
    assert made.exit_code == 0, made.output
    assert PASSWORD not in made.output
    assert desk.accounts() == [
        {"identifiant": "ana", "nom": "Ana", "role": "administrateur", "etat": "code à enrôler"}
    ]
    assert "ana" in desk.run("lister").stdout


def test_a_generated_password_is_shown_once_and_opens(desk: Desk) -> None:
    desk.run("creer", "ana", "--generer")
    told = desk.run("motdepasse", "ana", "--generer").stdout
    assert re.search(r"[a-z2-9]{5}(-[a-z2-9]{5}){3}", told)


def test_a_link_is_given_instead_of_a_password(desk: Desk) -> None:
    made = desk.run("creer", "ana", "--lien")
    assert re.search(r"/invitation/[\w-]{43}", made.stdout)
    assert desk.accounts()[0]["etat"] == "invité"
    assert re.search(r"/invitation/[\w-]{43}", desk.run("lien", "ana").stdout)


def test_role_and_state_are_changed(desk: Desk) -> None:
    desk.run("creer", "ana", "--generer")
    assert desk.run("role", "ana", "responsable").exit_code == 0
    assert desk.run("desactiver", "ana").exit_code == 0
    assert desk.accounts()[0] | {"nom": ""} == {
        "identifiant": "ana", "nom": "", "role": "responsable", "etat": "désactivé",
    }  # fmt: skip
    assert desk.run("reactiver", "ana").exit_code == 0
    assert desk.run("oublier-code", "ana").exit_code == 0
    assert desk.accounts()[0]["etat"] == "code à enrôler"


@pytest.mark.parametrize(
    ("arguments", "typed", "told"),
    [
        (("creer", "é", "--generer"), "", "lettres minuscules"),
        (("creer", "ana", "--role", "roi", "--generer"), "", "Rôle inconnu : roi"),
        (("creer", "ana"), "court\ncourt\n", "12 caractères au moins"),
        (("creer", "chef", "--generer"), "", "déjà pris"),
        (("role", "chef", "lecteur"), "", "dernier administrateur"),
        (("desactiver", "chef"), "", "dernier administrateur"),
        (("motdepasse", "personne", "--generer"), "", "Aucun compte"),
        (("lien", "personne"), "", "Aucun compte"),
    ],
    ids=[
        "identifiant",
        "rôle",
        "court",
        "pris",
        "dernier",
        "dernier fermé",
        "inconnu",
        "sans lien",
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    desk: Desk, arguments: tuple[str, ...], typed: str, told: str
) -> None:
    desk.run("creer", "chef", "--role", "administrateur", "--generer")
    refused = desk.run(*arguments, typed=typed)
    assert refused.exit_code == 2
    assert told in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert len(desk.accounts()) == 1
