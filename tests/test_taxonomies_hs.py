"""The Harmonised System: which codes exist, how they are read, and the labels that lead to them."""

import re
from collections import Counter

import pytest

from taxonomies import hs


def test_the_table_is_the_whole_2022_edition() -> None:
    assert Counter(len(code) for code in hs.codes()) == {2: 96, 4: 1228, 6: 5612}
    assert "77" not in hs.codes() and "98" not in hs.codes()


def test_every_code_stands_under_codes_of_the_table() -> None:
    assert all(code[:-2] in hs.codes() for code in hs.codes() if len(code) > 2)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("94", "94"), ("9401", "9401"), ("940131", "940131"), ("9401.31", "940131"),
        ("94 01 31", "940131"), ("94.01.31", "940131"), ("94013100", "940131"),
        ("9401 31 00 00", "940131"), ("9401.31.0000", "940131"), (" 0101.21 ", "010121"),
        ("250100", "250100"), ("94-01-31", "940131"),
    ],
)  # fmt: skip
def test_a_code_is_read_however_it_is_written(written: str, code: str) -> None:
    assert hs.normalise(written) == code


@pytest.mark.parametrize(
    "other",
    ["", "9", "940", "77", "98", "999999", "94013", "9401310", "940131000000", "sièges", "94O1",
     "９４０１", "9401..31", "9401.31 kg"],
)  # fmt: skip
def test_what_is_not_in_the_official_table_is_no_code(other: str) -> None:
    assert hs.normalise(other) is None


def test_a_subheading_that_the_2022_edition_split_is_no_code() -> None:
    assert hs.normalise("9401.30") is None


def test_ancestors_go_from_the_heading_to_the_chapter() -> None:
    assert hs.ancestors("940131") == ("9401", "94")
    assert hs.ancestors("94") == ()
    with pytest.raises(KeyError):
        hs.ancestors("999999")


def test_the_path_tells_what_a_label_alone_does_not() -> None:
    assert hs.label("010121") == "reproducteurs de race pure"
    assert hs.path("010121") == (
        "Animaux vivants",
        "Chevaux, ânes, mulets et bardots, vivants",
        "Chevaux",
        "reproducteurs de race pure",
    )
    assert hs.path("010121", "en")[-1] == "Pure-bred breeding animals"


def test_a_heading_without_subdivision_is_said_once() -> None:
    assert hs.path("250100") == hs.path("2501")
    assert hs.label("250100") == hs.label("2501")


def test_labels_exist_in_eleven_languages_without_typesetting_marks() -> None:
    assert len(hs.LANGUAGES) == 11
    for language in hs.LANGUAGES:
        labels = hs.labels(language)
        assert labels.keys() == hs.codes().keys()
        assert not [text for text in labels.values() if not text or re.search(r"[$@|!]", text)]


def test_units_and_numbers_are_written_properly() -> None:
    assert "n° 9402" in hs.label("9401")
    assert "m²" in hs.label("5208")
    assert "Al2O3" in hs.label("690320")


def test_chapters_are_written_as_sentences() -> None:
    assert hs.label("01") == "Animaux vivants"
    assert hs.label("30", "en") == "Pharmaceutical products"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(KeyError):
        hs.labels("xx")
    with pytest.raises(KeyError):
        hs.path("9401", "pt")
