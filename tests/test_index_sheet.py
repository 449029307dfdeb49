"""A pasted product sheet is understood by its codes and found by its meaning."""

from datetime import datetime
from pathlib import Path

import pytest
import yaml
from conftest import LeadFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from index.concepts import concepts
from index.engine import SearchEngine
from index.query import CodeRead, Query, Results
from index.sense import Sense
from index.sheet import condensed
from index.understanding import is_sheet

SHEETS = {
    one["name"]: one
    for one in yaml.safe_load((Path(__file__).parent / "product_sheets.yml").read_text("utf-8"))
}
SCHOOL, PUMPS = SHEETS["tables et chaises d'école"]["text"], SHEETS["pompes hydrauliques"]["text"]


def titles(results: Results) -> list[str]:
    return [hit.lead.title for hit in results.hits]


def right(sheet: dict[str, object], codes: tuple[CodeRead, ...], scheme: str) -> bool:
    wanted = sheet[scheme.lower()]
    assert isinstance(wanted, list)
    return any(one.code.startswith(tuple(wanted)) for one in codes if one.scheme == scheme)


@pytest.mark.parametrize(
    "name", ["pompes hydrauliques", "pansements", "panneaux solaires", "vin rouge", "huile d'olive"]
)
def test_a_sheet_is_understood_as_its_cpv_and_hs_codes(sense: Sense, name: str) -> None:
    codes = sense.of_sheet(SHEETS[name]["text"]).codes
    assert right(SHEETS[name], codes, "CPV")
    assert right(SHEETS[name], codes, "HS")


def test_nearly_every_sheet_is_understood(sense: Sense) -> None:
    """18 of 20 in CPV and 17 of 18 in HS with the packaged model."""
    read = {name: sense.of_sheet(one["text"]).codes for name, one in SHEETS.items()}
    assert sum(right(SHEETS[name], codes, "CPV") for name, codes in read.items()) >= 16
    assert sum(right(SHEETS[name], codes, "HS") for name, codes in read.items()) >= 15


@pytest.mark.parametrize("name", ["logiciel de gestion", "nettoyage de bureaux"])
def test_a_service_is_understood_without_hs_code(sense: Sense, name: str) -> None:
    assert {one.scheme for one in sense.of_sheet(SHEETS[name]["text"]).codes} == {"CPV"}


@pytest.mark.parametrize(
    ("typed", "scheme", "code"),
    [
        ("mobilier scolaire", "CPV", "39160000"),
        ("gasoil", "CPV", "09134000"),
        ("vin", "HS", "2204"),
        ("pansement", "HS", "300510"),
        ("chaussures de sécurité", "CPV", "18830000"),
    ],
)
def test_a_query_of_a_few_words_is_understood(
    sense: Sense, typed: str, scheme: str, code: str
) -> None:
    read = [(one.scheme, one.code) for one in sense.of_query(typed).codes]
    assert (scheme, code) in read
    assert max(sum(one == each for one, _ in read) for each in ("CPV", "HS")) <= 3


@pytest.mark.parametrize(
    "typed", ["bonjour comment allez vous", "asdf qwerty", "amour toujours", "machin truc bidule"]
)
def test_words_without_product_are_understood_as_no_code(sense: Sense, typed: str) -> None:
    assert sense.of_query(typed).codes == ()


def test_a_long_text_without_product_is_understood_as_no_code(sense: Sense) -> None:
    keys = "azer qsdf wxcv poiu mlkj nbvc azer tyui ghjk sdfg hjkl cvbn rtyu iopm qwer zxcv uiop"
    assert sense.of_sheet(keys).codes == ()


def test_a_code_is_told_without_those_above_or_below_it(sense: Sense) -> None:
    for typed in ("vin", "tables", "formation", "nettoyage de locaux"):
        places = [concepts().position[one.scheme, one.code] for one in sense.of_query(typed).codes]
        lines = concepts().lineage
        assert not [(a, b) for a in places for b in places if a != b and a in lines[b]]


def test_several_subheadings_are_told_as_their_heading(sense: Sense) -> None:
    codes = [one.code for one in sense.of_query("pompe hydraulique").codes if one.scheme == "HS"]
    assert codes[0] == "8413"
    assert len({code[:4] for code in codes}) == len(codes)


def test_a_code_that_was_refused_is_not_understood_again(sense: Sense) -> None:
    first = sense.of_query("mobilier scolaire").codes[0]
    again = sense.of_query("mobilier scolaire", without=[(first.scheme, first.code)]).codes
    assert first.code not in [one.code for one in again]


def test_refusing_a_code_leaves_its_leads_behind(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    # Two meanings of one word; a code is refused with all that lies below it.
    engine.put([lead("a", cpv="39121200"), lead("b", cpv="33192230")])
    assert titles(engine.search(Query("tables"), now))[0] == "a"
    other = engine.search(Query("tables", without=("CPV 39120000",)), now)
    assert titles(other)[0] == "b"
    assert not [one for one in other.understood.codes if one.code.startswith("3912")]


def test_a_sheet_finds_the_leads_of_its_product(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put(
        [
            lead("Dostawa mebli szkolnych", language="pl", country="PL", cpv="39160000"),
            lead("Hydraulikpumpen", cpv="42122480"),
            lead("Reinigung der Kanalisation", cpv="90470000"),
        ]
    )
    assert titles(engine.search(Query(SCHOOL), now))[0] == "Dostawa mebli szkolnych"
    found = engine.search(Query(PUMPS), now)
    assert titles(found)[0] == "Hydraulikpumpen"
    assert "42122480" in [one.code for one in found.understood.codes]
    assert found.hits[0].reasons.codes[0].code.startswith("4212")


def test_words_of_a_sheet_alone_bring_no_lead(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("Hydraulikpumpen", cpv="42122480")])
    words = "Montage, livraison, palette, garantie, atelier, norme, minimum, délai, commande"
    engine.put([lead(words, language="fr", country="BE", cpv="66000000")])
    assert titles(engine.search(Query(PUMPS), now))[0] == "Hydraulikpumpen"


def test_quotes_and_dashes_of_a_sheet_are_no_syntax(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("Hydraulikpumpen", cpv="42122480")])
    sheet = f"{PUMPS} Température : de -pompes à +110. Notre devise : « jamais en panne » OU rien."
    assert titles(engine.search(Query(sheet), now)) == ["Hydraulikpumpen"]


def test_a_long_query_made_of_alternatives_is_no_sheet() -> None:
    assert not is_sheet(" OU ".join(f"mot{n}" for n in range(30)))
    assert not is_sheet("mobilier scolaire")
    assert is_sheet(SCHOOL)


def test_facets_of_a_sheet_count_what_they_would_give(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead(f"Pumpen {n}", cpv="42122480", country="PL") for n in range(4)])
    found = engine.search(Query(PUMPS), now)
    assert [(one.value, one.count) for one in found.facets["country"]] == [("PL", found.total)]


def test_an_empty_engine_understands_codes_too(engine: SearchEngine, now: datetime) -> None:
    assert engine.search(Query("mobilier scolaire"), now).understood.codes


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=400) | st.lists(st.sampled_from([*"«»-.,;\n", "OU", "vin"])).map(" ".join))
def test_no_text_makes_the_reading_of_a_sheet_fail(sense: Sense, text: str) -> None:
    for one in sense.of_sheet(text).codes:
        assert 0 < one.score <= 1


def test_a_long_sheet_keeps_its_first_sentence_and_what_it_repeats() -> None:
    chatter = [f"Nous saluons nos visiteurs numéro {n}." for n in "abc"]
    about = [f"La pompe à engrenages PX{n} équipe les circuits hydrauliques." for n in range(3)]
    kept = condensed(" ".join(["Série PX.", *chatter, *about]), 205)
    assert kept == " ".join(["Série PX.", *about])


@given(st.text(max_size=300), st.integers(10, 300))
def test_a_condensed_text_fits(text: str, limit: int) -> None:
    assert len(condensed(text, limit)) <= limit
    assert bool(condensed(text, limit)) == bool(text.strip())
