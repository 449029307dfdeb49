"""What is typed in the search box is read: places, typing mistakes, acronyms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis import stem, stems
from index.query import Query, Understood
from index.understanding import MAX_READ, scoped, understand


def read(text: str, *literal: str, known: frozenset[str] = frozenset(), **more: bool) -> Understood:
    query = Query(text, literal=literal, include_domestic=more.get("domestic", False))
    return understand(query, known.__contains__)


def countries(understood: Understood) -> set[str]:
    return {country for place in understood.places for country in place.countries}


def words(understood: Understood) -> list[str]:
    return [word for clause in understood.syntax.clauses for word in clause.words]


@pytest.mark.parametrize(
    ("text", "country", "left"),
    [
        ("vin Allemagne", "DE", "vin"),
        ("VIN ALLEMAGNE", "DE", "vin"),
        ("vin en allemagne", "DE", "vin"),
        ("vin d'Espagne", "ES", "vin"),
        ("vin d’Espagne", "ES", "vin"),
        ("États-Unis mobilier", "US", "mobilier"),
        ("mobilier etats unis", "US", "mobilier"),
        ("ciment Guinée équatoriale", "GQ", "ciment"),
        ("ciment Côte d'Ivoire", "CI", "ciment"),
        ("peinture RDC", "CD", "peinture"),
        ("meubles pays-bas", "NL", "meubles"),
        ("meubles Hollande", "NL", "meubles"),
        ("pneus Senegal", "SN", "pneus"),
        ("vin Alemagne", "DE", "vin"),
    ],
)
def test_the_name_of_a_country_filters_and_is_no_longer_a_word(
    text: str, country: str, left: str
) -> None:
    understood = read(text)
    assert countries(understood) == {country}
    assert words(understood) == [stem(left)]


@pytest.mark.parametrize(
    ("text", "some", "others"),
    [
        ("ciment Afrique de l’Ouest", {"SN", "CI", "NG"}, {"MA", "KE", "ZA"}),
        ("parfums pays du Golfe", {"AE", "SA", "QA"}, {"IQ", "EG"}),
        ("mobilier Maghreb", {"MA", "DZ", "TN"}, {"EG"}),
        ("mobilier Afrique", {"MA", "KE", "ZA"}, {"FR", "DE"}),
        ("mobilier Union européenne", {"DE", "PL"}, {"CH", "GB"}),
        ("vin Congo", {"CG", "CD"}, {"GA"}),
    ],
)
def test_the_name_of_a_region_stands_for_its_countries(
    text: str, some: set[str], others: set[str]
) -> None:
    found = countries(read(text))
    assert some <= found
    assert not others & found


def test_several_places_are_alternatives() -> None:
    understood = read("vin Allemagne, Autriche OU fromage Suisse")
    assert countries(understood) == {"DE", "AT", "CH"}
    assert [clause.words for clause in understood.syntax.clauses] == [
        (stem("vin"),),
        (stem("fromage"),),
    ]


def test_a_place_alone_asks_for_no_word() -> None:
    assert countries(read("Allemagne")) == {"DE"}
    assert words(read("en Allemagne")) == []


@pytest.mark.parametrize(
    "text",
    [
        "tissu jersey", "grenade", "salle de réunion", "meubles pour la réunion",
        "porcelaine de Chine", "papiers d’Arménie", "encres de chine", "tissu chiné", "dinde",
        "macédoine", "couteau suisse", "palettes Europe", "Maurice", "Dominique", "curaçao",
        "toile de Jouy", "béret basque", "châteaux de la Loire", "Pays de la Loire", "tours",
        "traitement EAU", "rez de chaussée rdc", "connecteurs RCA", "bermuda", "indes",
    ],
)  # fmt: skip
def test_a_name_that_is_also_something_else_stays_words(text: str) -> None:
    understood = read(text)
    assert understood.places == ()
    assert understood.syntax.clauses


@pytest.mark.parametrize(
    "text", ["café turc", "brique allemande", "vins espagnols", "sauce anglaise"]
)
def test_an_adjective_says_what_a_thing_is_not_where_it_is_wanted(text: str) -> None:
    assert read(text).places == ()


def test_the_longest_name_wins() -> None:
    assert countries(read("ciment Guinée")) == {"GN"}
    assert countries(read("ciment Guinée-Bissau")) == {"GW"}
    assert countries(read("île de Jersey")) == {"JE"}


@pytest.mark.parametrize("text", ['vin "Allemagne"', "vin « Allemagne »", "vin -Allemagne"])
def test_a_place_in_quotes_or_excluded_is_only_words(text: str) -> None:
    assert read(text).places == ()


def test_a_place_that_was_refused_is_only_words() -> None:
    understood = read("vin Allemagne Autriche", "allemagne")
    assert countries(understood) == {"AT"}
    assert words(understood) == stems("vin Allemagne")
    assert read("vin Afrique de l'Ouest", "Afrique de l’Ouest").places == ()


def test_france_filters_only_when_french_buyers_are_asked_for() -> None:
    assert read("vin France").places == ()
    assert words(read("vin France")) == stems("vin France")
    assert countries(read("vin France", domestic=True)) == {"FR"}


def test_a_sheet_that_was_pasted_asks_for_no_place() -> None:
    sheet = "tables en hêtre massif " * (MAX_READ // 3) + "fabriquées en Italie"
    assert read(sheet).places == ()
    assert stem("italie") in words(read(sheet))


def test_a_place_adds_to_the_countries_chosen() -> None:
    query = Query("vin Allemagne", country=("AT", "DE"), region=("union-europeenne",))
    found = scoped(query, understand(query, lambda stem: False))
    assert found.country == ("AT", "DE")
    assert found.region == ("union-europeenne",)


def test_a_mistake_is_corrected_and_told() -> None:
    understood = read("équipemnt hospitalier")
    assert words(understood) == stems("équipement hospitalier")
    [correction] = understood.corrections
    assert (correction.typed, correction.searched) == ("équipemnt", "équipement")


def test_a_correction_that_was_refused_is_not_made_again() -> None:
    assert read("équipemnt hospitalier", "equipemnt").corrections == ()


def test_a_word_that_the_index_has_is_no_mistake() -> None:
    assert read("équipemnt", known=frozenset({stem("equipemnt")})).corrections == ()


@pytest.mark.parametrize(
    "text", ['"équipemnt"', "-équipemnt", "table Echafaudaje", "EQIPMT", "équipemnt123"]
)
def test_quotes_exclusions_names_acronyms_and_references_are_left_alone(text: str) -> None:
    assert read(text).corrections == ()


def test_an_acronym_also_searches_its_full_words() -> None:
    understood = read("EPI chantier")
    short, long = understood.syntax.clauses
    assert short.words == (stem("epi"), stem("chantier"))
    assert long.words == (*stems("équipements de protection individuelle"), stem("chantier"))
    [acronym] = understood.acronyms
    assert (acronym.typed, acronym.words) == ("EPI", "équipements de protection individuelle")
    assert "protection" in dict(understood.syntax.typed).values()


def test_an_acronym_leaves_room_for_meaning() -> None:
    assert not read("EPI").syntax.exact
    assert read("EPI OU casque").syntax.exact


def test_an_acronym_in_small_letters_is_read_unless_it_is_a_word() -> None:
    assert read("cvc").acronyms
    for text in ("épi", "ami", "si", "led"):
        assert read(text).acronyms == ()


def test_an_acronym_in_quotes_or_refused_is_only_itself() -> None:
    assert read('"EPI"').acronyms == ()
    assert read("EPI", "EPI").acronyms == ()


def test_codes_and_identifiers_are_untouched() -> None:
    syntax = read("39160000-1 2019/S-141.346469 Allemagne").syntax
    assert syntax.codes == (("CPV", "39160000"),)
    assert "2019s141346469" in syntax.identifiers


@given(
    st.lists(
        st.sampled_from(
            ["Allemagne", "EPI", "équipemnt", "OU", "-", '"', "«", "d’", "de", "Chine", "É",
             "États-", "Unis", "\u0301", "\x00", "½", "𝔸", "ﬁn", "İ", "9401", "l'", "Afrique"]
        ) | st.text(max_size=6),
        max_size=20,
    ),
    st.lists(st.text(max_size=10), max_size=3),
    st.booleans(),
)  # fmt: skip
def test_any_text_is_understood(pieces: list[str], literal: list[str], space: bool) -> None:
    text = (" " if space else "").join(pieces)
    understood = understand(Query(text, literal=tuple(literal)), lambda stem: False)
    assert all(clause.words or clause.phrases for clause in understood.syntax.clauses)
    refused = tuple(place.typed for place in understood.places)
    assert understand(Query(text, literal=refused), lambda stem: False).places == ()
