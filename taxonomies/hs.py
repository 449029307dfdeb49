"""The Harmonised System: HS 2022, its 96 chapters, 1,228 headings and 5,612 subheadings.

Labels are those of the European Union's combined nomenclature. A subheading's own label is often
just "autres": ``path`` gives the labels that lead to it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from taxonomies.table import rows

LANGUAGES = ("bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "sk")

# Two to ten digits, grouped in any way by spaces, dots or dashes: "9401.31", "94 01 31 00".
_WRITTEN = re.compile(r"\s*([0-9](?:[\s.\-]?[0-9]){1,9})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class HsCode:
    """An official code of two, four or six digits, and its labels.

    group_fr, group_en: label of the one-dash line a subheading stands under, which has no code of
    its own, or "".
    """

    code: str
    fr: str
    en: str
    group_fr: str = ""
    group_en: str = ""


@cache
def codes() -> Mapping[str, HsCode]:
    """Every official code, in order: code → HsCode."""
    return MappingProxyType({row[0]: HsCode(*row) for row in rows("hs.csv.gz")})


def get(code: str) -> HsCode | None:
    """The entry of an official code of two, four or six digits, or None."""
    return codes().get(code)


def normalise(text: str) -> str | None:
    """The official code of two, four or six digits written in ``text``, or None.

    National codes of eight or ten digits (CN, TARIC, HTS) give their first six. Codes of earlier
    editions that HS 2022 no longer has are none.
    """
    written = _WRITTEN.fullmatch(text)
    if written is None:
        return None
    digits = re.sub(r"[^0-9]", "", written[1])
    return digits[:6] if len(digits) % 2 == 0 and digits[:6] in codes() else None


@cache
def _labels(language: str) -> Mapping[str, tuple[str, str]]:
    """Code → label and label of its group, in one of ``LANGUAGES``."""
    if language == "fr":
        return {entry.code: (entry.fr, entry.group_fr) for entry in codes().values()}
    if language == "en":
        return {entry.code: (entry.en, entry.group_en) for entry in codes().values()}
    if language not in LANGUAGES:
        raise KeyError(language)
    return {code: (label, group) for code, label, group in rows(f"labels/hs_{language}.csv.gz")}


@cache
def labels(language: str) -> Mapping[str, str]:
    """Labels of every code in one of the eleven ``LANGUAGES``; KeyError for another language."""
    return MappingProxyType({code: label for code, (label, _) in _labels(language).items()})


def label(code: str, language: str = "fr") -> str:
    """Label of an official code; KeyError when the code or the language is unknown."""
    if language == "fr":
        return codes()[code].fr
    return labels(language)[code]


def ancestors(code: str) -> tuple[str, ...]:
    """Broader codes, nearest first: "940131" → ("9401", "94"); KeyError when unknown."""
    known = codes()[code].code
    return tuple(known[:length] for length in range(len(known) - 2, 0, -2))


@cache
def path(code: str, language: str = "fr") -> tuple[str, ...]:
    """Labels from the chapter down to the code, each said once; KeyError when unknown."""
    known = _labels(language)
    steps = [known[broader][0] for broader in reversed(ancestors(code))]
    label, group = known[code]
    return tuple(dict.fromkeys(step for step in (*steps, group, label) if step))
