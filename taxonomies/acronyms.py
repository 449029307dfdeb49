"""Acronyms of the trades and their full words in French."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from taxonomies.fold import fold
from taxonomies.table import rows


@cache
def acronyms() -> Mapping[str, str]:
    """Every acronym, folded → its full words."""
    return MappingProxyType({fold(acronym): words for acronym, words in rows("acronyms.csv")})
