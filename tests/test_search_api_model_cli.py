"""« debouches modele » tries, corrects and trains the model, in French."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from index.lead import Lead
from index.settings import Settings
from index.store import LeadStore
from ingest.training.embedding import Plan
from ingest.training.make import Material
from search_api import model_cli
from search_api.cli import app

PAGE = """
name: essai
title: Flux d'essai
publisher: Chambre d'essai
licence: CC BY 4.0
url: https://example.org
country: DE
formats: [tabular]
language: fr
mapping: {key: [ref], title: [titre], body: [texte], codes: {CPV: cpv}}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DEBOUCHES_DATA", str(tmp_path / "donnees"))
    monkeypatch.setenv("DEBOUCHES_SOURCES", str(tmp_path / "fiches"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DEBOUCHES_MODEL", raising=False)
    (tmp_path / "fiches").mkdir()
    (tmp_path / "fiches" / "essai.yml").write_text(PAGE)
    return lambda *words: CliRunner().invoke(app, [*map(str, words)])


def leads() -> dict[str, Lead]:
    store = LeadStore.open(Settings().record_url)
    found = {one.title: one for batch in store.changed_since(0) for one in batch}
    store.close()
    return found


def ingest(run: Any, folder: Path, rows: str, name: str = "a") -> dict[str, Lead]:
    (folder / f"{name}.csv").write_text(f"ref,titre,texte,cpv\n{rows}")
    answer = run("ingerer", "essai", folder / f"{name}.csv")
    assert answer.exit_code == 0, answer.output
    return leads()


def test_texts_are_coded_in_a_table(run: Any) -> None:
    answer = run("modele", "coder", "Fourniture de mobilier scolaire", "--langue", "fr")
    assert answer.exit_code == 0, answer.output
    assert "39160000" in answer.output
    services = run("modele", "coder", "Services de nettoyage de bureaux")
    assert "sans code SH" in services.output


def test_texts_are_coded_in_json(run: Any) -> None:
    answer = run("modele", "coder", "Schulmöbel", "事務用品", "--json", "--langue", "allemand")
    furniture, unknown = json.loads(answer.stdout)
    assert furniture["text"] == "Schulmöbel"
    assert furniture["codes"][0].keys() == {"scheme", "code", "score", "method", "evidence"}
    assert unknown == {"text": "事務用品", "codes": [], "hints": [], "without_hs": False}


def test_an_unknown_language_is_said(run: Any) -> None:
    answer = run("modele", "coder", "vin", "--langue", "xx")
    assert answer.exit_code == 2
    assert "Langue inconnue" in answer.output


def test_a_labelled_text_codes_the_next_notices_like_it_without_training(
    run: Any, tmp_path: Path
) -> None:
    title = "Bidules à trois branches"
    before = ingest(run, tmp_path, f"1,{title},,\n")[title]
    (tmp_path / "t.csv").write_text(f"texte;schema;code;langue\n{title};SH;9503 00;fr\n")
    answer = run("modele", "etiqueter", tmp_path / "t.csv", "--auteur", "Ana")
    assert answer.exit_code == 0, answer.output
    assert "Appris de 1 texte :" in answer.output
    after = ingest(run, tmp_path, f"2,{title.upper()} !,,\n", "b")[f"{title.upper()} !"]
    assert "950300" not in before.codes_of("HS")
    [code] = [one for one in after.codes if one.scheme == "HS"]
    assert (code.code, code.method) == ("950300", "neighbours")
    assert code.score >= 0.9


def test_bad_rows_are_said_by_their_lines_and_nothing_is_taken(run: Any, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "texte,schema,code,langue\nCasques,SH,650610,fr\nPompes,SH,999999,fr\n"
        "Vin,NAF,1,fr\n,SH,650610,fr\nTables,CPV,39160000-1,klingon\nCasques,SH,420212,fr\n"
    )
    answer = run("modele", "etiqueter", tmp_path / "t.csv")
    assert answer.exit_code == 1
    for line in ("Ligne 3 : code SH", "Ligne 4 : nomenc", "Ligne 5 : texte", "Ligne 6 : langue"):
        assert line in answer.output
    assert "deux codes" in answer.output
    (tmp_path / "good.csv").write_text("text,scheme,code\nBidules,HS,420212\n")
    assert run("modele", "etiqueter", tmp_path / "good.csv").exit_code == 0
    told = json.loads(run("modele", "coder", "Casques", "--json").stdout)
    assert all(code["method"] != "neighbours" or code["score"] < 1 for code in told[0]["codes"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"texte,code\nvin,2204\n", "Colonne absente : schema"),
        (b"", "Colonne absente"),
        (b'texte,schema,code\n"vin,SH,2204\n', "CSV mal form"),
    ],
)
def test_a_table_that_is_none_is_said(run: Any, tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    answer = run("modele", "etiqueter", tmp_path / "t.csv")
    assert answer.exit_code == 1
    assert said in answer.output


def test_a_file_that_is_nowhere_is_said(run: Any, tmp_path: Path) -> None:
    answer = run("modele", "etiqueter", tmp_path / "rien.csv")
    assert answer.exit_code == 2
    assert "Illisible" in answer.output


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Material, Plan]]:
    """What was asked of the training, which tests/test_ingest_training.py really runs."""
    asked = []

    def make(folder: Path, name: str, material: Material, plan: Plan, _: Any) -> None:
        asked.append((name, material, plan))
        (folder / "model.safetensors").write_bytes(b"0" * 1_500_000)

    monkeypatch.setattr(model_cli, "make", make)
    return asked


def test_training_learns_from_coded_leads_labelled_texts_and_products(
    run: Any, tmp_path: Path, made: list[tuple[str, Material, Plan]]
) -> None:
    ingest(run, tmp_path, "1,Tables,,39160000\n2,Sans code,,\n")
    (tmp_path / "p.csv").write_text("text,code\nline pipe,730419\n")
    (tmp_path / "d.tsv").write_text("vin\twein\n")
    options = ("--produits", tmp_path / "p.csv", "--traductions", tmp_path / "d.tsv", "--pas", 7)
    answer = run("modele", "entrainer", "--vers", tmp_path / "m", "--nom", "maison", *options)
    assert answer.exit_code == 0, answer.output
    [(name, material, plan)] = made
    assert (name, plan.steps) == ("maison", 7)
    assert [lead.title for lead in material.leads] == ["Tables"]
    assert [one.title for one in material.labelled] == ["line pipe"]
    assert material.pairs == (("vin", "wein"),)
    assert "1,5 Mo" in answer.output
    assert f"DEBOUCHES_MODEL={tmp_path / 'm'}" in answer.output
    assert "debouches index reconstruire" in answer.output


@pytest.mark.parametrize("name", ["trade-1", "Maison", "a/b", "-", "x" * 41])
def test_a_name_that_would_be_mistaken_is_refused(run: Any, tmp_path: Path, name: str) -> None:
    answer = run("modele", "entrainer", "--vers", tmp_path / "m", f"--nom={name}")
    assert answer.exit_code == 2
    assert "Nom refusé" in answer.output


def test_training_says_what_it_lacks(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = run("modele", "entrainer", "--vers", tmp_path / "m")
    assert (nothing.exit_code, "Rien à apprendre" in nothing.output) == (2, True)
    full = run("modele", "entrainer", "--vers", tmp_path)
    assert (full.exit_code, "n'est pas vide" in full.output) == (2, True)
    ingest(run, tmp_path, "1,Tables,,39160000\n")
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    extra = run("modele", "entrainer", "--vers", tmp_path / "m")
    assert (extra.exit_code, "debouches[semantic]" in extra.output) == (1, True)
    assert "Traceback" not in extra.output


def test_a_model_that_cannot_be_read_is_said_in_one_line(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEBOUCHES_MODEL", str(tmp_path / "rien"))
    answer = run("modele", "coder", "vin")
    assert answer.exit_code == 1
    assert answer.output.startswith("Modèle introuvable")
