"""Places as people name them, and the expressions that only seem to name one."""

import pytest

from taxonomies import countries, french
from taxonomies.acronyms import acronyms
from taxonomies.fold import words
from taxonomies.places import is_something_else, names, not_places, places, read, singular


def test_every_country_is_read_by_its_french_name_unless_it_is_also_something_else() -> None:
    unread = {
        country.fr
        for country in countries.countries().values()
        if is_something_else(tuple(country.fr.split()))
        or read(tuple(country.fr.replace("-", " ").replace("’", " ").split())) is None
    }
    assert "Jersey" in unread
    assert not unread & {"Allemagne", "Chine", "Suisse", "Côte d’Ivoire", "États-Unis", "Niger"}
    assert len(unread) < 15


def test_every_place_covers_countries_that_exist() -> None:
    known = countries.countries()
    for alike in places().values():
        for place in alike:
            assert place.countries
            assert set(place.countries) <= set(known)


def test_every_expression_holds_the_name_of_a_place() -> None:
    named = set(map(singular, places()))
    for expression in not_places():
        spans = (
            expression[start:end]
            for start in range(len(expression))
            for end in range(start + 1, len(expression) + 1)
        )
        assert any(span in named for span in spans), expression


@pytest.mark.parametrize(
    ("typed", "name"),
    [("perou", "Pérou"), ("PÉROU", "Pérou"), ("uk", None), ("UK", "Royaume-Uni"), ("chiné", None)],
)
def test_an_accent_may_lack_but_not_be_another_and_an_acronym_is_in_capitals(
    typed: str, name: str | None
) -> None:
    found = read((typed,))
    assert (str(found) if found else None) == name


def test_a_group_keeps_its_own_name() -> None:
    assert str(read(("pays", "du", "golfe"))) == "Pays du Golfe"
    assert "Benelux" in set(names())


def test_acronyms_have_full_words_that_say_more_than_themselves() -> None:
    assert acronyms()["epi"] == "équipements de protection individuelle"
    for acronym, full in acronyms().items():
        assert words(full)[0] != acronym


def test_french_words_are_folded_and_know_every_form() -> None:
    known = french.words()
    assert {"basque", "vigneron", "eclairages", "oeuvre"} <= known
    assert len(known) == 131_694
