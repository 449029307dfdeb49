"""« debouches source » : un fichier est essayé, ou décrit, sans que rien ne soit écrit."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from search_api.cli import app

GUIDE = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text("utf-8")


def block(kind: str) -> str:
    return GUIDE.partition(f"```{kind}\n")[2].partition("```")[0]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("DEBOUCHES_DATA", str(tmp_path / "donnees"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DEBOUCHES_SOURCES", raising=False)
    monkeypatch.chdir(tmp_path)
    Path("demandes-santa-rosa-22.csv").write_text(block("csv"), "utf-8")
    Path("camara-santa-rosa.yml").write_text(block("yaml"), "utf-8")
    return CliRunner()


FILE, PAGE = "demandes-santa-rosa-22.csv", "camara-santa-rosa.yml"


def test_the_example_of_the_guide_is_shown_and_nothing_is_written(
    run: CliRunner, tmp_path: Path
) -> None:
    answer = run.invoke(app, ["source", "essayer", FILE, "--fiche", PAGE])
    assert answer.exit_code == 0, answer.output
    assert "Avis reçus : 2 ; mis en quarantaine : 0." in answer.output
    assert "devise sans taux" in answer.output
    assert not (tmp_path / "donnees").exists()


def test_the_same_is_given_in_json(run: CliRunner) -> None:
    answer = run.invoke(app, ["source", "essayer", FILE, "--fiche", PAGE, "--json"])
    told = json.loads(answer.stdout)
    assert (told["source"], told["received"], told["whole"]) == ("camara-santa-rosa", 2, True)
    assert [lead["country"] for lead in told["leads"]] == ["PE", "CL"]
    assert told["coverage"]["deadline"] == 0.5


def test_a_proposed_page_can_be_tried_at_once(run: CliRunner) -> None:
    made = run.invoke(app, ["source", "proposer", FILE, "--nom", "essai"])
    assert made.exit_code == 0, made.output
    Path("essai.yml").write_text(made.stdout, "utf-8")
    mapping, guide = (
        yaml.safe_load(made.stdout)["mapping"],
        yaml.safe_load(block("yaml"))["mapping"],
    )
    assert {name: mapping[name] for name in mapping if name not in ("stages", "constants")} == {
        name: guide[name] for name in guide if name not in ("stages", "constants")
    }
    answer = run.invoke(app, ["source", "essayer", FILE, "--fiche", "essai.yml"])
    assert answer.exit_code == 0, answer.output


def test_the_page_of_a_file_is_recognised(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBOUCHES_SOURCES", ".")
    answer = run.invoke(app, ["source", "essayer", FILE, "--json"])
    assert json.loads(answer.stdout)["source"] == "camara-santa-rosa"


def test_a_wrong_page_is_one_line_that_names_the_file_and_the_field(run: CliRunner) -> None:
    Path("camara-santa-rosa.yml").write_text(block("yaml").replace("  key: [Ref]\n", ""), "utf-8")
    answer = run.invoke(app, ["source", "essayer", FILE, "--fiche", PAGE])
    assert answer.exit_code == 2
    assert answer.output == (
        "camara-santa-rosa.yml : La page de la source « camara-santa-rosa » est incorrecte :"
        " mapping.key : valeur attendue.\n"
    )


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["essayer", "absent.csv"], 2, "Introuvable : absent.csv"),
        (["essayer", FILE, "--fiche", "absente.yml"], 2, "Fiche illisible : absente.yml"),
        (["essayer", FILE, "--source", "rien"], 2, "Source inconnue : « rien »"),
        (["essayer", FILE], 3, "Aucune fiche connue ne décrit ce fichier"),
        (["essayer", FILE, "--source", "ted"], 3, "Format non reconnu"),
        (["proposer", "absent.csv", "--nom", "x"], 2, "Introuvable : absent.csv"),
        (["proposer", "vide", "--nom", "x"], 3, "Document vide."),
        (["proposer", "bruit", "--nom", "x"], 3, "Aucune colonne n'a pu être lue"),
    ],
)
def test_what_cannot_be_done_is_said(
    run: CliRunner, options: list[str], code: int, words: str
) -> None:
    Path("vide").touch()
    Path("bruit").write_text("<html><p>Erreur")
    answer = run.invoke(app, ["source", *options])
    assert answer.exit_code == code, answer.output
    assert words in answer.output


def test_what_a_file_holds_plays_no_tricks_on_the_screen(run: CliRunner) -> None:
    Path("a.csv").write_text('id,objet,"[/b]\x1b[2J"\n1,"[bold]x\x1b[31m",y\n')
    made = run.invoke(app, ["source", "proposer", "a.csv", "--nom", "a"])
    Path("a.yml").write_text(made.stdout, "utf-8")
    answer = run.invoke(app, ["source", "essayer", "a.csv", "--fiche", "a.yml"])
    assert answer.exit_code == 0, answer.output
    assert "\x1b" not in made.output + answer.output
