"""Words that translate each other, from FreeDict dictionaries in the format of dictd:
``python -m ingest.training.dictionaries FOLDER OUT.tsv``.

A dictionary is a text, compressed (``freedict-fra-eng.dict.dz``), and a list of its entries with
their places, in digits of base 64 (``freedict-fra-eng.index``). Debian packages them one by one
(``dict-freedict-*``); their licences are in the model card.
"""

import gzip
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from taxonomies import cpv, languages
from taxonomies.fold import fold

_DIGITS = {
    sign: value
    for value, sign in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}
_NAME = re.compile(r"freedict-([a-z]{3})-([a-z]{3})\.index")
# Languages beside those of the labels of CPV.
_MORE = ("tr",)

# Lines of an entry that are read after its first; longer ones tell, they do not translate.
_LINES = 5
# Signs of a head or of a translation, and words of a translation.
_SHORTEST, _LONGEST, _WORDS = 2, 40, 4

# Pronunciations, grammar, fields, and the numbers of senses.
_ASIDE = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|<[^>]*>|/[^/]*/|\b(?:\d+|[IVX]+)\.(?=\s|$)")
# Examples, which are in the language of the head, and remarks.
_NOTE = re.compile(r"\s*(?:see\b|synonyms?\b|note\b|usage\b|\"|.*\(.*:\w)", re.IGNORECASE)
_PROPER_NAME = "<pn"


def read(folder: Path) -> Iterator[tuple[str, str]]:
    """Folded pairs of all dictionaries of a folder between languages that we know, in the order of
    their names; each pair once a dictionary."""
    for index in sorted(folder.glob("*.index")):
        found = _NAME.fullmatch(index.name)
        if found and all(map(_is_ours, found.groups())):
            yield from sorted({pair for entry in entries(index) for pair in pairs(entry)})


def _is_ours(tag: str) -> bool:
    return languages.normalise(tag) in (*cpv.LANGUAGES, *_MORE)


def entries(index: Path) -> Iterator[str]:
    """The entries of a dictionary, less what it says of itself."""
    data = gzip.decompress(index.with_suffix(".dict.dz").read_bytes())
    for line in index.read_text("utf-8").splitlines():
        head, _, place = line.partition("\t")
        if place and not head.startswith("00database"):
            start, length = map(_number, place.split("\t")[:2])
            yield data[start : start + length].decode("utf-8", "replace")


def _number(written: str) -> int:
    value = 0
    for sign in written:
        value = value * 64 + _DIGITS[sign]
    return value


def pairs(entry: str) -> Iterator[tuple[str, str]]:
    """Head and translations of an entry; none for a proper name, which says nothing of goods."""
    first, *lines = entry.split("\n")
    head = fold(_ASIDE.sub(" ", first))
    if _PROPER_NAME in first or not _is_word(head):
        return
    for line in lines[:_LINES]:
        if not _NOTE.match(line):
            for part in re.split("[,;]", _ASIDE.sub(" ", line)):
                word = fold(part)
                if _is_word(word) and word.count(" ") < _WORDS:
                    yield head, word


def _is_word(folded: str) -> bool:
    return _SHORTEST < len(folded) < _LONGEST


def main(arguments: Sequence[str]) -> None:
    """Write the pairs, one a line."""
    folder, out = map(Path, arguments)
    with out.open("w", encoding="utf-8") as file:
        file.writelines(f"{one}\t{other}\n" for one, other in read(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
