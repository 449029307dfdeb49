"""A partner's key: shown once, known by its fingerprint, closed when it expires or is revoked."""

from datetime import timedelta
from pathlib import Path

import pytest
from conftest import NOW
from sqlalchemy import select
from typer.testing import CliRunner, Result

from index.store import LeadStore
from index.submission_tables import api_key
from search_api.api_keys import ApiKeys, KeyRefused
from search_api.cli import app
from search_api.terminal import console

DAY = timedelta(days=1)


@pytest.fixture
def keys(store: LeadStore) -> ApiKeys:
    made = ApiKeys(store)
    made.enrol("ted", 60, 100, NOW)
    return made


def test_a_key_opens_what_it_was_made_for_until_it_expires(keys: ApiKeys) -> None:
    key, written = keys.create("ted", ["demandes:lire"], NOW, lifetime=DAY)
    shown = keys.shown(written, NOW)
    assert shown is not None
    assert (shown.partner, shown.scopes, shown.sandbox) == ("ted", ("demandes:lire",), False)
    assert key.expires == NOW + DAY
    assert keys.shown(written, NOW + DAY) is None


def test_the_record_holds_nothing_that_opens(keys: ApiKeys, store: LeadStore) -> None:
    _, written = keys.create("ted", ["demandes:lire"], NOW)
    with store.reading() as connection:
        [row] = connection.execute(select(api_key)).all()
    assert written.split("_")[-1] not in "".join(map(str, row))
    assert len(bytes.fromhex(written.split("_")[-1])) * 8 == 256


def test_a_key_revoked_opens_nothing_any_more(keys: ApiKeys) -> None:
    key, written = keys.create("ted", ["demandes:lire"], NOW)
    assert keys.revoke(key.id, NOW)
    assert keys.shown(written, NOW) is None
    assert not keys.revoke(key.id, NOW)


@pytest.mark.parametrize("change", [(-1, "0"), (5, "z"), (0, "D")])
def test_a_key_with_another_sign_is_not_the_key(keys: ApiKeys, change: tuple[int, str]) -> None:
    _, written = keys.create("ted", ["demandes:lire"], NOW)
    at, sign = change
    wrong = list(written)
    wrong[at] = sign if wrong[at] != sign else "1"
    assert keys.shown("".join(wrong), NOW) is None


def test_two_keys_are_valid_together_while_one_replaces_the_other(keys: ApiKeys) -> None:
    old, _ = keys.create("ted", ["demandes:lire"], NOW)
    keys.create("ted", ["demandes:lire"], NOW)
    with pytest.raises(KeyRefused, match="2 clés"):
        keys.create("ted", ["demandes:lire"], NOW)
    keys.create("ted", ["demandes:lire"], NOW, sandbox=True)
    keys.revoke(old.id, NOW)
    keys.create("ted", ["demandes:lire"], NOW + DAY)


def test_a_key_says_about_when_it_was_last_shown(keys: ApiKeys) -> None:
    _, written = keys.create("ted", ["demandes:lire"], NOW)
    for hours in (0, 0.5, 1, 1.5):
        keys.shown(written, NOW + timedelta(hours=hours))
    [key] = keys.keys("ted")
    assert key.used == NOW + timedelta(hours=1)


def command(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    monkeypatch.setenv("DEBOUCHES_DATA", str(folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    # Whoever imported the terminal first decided how wide it is.
    monkeypatch.setattr(console, "_width", 200)
    return CliRunner().invoke(app, words)


def test_partners_and_keys_are_managed_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def type_in(*words: str) -> Result:
        return command(tmp_path, monkeypatch, *words)

    assert type_in("cle", "creer", "ted").exit_code == 2
    assert "60 requêtes" in type_in("partenaire", "creer", "ted", "--par-minute", "60").output
    written = type_in("cle", "creer", "ted", "--essai").output.split()[-1]
    assert written.startswith("debessai_")
    listed = type_in("cle", "lister").output
    assert "essai, valable" in listed
    assert written.split("_")[-1] not in listed
    assert "20000" in type_in("partenaire", "lister").output
    assert type_in("cle", "revoquer", written.split("_")[1]).exit_code == 0
    assert "révoquée" in type_in("cle", "lister", "ted").output
    assert type_in("cle", "creer", "ted", "--portee", "tout").exit_code == 2
    assert type_in("partenaire", "creer", "inconnu").exit_code == 2
