"""Countries: ISO 3166-1 and Kosovo, their names in some sixty languages, their export region."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from taxonomies.fold import fold
from taxonomies.table import rows


@dataclass(frozen=True, slots=True)
class Country:
    """A country or territory with an ISO 3166-1 code of its own.

    preposition: French, "en" (Allemagne), "au" (Maroc), "sur l’" (Île de Man)…
    region: id of an export region, "" for Antarctica. timezone: IANA zone of the capital.
    languages: official ones, ISO 639-1. eu: territory of the European Union.
    french: France and its overseas territories.
    """

    alpha2: str
    alpha3: str
    fr: str
    en: str
    preposition: str
    region: str
    timezone: str
    languages: tuple[str, ...]
    eu: bool
    french: bool


def _country(row: list[str]) -> Country:
    alpha2, alpha3, fr, en, preposition, region, timezone, languages, eu, french = row
    return Country(
        alpha2,
        alpha3,
        fr,
        en,
        preposition,
        region,
        timezone,
        tuple(languages.split()),
        bool(eu),
        bool(french),
    )


@cache
def countries() -> Mapping[str, Country]:
    """Every country, in order of code: alpha-2 → Country."""
    return MappingProxyType({row[0]: _country(row) for row in rows("countries.csv")})


@cache
def regions() -> Mapping[str, str]:
    """Our twelve export regions: id → French label."""
    return MappingProxyType(dict(rows("regions.csv")))


def get(alpha2: str) -> Country | None:
    """The country of an upper-case alpha-2 code, or None."""
    return countries().get(alpha2)


@cache
def _codes() -> Mapping[str, str]:
    """Alpha-2 and alpha-3 codes → alpha-2."""
    known = countries().values()
    return {country.alpha2: country.alpha2 for country in known} | {
        country.alpha3: country.alpha2 for country in known
    }


@cache
def _names() -> Mapping[str, str]:
    """Folded names, none of which is a code → alpha-2."""
    return dict(rows("country_names.csv.gz"))


def parse(text: str) -> str | None:
    """The alpha-2 code of the country that ``text`` names, or None. Never fuzzy.

    Understands alpha-2 and alpha-3 codes, the European Union's UK and EL, and names in any
    language of CLDR that we keep, official or usual ("RDC", "Korea, Rep.", "England"), whatever
    their case, accents and punctuation. A name shared by two countries ("Korea", "Kongo") is none.
    """
    # Codes are compared unfolded: "Áo" is Austria in Vietnamese, "AO" is Angola.
    code = _codes().get(text.strip().upper())
    if code is not None:
        return code
    name = fold(text)
    names = _names()
    return names.get(name) or names.get(name.removeprefix("the "))


def in_country(alpha2: str) -> str:
    """ "en Allemagne", "au Maroc", "aux États-Unis", "à Cuba"; KeyError when unknown."""
    country = countries()[alpha2]
    space = "" if country.preposition.endswith("’") else " "
    return f"{country.preposition}{space}{country.fr}"
