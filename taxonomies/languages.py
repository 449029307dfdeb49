"""Languages of ISO 639-1, from the tags and names that sources write."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from taxonomies.fold import fold
from taxonomies.table import rows

# A language, then script, region and variants: "en", "ENG", "zh-Hant-TW", "pt_BR" (BCP 47).
_TAG = re.compile(r"\s*([a-z]{2,3})(?:[-_][a-z0-9]{2,8}){0,4}\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Language:
    """A language: ISO 639-1 code, ISO 639-2 and 639-3 codes, French and English names."""

    code: str
    alpha3: tuple[str, ...]
    fr: str
    en: str


@cache
def languages() -> Mapping[str, Language]:
    """Every language, in order of code: ISO 639-1 → Language."""
    table = rows("languages.csv")
    return MappingProxyType(
        {c: Language(c, tuple(long.split()), fr, en) for c, long, fr, en in table}
    )


@cache
def _names() -> Mapping[str, str]:
    """Folded names and lower-case codes → ISO 639-1. Codes win over names."""
    names = dict(rows("language_names.csv.gz"))
    for language in languages().values():
        names |= dict.fromkeys((language.code, *language.alpha3), language.code)
    return names


def normalise(tag: str) -> str | None:
    """The ISO 639-1 code of a language tag or name, or None. Never fuzzy.

    Understands ISO 639-1, 639-2 and BCP 47 tags in any case ("DEU", "ger", "de-AT"), and names in
    any language of CLDR that we keep ("Deutsch", "allemand"), with or without a variety in
    brackets. Bokmål is Norwegian, "no".
    """
    names = _names()
    written = _TAG.fullmatch(tag)
    readings = (written[1].lower() if written else "", fold(tag), fold(tag.partition("(")[0]))
    return next((names[reading] for reading in readings if reading in names), None)


def label(code: str) -> str:
    """French name of an ISO 639-1 code; KeyError when unknown."""
    return languages()[code].fr
