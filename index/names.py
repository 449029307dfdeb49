"""What every code is called: official labels, texts of goods, everyday names; found by words.

One row a notion, in French and English, with its code. Rows are sorted by code: those of one code
follow each other, and every code has at least one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import log

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Occur
from tantivy import Query as Native

from index import analysis
from index.concepts import concepts
from taxonomies import cn, cpv, everyday, hs
from taxonomies.fold import fold

# Characters of a text whose words are compared: a title, the first lines of a product sheet.
_READ = 600
# How many rows words may bring: far beyond what any vote looks at.
_FOUND = 200
# BM25 of a word found once in a short text, over its rarity: 1 + k1 of Robertson's formula.
_FULL = 2.2


@dataclass(frozen=True, slots=True)
class Name:
    """One notion of a code. official: its label, that vectors know already."""

    position: int
    fr: str
    en: str
    official: bool = False


def _goods() -> Iterator[Name]:
    place = concepts().position
    for code, fr in cn.texts("fr").items():
        yield Name(place["HS", code[:6]], fr, cn.texts("en").get(code, ""))


def _labels() -> Iterator[Name]:
    place = concepts().position
    for code, entry in cpv.codes().items():
        yield Name(place["CPV", code], entry.fr, entry.en, True)
    for code in hs.codes():
        # From the heading on: a chapter's long title would drown the rest.
        fr, en = (" ".join(hs.path(code, one)[1:] or hs.path(code, one)) for one in ("fr", "en"))
        yield Name(place["HS", code], fr, en, True)


def _everyday() -> Iterator[Name]:
    place = concepts().position
    for notion in everyday.everyday_names():
        at = place[notion.scheme, notion.code]
        yield Name(at, ", ".join(notion.fr), ", ".join(notion.en))


@cache
def all_names() -> tuple[Name, ...]:
    """Every row, by position of its code, official labels first."""
    rows = [*_labels(), *_goods(), *_everyday()]
    return tuple(sorted(rows, key=lambda name: (name.position, not name.official)))


@cache
def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("fr", tokenizer_name=analysis.NAME)
    builder.add_text_field("en", tokenizer_name=analysis.ENGLISH)
    builder.add_unsigned_field("row", fast=True)
    builder.add_text_field("scheme", tokenizer_name="raw", index_option="basic")
    return builder.build()


class NamesByWords:
    """BM25 over the rows, in memory. Safe to share among threads."""

    def __init__(self) -> None:
        index = tantivy.Index(_schema())
        index.register_tokenizer(analysis.NAME, analysis.analyzer())
        index.register_tokenizer(analysis.ENGLISH, analysis.english())
        writer = index.writer(64_000_000, 1)
        for row, name in enumerate(all_names()):
            document = tantivy.Document()
            document.add_text("fr", analysis.prepared(name.fr))
            document.add_text("en", fold(name.en))
            document.add_unsigned("row", row)
            document.add_text("scheme", concepts().names[name.position][0])
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()
        # The titles of a feed are made of the same words.
        self._word = lru_cache(maxsize=5_000)(self._sought)

    def _rarity(self, french: str, english: str) -> float:
        """Of a word, in the language that knows it; a word that none knows is as rare as can be."""
        held = [self._searcher.doc_freq(field, stem) for field, stem in _fields(french, english)]
        fewest = min((one for one in held if one), default=0)
        return log(1 + (self._searcher.num_docs - fewest + 0.5) / (fewest + 0.5))

    def _sought(self, french: str, english: str) -> tuple[float, Native]:
        """The rarity of a word, and the question whether a name holds it."""
        one = [Native.term_query(_schema(), *pair) for pair in _fields(french, english)]
        return self._rarity(french, english), Native.disjunction_max_query(one, 0.0)

    def find(self, text: str, scheme: str = "") -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows whose words a text holds, and how much of what it says they hold, 0–1.

        A word unknown to the table counts as said and not found. scheme: CPV, HS, "" for both.
        """
        asked = [self._word(french, english) for french, english in _stems(text)]
        if not asked:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        spoken = sum(rarity for rarity, _ in asked)
        wanted = Native.boolean_query([(Occur.Should, query) for _, query in asked])
        if scheme:
            only = Native.const_score_query(Native.term_query(_schema(), "scheme", scheme), 0.0)
            wanted = Native.boolean_query([(Occur.Must, wanted), (Occur.Must, only)])
        found = self._searcher.search(wanted, _FOUND, count=False)
        rows = self._searcher.fast_field_values("row", [address for _, address in found.hits])
        scores = np.array([score for score, _ in found.hits], np.float32)
        return np.array(rows, np.int64), np.minimum(scores / (_FULL * spoken), 1)


def _fields(french: str, english: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("fr", french), ("en", english)


def _stems(text: str) -> Sequence[tuple[str, str]]:
    """French and English stem of each word that is not a function word, once each."""
    pieces = dict.fromkeys(fold(text[:_READ]).split())
    both = ((analysis.stem(piece), analysis.english_stem(piece)) for piece in pieces)
    return [(french, english) for french, english in both if french and english]
