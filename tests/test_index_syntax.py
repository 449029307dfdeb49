"""What is typed in the search box is understood, or taken as words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis import prepared, stem, stems
from index.syntax import identifier, parse


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("éclairages publics", "eclairage public"),
        ("L'eau", "eau"),
        ("Œufs", "oeuf"),
        ("ÉCHOGRAPHES", "échographe"),
        ("Φάρμακα", "φαρμακα"),
        ("d’eau", "d'eau"),
        ("tuyaux", "tuyau"),
        ("journaux", "journal"),
        ("vitraux", "vitrail"),
        ("bateaux", "bateau"),
        ("bijoux", "bijou"),
        ("pneus", "pneu"),
        ("matériaux", "matériau"),
        ("signalisation routière", "signalisations routières"),
        ("transports routiers", "transport routière"),
        ("médicale", "médicaux"),
        ("publique", "publics"),
        ("20kVA", "20 kVA"),
        ("500ml", "500 mL"),
        ("maïs", "MAIS"),
        ("cars", "car"),
        ("pare-balles", "pare balles"),
    ],
)
def test_accents_case_plural_and_elision_do_not_matter(one: str, other: str) -> None:
    assert stems(one) == stems(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("travaux", "travail"), ("matériel", "matériau"), ("4G", "4 g"), ("A4", "A 4")],
)
def test_different_things_stay_different(one: str, other: str) -> None:
    """Works and labour, equipment and materials, a network and a weight: two trades each."""
    assert stems(one) != stems(other)


def test_what_is_typed_and_what_is_indexed_are_read_alike() -> None:
    for word in ("tuyaux", "bières", "routière", "matériau", "20kVA", "maïs"):
        assert [stem(one) for one in prepared(word).split()] == stems(word)
        assert stems(prepared(word)) == stems(word)


@given(st.text(max_size=100))
def test_any_text_is_prepared_once_for_all(text: str) -> None:
    assert prepared(prepared(text)) == prepared(text)


def test_function_words_say_nothing() -> None:
    assert stems("la collecte des ordures et de l'eau") == [
        stem("collecte"),
        stem("ordures"),
        "eau",
    ]


def test_words_phrases_and_exclusions_are_told_apart() -> None:
    syntax = parse('mobilier "salle de classe" -bureau -"table basse"')
    [clause] = syntax.clauses
    assert clause.words == (stem("mobilier"),)
    assert [phrase.words for phrase in clause.phrases] == [
        ((0, stem("salle")), (2, stem("classe")))
    ]
    assert [phrase.words[0][1] for phrase in syntax.excluded] == [stem("bureau"), stem("table")]


def test_french_quotes_make_a_phrase_too() -> None:
    assert parse("« eau potable »").clauses[0].phrases


@pytest.mark.parametrize("word", ["OU", "OR", "|"])
def test_or_separates_alternatives(word: str) -> None:
    assert len(parse(f"fromage {word} beurre").clauses) == 2


def test_a_dash_inside_a_word_excludes_nothing() -> None:
    syntax = parse("gilets pare-balles")
    assert not syntax.excluded
    assert syntax.clauses[0].words == (stem("gilets"), stem("pare"), stem("balles"))


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("39160000", ("CPV", "39160000")),
        ("39160000-1", ("CPV", "39160000")),
        ("9401", ("HS", "9401")),
        ("9401.61", ("HS", "940161")),
        ("10.11Z", ("NAF", "10.11Z")),
        ("1011Z", ("NAF", "10.11Z")),
        ("94016100", ("HS", "940161")),
        ("94 01 61", ("HS", "940161")),
        ("9401 61 00", ("HS", "940161")),
        ("39 16 00 00", ("CPV", "39160000")),
        ("CPV 3916", ("CPV", "39160000")),
        ("code cpv : 39160000-1", ("CPV", "39160000")),
        ("CPV : 3916", ("CPV", "39160000")),
        ("CPV:39160000", ("CPV", "39160000")),
        ("SH 94", ("HS", "94")),
        ("sh9401", ("HS", "9401")),
        ("code APE 10.11Z", ("NAF", "10.11Z")),
    ],
)
def test_codes_are_understood(typed: str, code: tuple[str, str]) -> None:
    assert parse(typed).codes == (code,)


@pytest.mark.parametrize(
    "typed",
    [
        "99999999",
        "ISO 9001",
        "norme EN 1905",
        "RAL 9003",
        "94",
        "10 20",
        "A9401",
        '"9401"',
        "-9401",
    ],
)
def test_a_number_that_is_no_code_is_only_a_word(typed: str) -> None:
    assert parse(typed).codes == ()


def test_the_name_of_a_nomenclature_before_its_code_is_no_word() -> None:
    assert parse("code CPV 39160000").clauses[0].words == ("39160000",)
    assert parse("code CPV").clauses[0].words == (stem("code"), stem("cpv"))


def test_or_in_small_letters_is_gold() -> None:
    assert parse("bijoux or").clauses[0].words == (stem("bijoux"), "or")
    assert len(parse("bijoux ou montres").clauses) == 1


def test_identifiers_are_the_same_with_any_punctuation() -> None:
    assert parse("2019/S-141.346469").identifiers == (identifier("2019 s 141-346469"),)
    assert identifier("346469-2019") in parse("avis 346469 2019").identifiers
    assert identifier("2019/S 141-346469") in parse("2019/S 141-346469").identifiers


@given(st.text(max_size=300))
def test_any_text_is_a_query(text: str) -> None:
    syntax = parse(text)
    assert all(word for clause in syntax.clauses for word in clause.words)


def test_a_very_long_text_is_cut() -> None:
    assert len(parse("mot1 mot2 " * 10_000).clauses[0].words) <= 64


def test_punctuation_does_not_get_around_the_limit() -> None:
    syntax = parse("-".join(f"w{n}" for n in range(2_000)) + " " + "x" * 2_000)
    assert len(syntax.clauses[0].words) <= 64
    assert max(len(word) for word in syntax.clauses[0].words) <= 60
