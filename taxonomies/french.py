"""French words in all their forms, to tell a word from a typing mistake."""

from functools import cache

from taxonomies.table import rows


@cache
def words() -> frozenset[str]:
    """Folded words of four letters or more."""
    return frozenset(word for (word,) in rows("words.csv.gz"))
