"""The French nomenclature of activities: its levels, its codes, how they are read."""

from collections import Counter

import pytest

from taxonomies import naf


def test_the_table_is_the_whole_second_revision() -> None:
    levels = Counter(len(naf.ancestors(code)) for code in naf.codes())
    assert levels == {0: 21, 1: 88, 2: 272, 3: 615, 4: 732}


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("10.11Z", "10.11Z"), ("1011Z", "10.11Z"), ("1011z", "10.11Z"), (" 10.11 z ", "10.11Z"),
        ("10.11", "10.11"), ("1011", "10.11"), ("101", "10.1"), ("10.1", "10.1"), ("10", "10"),
        ("c", "C"), ("C", "C"),
    ],
)  # fmt: skip
def test_a_code_is_read_whatever_its_dot_and_case(written: str, code: str) -> None:
    assert naf.normalise(written) == code


@pytest.mark.parametrize(
    "other", ["", "1", "04", "10.11Q", "10Z", "10.1Z", "Z", "10.111", "viande"]
)
def test_what_is_not_in_the_official_table_is_no_code(other: str) -> None:
    assert naf.normalise(other) is None


def test_ancestors_go_from_the_class_to_the_section() -> None:
    assert naf.ancestors("10.11Z") == ("10.11", "10.1", "10", "C")
    assert naf.ancestors("10") == ("C",)
    assert naf.ancestors("C") == ()
    with pytest.raises(KeyError):
        naf.ancestors("10.11Q")


def test_every_code_stands_under_codes_of_the_table() -> None:
    assert all(broader in naf.codes() for code in naf.codes() for broader in naf.ancestors(code))


def test_labels_are_french_and_english_where_europe_has_the_same_code() -> None:
    assert naf.label("11.02") == "Production de vin (de raisin)"
    assert naf.label("11.02", "en") == "Manufacture of wine from grape"
    assert naf.label("01.12Z", "en") == naf.label("01.12", "en") == "Growing of rice"
    assert naf.label("10.13A", "en") == ""
    with pytest.raises(KeyError):
        naf.label("11.02", "de")


def test_only_french_subclasses_lack_an_english_label() -> None:
    lacking = [code for code, entry in naf.codes().items() if not entry.en]
    assert lacking and all(len(code) == 6 and not code.endswith("Z") for code in lacking)
    assert all(entry.fr for entry in naf.codes().values())
