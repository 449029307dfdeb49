"""« debouches evaluer » says what the steps of ingestion are worth."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from search_api.cli import app
from search_api.evaluate_tables import Sheet, _markdown


def test_duplicates_are_measured_in_json(tmp_path: Path) -> None:
    (tmp_path / "notices").mkdir()
    answer = CliRunner().invoke(app, ["evaluer", "doublons", "--donnees", str(tmp_path), "--json"])
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert set(told) == {"dev", "test"}
    assert set(told["test"]) == {"decision", "bout_en_bout"}
    assert told["test"]["decision"]["paires"] == 0


def test_duplicates_are_measured_in_a_table(tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["evaluer", "doublons", "--donnees", str(tmp_path)])
    assert answer.exit_code == 0, answer.output
    assert "Précision" in answer.output
    assert "Ensemble" in answer.output


def test_data_that_are_nowhere_are_said(tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["evaluer", "doublons", "--donnees", str(tmp_path / "rien")])
    assert answer.exit_code == 2
    assert "Introuvable" in answer.output


QUERIES = "query\tcpv_exact\tcpv_near\ntravaux de construction\t45\t\nsatellites\t3563\t356\n"
PRODUCTS = (
    "source,text,code,hs6,hs6_in_hs2022,extra\n"
    "uk,fresh apples,080810,080810,yes,\nuk,steel | screws,731815,731815,yes,\n"
)


@pytest.fixture(scope="module")
def few(notices: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of a few real notices that nobody learned from, as it were."""
    folder = tmp_path_factory.mktemp("held-out")
    (folder / "notices").mkdir()
    for path in sorted((notices / "ted_legacy").iterdir())[:25]:
        shutil.copy(path, folder / "notices")
    (folder / "queries_held_out.tsv").write_text(QUERIES, "utf-8")
    (folder / "hs_labelled.csv").write_text(PRODUCTS, "utf-8")
    return folder


def evaluated(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["evaluer", *map(str, arguments)], env={"COLUMNS": "200"})


@pytest.mark.notices
def test_a_folder_of_notices_never_learned_is_searched_whole(few: Path) -> None:
    asked = ("recherche", "--donnees", few, "--partie", "tout", "--pires", "5")
    answer = evaluated(*asked, "--json")
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    together = told["avec codes"]["ensemble"]["toutes les langues"]
    assert together["requetes"] == 1
    assert together["ndcg_10"] > 0.5
    assert [one["query"] for one in told["pires"]] == ["travaux de construction"]
    shown = evaluated(*asked)
    assert "Recherche sans codes, par langues" in shown.output
    assert "travaux" in shown.output  # a cell may be cut in lines


@pytest.mark.notices
def test_cpv_codes_are_measured_on_words_alone(few: Path) -> None:
    asked = ("cpv", "--donnees", few, "--partie", "tout")
    told = json.loads(evaluated(*asked, "--json").stdout)
    assert 0 < told["code_principal"]["ensemble"]["division@1"] <= 1
    assert told["sans_sh"]["sans_code"] > 0
    assert "| division@1 |" in evaluated(*asked, "--markdown").output


def test_hs_codes_are_measured_on_products(tmp_path: Path) -> None:
    (tmp_path / "hs_labelled.csv").write_text(PRODUCTS, "utf-8")
    asked = ("sh", "--donnees", tmp_path, "--partie", "tout")
    told = json.loads(evaluated(*asked, "--json").stdout)
    assert told["groupes"]["uk"]["textes"] == 2
    assert set(told["langues_hors_apprentissage"]) == {"ar", "zh", "tr", "ja", "vi"}
    assert "SH6@1" in evaluated(*asked).output


def test_a_table_in_markdown_holds_its_rows() -> None:
    row = _markdown(Sheet("Titre", ("Requête", "nDCG"), [("a | b\nc", "0,5")]))
    assert list(row) == [
        "**Titre**\n",
        "| Requête | nDCG |",
        "| --- | --- |",
        "| a \\| b c | 0,5 |",
        "",
    ]


@pytest.mark.parametrize("command", ["recherche", "sh", "cpv"])
def test_a_measure_without_its_data_says_so_in_one_line(command: str, tmp_path: Path) -> None:
    (tmp_path / "notices").mkdir()
    for folder in (tmp_path, tmp_path / "rien"):
        answer = evaluated(command, "--donnees", folder)
        assert answer.exit_code == 2
        said = answer.stderr.strip().splitlines()
        assert len(said) <= 2  # what was being done, and what is missing
        assert said[-1].startswith(("Introuvable", "Rien à mesurer"))
