"""Countries: CLDR names as Babel ships them, and our own choices and aliases.

``country_choices.csv`` holds what CLDR does not say or says too stiffly: ISO alpha-3 code, short
French and English names where we prefer ours, French preposition, export region, zone of the
capital where the country has several, membership of the European Union, French territory.
``country_aliases.csv`` holds names that people write and CLDR does not know.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import babel
from babel import Locale
from babel.core import get_global
from babel.languages import get_official_languages

from taxonomies.fold import fold
from taxonomies.rebuild import write

BABEL = "2.18.0"
LANGUAGES = (
    "fr", "en", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "da", "de", "el", "es", "et", "eu",
    "fa", "fi", "ga", "gl", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "ko",
    "lt", "lv", "mk", "ms", "mt", "nb", "nl", "pl", "pt", "pt_PT", "ro", "ru", "sk", "sl", "sq",
    "sr", "sr_Latn", "sv", "sw", "th", "tr", "uk", "uz", "vi", "zh", "zh_Hant",
)  # fmt: skip
_HERE = Path(__file__).parent


def _read(name: str) -> list[dict[str, str]]:
    with (_HERE / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _zone(alpha2: str) -> str:
    zones: list[str] = get_global("territory_zones").get(alpha2, [])
    if len(zones) != 1:
        raise ValueError(f"{alpha2}: choose the zone of the capital among {zones}")
    return zones[0]


def _languages(alpha2: str) -> str:
    """Official languages that have an ISO 639-1 code, by number of speakers."""
    tags = (tag.split("_")[0] for tag in get_official_languages(alpha2, de_facto=True))
    return " ".join(dict.fromkeys(tag for tag in tags if len(tag) == 2))


def _country(choice: dict[str, str]) -> tuple[str, ...]:
    alpha2 = choice["alpha2"]
    return (
        alpha2,
        choice["alpha3"],
        choice["fr"] or Locale("fr").territories[alpha2],
        choice["en"] or Locale("en").territories[alpha2],
        choice["preposition"],
        choice["region"],
        choice["timezone"] or _zone(alpha2),
        _languages(alpha2),
        choice["eu"],
        choice["french"],
    )


def _variants(name: str) -> Iterator[str]:
    """A name, and the ways of writing it that are the same name."""
    yield name
    yield name.replace("&", " and ")
    yield name.replace("St.", "Saint")
    yield name.replace("St.", "Saint").replace("&", " and ")


def _names(alpha2s: set[str], codes: set[str]) -> dict[str, str]:
    """Folded CLDR names that mean one country only, and are not the code of some country."""
    meant: defaultdict[str, set[str]] = defaultdict(set)
    for language in LANGUAGES:
        territories = Locale.parse(language).territories
        for alpha2 in alpha2s & set(territories):
            for variant in _variants(territories[alpha2]):
                meant[fold(variant)].add(alpha2)
    return {
        name: min(countries)
        for name, countries in meant.items()
        if len(countries) == 1 and name.upper() not in codes
    }


def rebuild(folder: Path) -> int:
    """Write ``countries.csv`` and ``country_names.csv.gz``. Returns the number of countries."""
    if babel.__version__ != BABEL:
        raise ValueError(f"Babel {BABEL} is needed, for its edition of CLDR")
    choices = _read("country_choices.csv")
    codes = {row["alpha2"] for row in choices} | {row["alpha3"] for row in choices}
    names = _names({row["alpha2"] for row in choices}, codes)
    for row in choices:
        names |= {fold(row[column]): row["alpha2"] for column in ("fr", "en") if row[column]}
    names |= {fold(row["alias"]): row["alpha2"] for row in _read("country_aliases.csv")}
    write.table("country_names.csv.gz", ("name", "alpha2"), sorted(names.items()))
    header = (
        "alpha2", "alpha3", "fr", "en", "preposition", "region", "timezone", "languages", "eu",
        "french",
    )  # fmt: skip
    return write.table("countries.csv", header, map(_country, choices))
