"""Suggestions as one types."""

import pytest

from taxonomies import cpv, hs, naf
from taxonomies.fold import words
from taxonomies.suggest import Suggestion, suggest


def codes(prefix: str, kind: str = "", limit: int = 10) -> list[str]:
    return [found.code for found in suggest(prefix, limit) if kind in ("", found.kind)]


def test_the_sector_comes_first_then_the_shortest_and_broadest_labels() -> None:
    found = suggest("mobilier", 3)
    assert found == [
        Suggestion(
            "sector", "mobilier-amenagement", "Mobilier et équipement de la maison et du bureau"
        ),
        Suggestion("CPV", "39100000", "Mobilier"),
        Suggestion("CPV", "39160000", "Mobilier scolaire"),
    ]


def test_every_typed_word_starts_a_word_of_the_label() -> None:
    assert codes("mobilier sco") == codes("scolaire mobilier") == ["39160000"]
    assert codes("bilier") == []


@pytest.mark.parametrize(
    ("plain", "accented"),
    [("ecole", "école"), ("echograph", "Échograph"), ("oeuf", "œuf"), ("etats unis", "États-Unis")],
)
def test_accents_and_case_do_not_matter(plain: str, accented: str) -> None:
    assert suggest(plain) == suggest(accented) == suggest(accented.upper()) != []


def test_countries_and_regions_are_suggested() -> None:
    assert Suggestion("country", "MA", "Maroc") in suggest("maro")
    assert Suggestion("country", "US", "États-Unis") == suggest("etats u")[0]
    assert Suggestion("region", "afrique-du-nord", "Afrique du Nord") in suggest("afrique")


def test_a_sector_is_found_by_its_synonyms() -> None:
    assert codes("cybersécurité", "sector") == ["numerique"]


@pytest.mark.parametrize("typed", ["3916", "39160", "39.16", "39 16"])
def test_a_code_is_found_by_its_first_digits(typed: str) -> None:
    assert codes(typed, "CPV")[0] == "39160000"


def test_the_broadest_code_that_starts_so_comes_first() -> None:
    assert codes("9401", "HS")[:2] == ["9401", "940110"]
    assert codes("10.1", "NAF")[0] == "10.1"
    assert codes("10.11z") == codes("1011Z") == ["10.11Z"]


def test_a_code_written_whole_is_found_whatever_its_nomenclature() -> None:
    for kind, table in (("CPV", cpv.codes()), ("HS", hs.codes())):
        for code in list(table)[::97]:
            assert code in codes(code, kind, limit=100)


def test_a_subheading_is_shown_with_the_lines_above_it() -> None:
    assert Suggestion("HS", "940191", "Sièges › Parties › en bois") in suggest("sièges bois")


def test_an_activity_is_suggested_once_under_the_code_people_know() -> None:
    assert naf.get("01.12") and naf.get("01.12Z")
    assert [c for c in codes("culture du riz", "NAF") if c.startswith("01.12")] == ["01.12Z"]
    assert codes("11.02", "NAF") == ["11.02", "11.02A", "11.02B"]


def test_all_answers_match_what_was_typed() -> None:
    for typed in ("p", "pro", "pro ali", "de la"):
        for found in suggest(typed, 1000):
            if found.kind != "sector":
                label = words(found.label)
                assert all(any(w.startswith(t) for w in label) for t in typed.split())


@pytest.mark.parametrize("limit", [0, 1, 7])
def test_no_more_are_given_than_asked(limit: int) -> None:
    assert len(suggest("p", limit)) == limit


@pytest.mark.parametrize(
    "typed", ["", "   ", "…", "zzzzzz", "99999999", "\x00\ud800", "x" * 1_000_000]
)
def test_nothing_is_suggested_for_what_nothing_matches(typed: str) -> None:
    assert suggest(typed) == []
