"""Countries: names as people and sources write them, regions, zones, prepositions."""

from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from babel import Locale

from taxonomies import countries, languages

MEMBER_STATES = set(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
)


def test_the_table_is_iso_3166_and_kosovo() -> None:
    known = countries.countries()
    assert len(known) == len({country.alpha3 for country in known.values()}) == 250
    assert all(len(alpha2) == 2 and len(c.alpha3) == 3 for alpha2, c in known.items())


@pytest.mark.parametrize(
    ("alpha2", "names"),
    {
        "AE": "UAE|United Arab Emirates|Émirats arabes unis|Emirats Arabes Unis",
        "AT": "AT|aut|Österreich|Autriche",
        "BA": "Bosnia and Herzegovina|Bosnie-Herzégovine|BOSNIA & HERZEGOVINA",
        "BE": "Belgique/België|Belgien|Belgium",
        "BO": "Bolivia (Plurinational State of)|Bolivie",
        "CD": "RDC|DRC|Congo, Dem. Rep.|République démocratique du Congo|Zaïre|COD",
        "CG": "Congo, Rep.|Congo-Brazzaville|Republic of the Congo",
        "CI": "Côte d’Ivoire|COTE D'IVOIRE|Ivory Coast|Cote d Ivoire|Elfenbeinküste",
        "CV": "Cabo Verde|Cap-Vert|Cape Verde",
        "CZ": "Czech Republic|Czechia|République tchèque|Česko",
        "DE": "Deutschland|GERMANY|Allemagne|allemagne|Γερμανία|DEU|de|ドイツ",
        "EG": "Egypt, Arab Rep.|Égypte|EGYPTE",
        "GB": "UK|GB|GBR|U.K.|United Kingdom|England|Scotland|Wales|Northern Ireland|Royaume-Uni",
        "GM": "The Gambia|Gambia, The|Gambie",
        "GR": "EL|GR|GRC|Ελλάδα|Grèce|Hellas",
        "HK": "Hong Kong SAR, China|Hong-Kong|HONGKONG",
        "IR": "Iran, Islamic Republic of|Iran (Islamic Republic of)",
        "KG": "Kyrgyz Republic|Kirghizstan",
        "KP": "Korea, Dem. People's Rep.|North Korea|DPRK",
        "KR": "Korea, Rep.|Republic of Korea|South Korea|Corée du Sud|대한민국",
        "LA": "Lao PDR|Lao People's Democratic Republic",
        "MA": "Maroc|Morocco|المغرب|MAR",
        "MD": "Moldova, Republic of|Republic of Moldova|Moldavie",
        "MK": "FYROM|North Macedonia|Macédoine du Nord",
        "MM": "Burma|Myanmar|Birmanie",
        "NL": "The Netherlands|Holland|Pays-Bas|NEDERLAND|Netherlands (Kingdom of the)",
        "PS": "West Bank and Gaza|Palestine|State of Palestine",
        "RU": "Russian Federation|Россия|Russie",
        "SA": "KSA|Kingdom of Saudi Arabia|Arabie saoudite",
        "SZ": "Swaziland|Eswatini",
        "TR": "Türkiye|Turkey|TURKIYE|Turquie",
        "TZ": "United Republic of Tanzania|Tanzania, United Republic of|Tanzanie",
        "US": "USA|U.S.A.|Etats-Unis|ÉTATS-UNIS|UNITED STATES OF AMERICA|Estados Unidos",
        "VE": "Venezuela, RB|Venezuela (Bolivarian Republic of)",
        "VN": "Viet Nam|Vietnam|Việt Nam",
        "XK": "1A0|XKX|Kosovo*|Kosovo (under UNSCR 1244/99)",
    }.items(),
)
def test_a_country_is_understood_by_its_names(alpha2: str, names: str) -> None:
    assert {name: countries.parse(name) for name in names.split("|")} == dict.fromkeys(
        names.split("|"), alpha2
    )


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "XX", "XXX", "EU", "Europe", "Korea", "Kongo", "Germny", "Frnace", "Other",
        "Global", "Worldwide", "N/A", "Africa", "France et Allemagne", "Paris", "Nigerria", "\x00",
        "\ud800", "YU", "Yugoslavia", "USSR", "Virgin Islands", "FR;DE", "Republic of",
    ],
)  # fmt: skip
def test_what_does_not_name_one_country_is_none(text: str) -> None:
    assert countries.parse(text) is None


def test_a_name_that_folds_into_a_code_is_not_taken_for_it() -> None:
    assert Locale("vi").territories["AT"] == "Áo"
    assert countries.parse("Áo") != "AO"
    assert countries.parse("AO") == "AO"


def test_neighbouring_names_are_not_confused() -> None:
    pairs = {
        "Niger": "NE", "Nigeria": "NG", "Guinea": "GN", "Guinea-Bissau": "GW", "Guyana": "GY",
        "French Guiana": "GF", "Equatorial Guinea": "GQ", "Papua New Guinea": "PG",
        "Dominica": "DM", "Dominican Republic": "DO", "Mali": "ML", "Malawi": "MW", "Austria": "AT",
        "Australia": "AU", "Slovakia": "SK", "Slovenia": "SI", "Samoa": "WS",
        "American Samoa": "AS", "Sudan": "SD", "South Sudan": "SS", "Iran": "IR", "Iraq": "IQ",
        "Jersey": "JE", "Georgia": "GE", "Jordan": "JO", "Chad": "TD", "Ireland": "IE",
    }  # fmt: skip
    assert {name: countries.parse(name) for name in pairs} == pairs


@pytest.mark.parametrize("language", ["fr", "en", "de", "es", "pt", "ru", "ar", "zh", "pl", "tr"])
def test_every_name_of_a_great_language_is_understood(language: str) -> None:
    names = Locale(language).territories
    wrong = {
        names[alpha2]: countries.parse(names[alpha2])
        for alpha2 in countries.countries()
        if countries.parse(names[alpha2]) != alpha2
    }
    assert wrong in ({}, {"Kongo": None})  # Poles and Norwegians each call another Congo so


def test_every_code_and_our_own_names_are_understood() -> None:
    for alpha2, country in countries.countries().items():
        for name in (alpha2, alpha2.lower(), country.alpha3, country.fr, country.en):
            assert countries.parse(name) == alpha2


def test_every_country_but_antarctica_has_one_of_our_twelve_regions() -> None:
    regions = Counter(country.region for country in countries.countries().values())
    assert regions.pop("") == 1
    assert regions.keys() == countries.regions().keys()
    assert len(regions) == 12
    assert countries.regions()["afrique-du-nord"] == "Afrique du Nord"


def test_the_union_is_its_27_states_and_their_territories() -> None:
    union = {alpha2 for alpha2, country in countries.countries().items() if country.eu}
    assert union - MEMBER_STATES == {"AX", "GF", "GP", "MF", "MQ", "RE", "YT"}
    assert union >= MEMBER_STATES


def test_france_includes_its_overseas_territories() -> None:
    french = {alpha2 for alpha2, country in countries.countries().items() if country.french}
    assert french == set("FR GP MQ GF RE YT PM BL MF NC PF WF TF".split())


def test_the_zone_is_that_of_the_capital() -> None:
    for country in countries.countries().values():
        assert ZoneInfo(country.timezone).key == country.timezone
    expected = {"US": "America/New_York", "RU": "Europe/Moscow", "AU": "Australia/Sydney"}
    for alpha2, zone in expected.items():
        assert countries.countries()[alpha2].timezone == zone


def test_official_languages_are_languages_we_know() -> None:
    swiss = countries.get("CH")
    assert swiss is not None and swiss.languages == ("de", "fr", "it")
    spoken = {tag for country in countries.countries().values() for tag in country.languages}
    assert {tag for tag in spoken if languages.normalise(tag) is None} == set()


@pytest.mark.parametrize(
    ("alpha2", "phrase"),
    [
        ("DE", "en Allemagne"), ("MA", "au Maroc"), ("US", "aux États-Unis"), ("CU", "à Cuba"),
        ("IR", "en Iran"), ("MX", "au Mexique"), ("NL", "aux Pays-Bas"), ("IL", "en Israël"),
        ("BB", "à la Barbade"), ("IM", "sur l’Île de Man"), ("KH", "au Cambodge"),
        ("CD", "en République démocratique du Congo"), ("GB", "au Royaume-Uni"),
    ],
)  # fmt: skip
def test_french_says_in_a_country_with_the_right_preposition(alpha2: str, phrase: str) -> None:
    assert countries.in_country(alpha2) == phrase


def test_an_unknown_country_is_none_and_cannot_be_said() -> None:
    assert countries.get("XX") is None
    with pytest.raises(KeyError):
        countries.in_country("XX")
