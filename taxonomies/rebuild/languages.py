"""Languages of ISO 639-1: CLDR names and three-letter codes, as Babel ships them."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import babel
from babel import Locale
from babel.core import get_global

from taxonomies.fold import fold
from taxonomies.rebuild import write
from taxonomies.rebuild.countries import BABEL, LANGUAGES

# Deprecated, or (Bokmål) a form of a language that has a code: read as aliases.
LEFT_OUT = {"sh", "nb"}


def _aliases() -> dict[str, str]:
    path = Path(__file__).parent / "language_aliases.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["alias"]: row["code"] for row in csv.DictReader(lines)}


def _three_letters(code: str, aliases: dict[str, str]) -> str:
    cldr = get_global("language_aliases")
    found = {long for long, short in cldr.items() if len(long) == 3 and short == code}
    found -= {alias for alias, other in aliases.items() if other != code}
    return " ".join(sorted(found | {a for a, c in aliases.items() if c == code and len(a) == 3}))


def _names(codes: set[str]) -> Iterator[tuple[str, str]]:
    """Folded names that mean one language only. Variants ("pt_BR") count for their language."""
    meant: defaultdict[str, set[str]] = defaultdict(set)
    for locale in (*LANGUAGES, *sorted(codes)):
        for tag, name in _display(locale).items():
            if tag.split("_")[0] in codes:
                meant[fold(name)].add(tag.split("_")[0])
    return (
        (name, min(found))
        for name, found in meant.items()
        if len(found) == 1 and not (name.isascii() and len(name) <= 3)  # would pass for a code
    )


def _display(locale: str) -> dict[str, str]:
    try:
        return {str(tag): str(name) for tag, name in Locale.parse(locale).languages.items()}
    except babel.UnknownLocaleError:
        return {}


def rebuild(folder: Path) -> int:
    """Write ``languages.csv`` and ``language_names.csv.gz``. Returns the number of languages."""
    if babel.__version__ != BABEL:
        raise ValueError(f"Babel {BABEL} is needed, for its edition of CLDR")
    aliases = _aliases()
    fr, en = _display("fr"), _display("en")
    codes = {code for code in fr if len(code) == 2} - LEFT_OUT
    names = dict(_names(codes)) | {fold(alias): code for alias, code in aliases.items()}
    write.table("language_names.csv.gz", ("name", "code"), sorted(names.items()))
    lines = ((c, _three_letters(c, aliases), fr[c], en[c]) for c in sorted(codes))
    return write.table("languages.csv", ("code", "alpha3", "fr", "en"), lines)
