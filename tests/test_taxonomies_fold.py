"""Folding: what differs only by case, accents or punctuation becomes equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxonomies.fold import fold, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Mobilier", "mobilier"), ("ÉCOLE", "ecole"), ("Côte d'Ivoire", "cote d ivoire"),
        ("Côte d’Ivoire", "cote d ivoire"), ("Großbritannien", "grossbritannien"), ("Œuf", "oeuf"),
        ("Ærø", "aero"), ("Łódź", "lodz"), ("İstanbul", "istanbul"), ("ISPARTA ısı", "isparta isi"),
        ("ﬁnance", "finance"), ("m²", "m2"), ("Ｆｕｌｌ", "full"), ("Ελλάδα", "ελλαδα"),
        ("ΟΔΟΣ", "οδοσ"), ("Йод", "иод"), ("  a --  b\t\n c ", "a b c"), ("U.S.A.", "u s a"),
        ("snake_case", "snake case"), ("", ""), ("…", ""), ("中国", "中国"),
        ("대한민국", "대한민국"), ("हिन्दी", "हिनदी"), ("a\x00b", "a b"), ("\ud800", ""),
    ],
)  # fmt: skip
def test_text_is_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_composed_and_decomposed_accents_are_the_same() -> None:
    assert fold("e\u0301le\u0300ve") == fold("élève") == "eleve"


def test_words_are_folded_in_order() -> None:
    assert words("L'Œuvre d’art") == ("l", "oeuvre", "d", "art")
    assert words("—") == ()


@given(st.text())
def test_any_text_folds_without_error_into_single_spaced_words(text: str) -> None:
    folded = fold(text)
    assert folded == " ".join(folded.split())
    assert fold(text.strip()) == folded
