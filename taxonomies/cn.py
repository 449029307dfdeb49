"""The goods of the combined nomenclature: eight digits, each with a text that stands by itself.

A subheading of HS is often just « autres »; these texts say what is meant. Used to recognise
goods, never shown as codes of a lead.
"""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from taxonomies.table import rows

LANGUAGES = ("fr", "en", "de", "nl")

# What a text says it does not cover would be taken for what it covers.
_EXCLUDED = re.compile(
    r"[(\[](?:à l[’']excl|excl|ausg|m\.u\.v|uitgez)"
    r"[^()\[\]]*(?:[(\[][^()\[\]]*[)\]][^()\[\]]*)*[)\]]"
)


@cache
def texts(language: str = "fr") -> Mapping[str, str]:
    """Code of eight digits → its text in one of ``LANGUAGES``, without its exclusions.

    ValueError for another language.
    """
    column = LANGUAGES.index(language) + 1
    found = {row[0]: " ".join(_EXCLUDED.sub("", row[column]).split()) for row in rows("cn.csv.gz")}
    return MappingProxyType({code: text for code, text in found.items() if text})
