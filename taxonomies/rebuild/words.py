"""French words in all their forms, so that a right word is never taken for a mistake."""

import gzip
import json
from pathlib import Path

from taxonomies.fold import fold
from taxonomies.rebuild import fetch, write

PACKAGE = "pyspellchecker==0.9.1"

# Shorter words are never corrected.
SHORTEST = 4


def rebuild(folder: Path) -> int:
    """Write ``words.csv.gz``: folded words, in order. Returns their number."""
    path = fetch.wheel(PACKAGE, folder) / "spellchecker" / "resources" / "fr.json.gz"
    folded = map(fold, json.loads(gzip.decompress(path.read_bytes())))
    kept = {word for word in folded if len(word) >= SHORTEST and word.isalpha()}
    return write.table("words.csv.gz", ("word",), ((word,) for word in sorted(kept)))
