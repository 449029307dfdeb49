"""Languages: tags and names as sources write them."""

import pytest

from taxonomies import languages


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("DE", "de"), ("de", "de"), ("DEU", "de"), ("ger", "de"), ("de-AT", "de"), ("de_CH", "de"),
        ("German", "de"), ("Deutsch", "de"), ("allemand", "de"), ("en-GB", "en"), ("ENG", "en"),
        ("English", "en"), ("English (UK)", "en"), ("français", "fr"), ("FRE", "fr"), ("fra", "fr"),
        ("FRANCAIS", "fr"), ("zh-Hant-TW", "zh"), ("zho", "zh"), ("chi", "zh"), ("日本語", "ja"),
        ("ελληνικά", "el"), ("ELL", "el"), ("русский", "ru"), ("nb", "no"), ("NOR", "no"),
        ("iw", "he"), ("sr-Latn-RS", "sr"), ("pt_BR", "pt"), ("español", "es"),
        ("Castellano", "es"), ("GLE", "ga"), ("MLT", "mt"), (" sv ", "sv"), ("uk", "uk"),
    ],
)  # fmt: skip
def test_a_language_is_understood_however_it_is_written(written: str, code: str) -> None:
    assert languages.normalise(written) == code


@pytest.mark.parametrize(
    "written",
    ["", " ", "md", "MD", "xx", "gb", "us", "mul", "und", "zxx", "Klingon", "Germ", "de;fr",
     "englisch, deutsch", "\x00", "\ud800", "("],
)  # fmt: skip
def test_what_does_not_name_one_language_is_none(written: str) -> None:
    assert languages.normalise(written) is None


def test_a_very_long_text_is_no_language() -> None:
    assert languages.normalise("de-" * 300_000) is None


def test_the_24_official_languages_of_the_union_are_known_by_all_their_codes() -> None:
    official = {
        "bg": "BUL", "cs": "CES", "da": "DAN", "de": "DEU", "el": "ELL", "en": "ENG", "es": "SPA",
        "et": "EST", "fi": "FIN", "fr": "FRA", "ga": "GLE", "hr": "HRV", "hu": "HUN", "it": "ITA",
        "lt": "LIT", "lv": "LAV", "mt": "MLT", "nl": "NLD", "pl": "POL", "pt": "POR", "ro": "RON",
        "sk": "SLK", "sl": "SLV", "sv": "SWE",
    }  # fmt: skip
    for code, long in official.items():
        assert languages.normalise(code) == languages.normalise(long) == code


def test_every_language_has_names_and_its_codes_lead_back_to_it() -> None:
    assert len(languages.languages()) == 182
    for code, language in languages.languages().items():
        assert language.fr and language.en
        assert {languages.normalise(tag) for tag in (code, *language.alpha3)} == {code}


def test_no_two_languages_share_a_code() -> None:
    long = [tag for language in languages.languages().values() for tag in language.alpha3]
    assert len(long) == len(set(long))


def test_labels_are_french() -> None:
    assert languages.label("de") == "allemand"
    with pytest.raises(KeyError):
        languages.label("md")
