"""A file that nobody described gets a first page, which can be tried at once."""

import io
import json
import zipfile
from typing import Any

import openpyxl
import pytest
import yaml

from ingest.document import Document
from ingest.feeds.tabular import read
from ingest.propose import ProposeError, propose, role
from ingest.source import Source

COLUMNS = ("Réf.", "Objet", "Date de parution", "Date limite", "Courriel", "Couleur")
ROW = ("A-1", "Pompes à eau", "25/05/2026", "30/06/2026", "rosa@exemple.test", "bleu")


def a_document(data: str | bytes, name: str = "demandes") -> Document:
    content = data.encode() if isinstance(data, str) else data
    return Document(name, lambda: io.BytesIO(content))


def proposed(data: str | bytes) -> dict[str, Any]:
    """The page as YAML reads it; it is one that the software accepts."""
    page: dict[str, Any] = yaml.safe_load(propose(a_document(data), "camara"))
    Source.model_validate(page)
    return page


def a_workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in (COLUMNS, ROW):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def lines(delimiter: str) -> str:
    return "\n".join(delimiter.join(row) for row in (COLUMNS, ROW, ROW))


NAMED = dict(zip(COLUMNS, ROW, strict=True))
XML = "".join(f"<{n}>{v}</{n}>" for n, v in zip(("ref", "objet"), ROW, strict=False))


@pytest.mark.parametrize(
    ("data", "layout"),
    [
        (lines(","), {}),
        (lines(";"), {"delimiter": ";"}),
        (lines("\t"), {"delimiter": "\t"}),
        ("Demandes de la semaine\n\n" + lines(";"), {"delimiter": ";", "skip": 2}),
        (a_workbook(), {}),
        (json.dumps([NAMED]), {}),
        (json.dumps(NAMED) + "\n" + json.dumps(NAMED), {}),
        (json.dumps({"n": 1, "données": {"avis": [NAMED], "aide": []}}), {"rows": "données.avis"}),
    ],
)
def test_the_rows_of_a_table_are_found_and_its_columns_named(
    data: str | bytes, layout: dict[str, Any]
) -> None:
    page = proposed(data)
    mapping = page["mapping"]
    assert {name: mapping[name] for name in layout} == layout
    assert set(mapping) - set(layout) == {
        "key", "title", "published", "deadline", "ignored", "constants"
    }  # fmt: skip
    assert (mapping["key"], mapping["title"]) == (["Réf."], ["Objet"])
    assert mapping["ignored"] == ["Courriel"]
    assert page["dates"] == {"order": "dmy"}
    source = Source.model_validate(page)
    found = list(read(io.BytesIO(data.encode() if isinstance(data, str) else data), source, "x"))
    assert found[0].notice is not None
    assert found[0].notice.unknown == ("Couleur",)


@pytest.mark.parametrize(
    "data",
    [
        f"<export><date>2026</date><avis>{XML}</avis><avis>{XML}</avis></export>",
        f"<export><liste><avis>{XML}</avis><avis>{XML}</avis></liste></export>",
        f"<?xml version='1.0' encoding='utf-16'?><export><avis>{XML}</avis></export>",
        f"<x:export xmlns:x='urn:x'><x:avis>{XML}</x:avis><x:avis>{XML}",
    ],
)
def test_the_rows_of_xml_are_the_elements_that_come_again(data: str) -> None:
    mapping = proposed(data)["mapping"]
    assert (mapping["rows"], mapping["key"], mapping["title"]) == ("avis", ["ref"], ["objet"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Réf", "key"),
        ("N°", ""),
        ("Fecha de cierre", "deadline"),
        ("closingDate", "deadline"),
        ("acheteur.nom", "buyer"),
        ("buyer.contact.name", "ignored"),
        ("Adresse e-mail du contact", "ignored"),
        ("link@href", "url"),
        ("Code SH", "code HS"),
        ("Couleur", ""),
    ],
)
def test_the_role_of_a_column_is_guessed_by_its_name(name: str, expected: str) -> None:
    assert role(name) == expected


def test_what_a_name_says_less_surely_fills_what_is_left() -> None:
    mapping = proposed("project_title,title_of_owner,tender_number\nPompes,x,1\n")["mapping"]
    assert (mapping["title"], mapping["key"]) == (["project_title"], ["tender_number"])


def test_what_words_of_a_state_mean_is_left_to_a_person() -> None:
    text = propose(a_document("id,objet,etat\n1,A,ouverte\n2,B,attribuée\n"), "camara")
    page = yaml.safe_load(text)
    assert page["mapping"]["stages"] == {"ouverte": "", "attribuée": ""}
    assert "À COMPLÉTER" in text


def test_an_order_of_dates_that_nothing_proves_is_to_be_checked() -> None:
    assert "aucun jour supérieur à 12" in propose(a_document("id,date\n1,03/04/2026\n"), "x")
    assert "aucun jour" not in propose(a_document("id,date\n1,13/04/2026\n"), "x")


def test_columns_left_over_are_told_with_an_example_without_personal_data() -> None:
    text = propose(a_document("id,objet,divers\n1,A,écrire à rosa@exemple.test\n"), "camara")
    assert "#   divers (ex. : écrire à [coordonnées : voir la source])" in text


def test_codes_in_one_cell_are_cut_as_the_file_writes_them() -> None:
    mapping = proposed("id,objet,cpv\n1,A,39160000/39121100\n")["mapping"]
    assert (mapping["codes"], mapping["separator"]) == ({"CPV": "cpv"}, "/")


@pytest.mark.parametrize(
    ("data", "form"),
    [
        ("<rss><channel><item><guid>1</guid><prix>3</prix></item></channel></rss>", "rss"),
        (json.dumps({"@context": "https://schema.org", "@type": "Demand", "name": "A"}), "jsonld"),
        ('{"releases": [{"ocid": "ocds-abc123-1"}]}', "ocds"),
        ("<TED_EXPORT>", "ted"),
    ],
)
def test_a_known_format_needs_no_columns(data: str, form: str) -> None:
    page = proposed(data)
    assert page["formats"] == [form]
    assert set(page.get("mapping", {})) <= {"constants"}


@pytest.mark.parametrize("name", ["a: b", "# x", "é", "- y", "{z}", "on", "1", '"', "a' b"])
def test_a_column_of_any_name_is_written_so_that_it_is_read(name: str) -> None:
    mapping = proposed(json.dumps([{name: "1", "id": "1", "courriel": "x", "objet": "A"}]))
    assert mapping["mapping"]["key"] == ["id"]
    mapping = proposed(json.dumps([{f"{name} contact": "1", "id": "1", "objet": "A"}]))
    assert mapping["mapping"]["ignored"] == [f"{name} contact"]


def packed() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "rien")
    return stream.getvalue()


@pytest.mark.parametrize("data", [b"<html><body>Erreur", packed(), b"{", b"\xd0\xcf\x11\xe0"])
def test_a_file_without_columns_gets_no_page(data: bytes) -> None:
    with pytest.raises(ProposeError, match="Aucune colonne"):
        propose(a_document(data), "camara")
