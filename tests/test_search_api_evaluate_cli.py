"""« debouches evaluer » says what the steps of ingestion are worth."""

import json
from pathlib import Path

from typer.testing import CliRunner

from search_api.cli import app


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
