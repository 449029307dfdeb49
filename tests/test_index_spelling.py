"""A word that nothing knows is searched as the known word that was meant; the others never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.spelling import correct, is_word, vocabulary
from taxonomies.fold import fold


def unknown(stem: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("équipemnt", "équipement"),
        ("échaffaudage", "échafaudage"),
        ("ordianteurs", "ordinateurs"),
        ("ambulnace", "ambulance"),
        ("VENTILATUER", "ventilateur"),
        ("photovoltaiqe", "photovoltaïque"),
        ("pareballes", "pare balles"),
        ("fromagge", "fromage"),
    ],
)
def test_a_mistake_finds_the_word_that_was_meant(typed: str, meant: str) -> None:
    assert correct(typed, unknown) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "mobilier", "mobiliers", "MOBILIER", "vinicole", "viticole", "basque", "drone", "béret",
        "vigneron", "maroquinerie", "les", "vni", "tabl", "9401", "x123456", "EPI", "Ελλάδα",
        "мебель", "", "'", "zzzzzzzzzzzz",
    ],
)  # fmt: skip
def test_a_right_or_unreadable_word_is_left_alone(typed: str) -> None:
    assert correct(typed, unknown) is None


def test_a_word_that_the_index_has_is_left_alone() -> None:
    assert correct("fromagge", lambda stem: True) is None


def test_only_a_place_corrects_a_name() -> None:
    assert correct("Alemagne", unknown, proper=True) == "Allemagne"
    assert correct("Fromagge", unknown, proper=True) is None


def test_a_short_word_has_one_mistake_at_most_and_keeps_its_first_letter() -> None:
    assert correct("panneu", unknown) == "panneau"
    assert correct("pznneu", unknown) is None
    assert correct("zanneau", unknown) is None


def test_the_most_frequent_of_the_nearest_words_wins() -> None:
    words = vocabulary()
    assert words.counts["chasse"] > words.counts["chaise"]
    assert words.nearest("chaisse", ["chaise", "chasse"]) == "chasse"
    assert words.nearest("chaisse", ["chaise"]) == "chaise"


def test_words_of_our_tables_and_of_french_are_words() -> None:
    assert all(map(is_word, ("basque", "grille", "allemagne", "polyethylene", "les")))
    assert not is_word("equipemnt")


@given(st.text(max_size=40) | st.text("abcdeéilmnorstu", min_size=5, max_size=12))
def test_any_text_may_be_spelt(text: str) -> None:
    found = correct(text, unknown)
    assert found is None or all(map(is_word, fold(found).split()))
