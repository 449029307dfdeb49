"""French analysis of words: folded, without function words, reduced to their stem.

The same analysis serves both sides, so that « éclairages » typed without accents finds
« Éclairage public ». Texts in other languages go through it too: it changes their words the
same way in the query and in the index.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache

import tantivy

from taxonomies.fold import fold
from taxonomies.table import rows

NAME, ENGLISH = "french", "english"

# Folded function words: articles, prepositions, pronouns, auxiliaries, elided letters.
# Neither « mais » nor « car »: folded, the first is maize; the second is also a coach.
STOPWORDS = frozenset(
    """a afin ai ainsi au aux avec ce ces cet cette comme d dans de des donc du elle elles en
    entre est et etc eu ici il ils j je jusqu l la le les leur leurs lors lorsqu m mes moi mon n
    ne nos notre nous on ont ou par pas pour puisqu qu que quelqu qui s sa sans se ses si son sont
    sous sur t tes toi ton tous tout toute toutes tu un une vers vos votre vous y
    of the for and to in""".split()
)
_ENGLISH_STOPWORDS = frozenset("a an and as by for from in into of on or the to with".split())

# « 20kVA » is « 20 kVA ». One digit and a g is a telephone network (4G), not a weight.
_UNIT = re.compile(
    r"(?<![^ ])([0-9]+)"
    r"([kmg]?w|[kmg]?wh|k?va?|[kmg]?hz|[cdhm]?l|[kcm]?m|[cm]?m[23]|[km]g|(?<=[0-9]{2})g|t)(?![^ ])"
)

# Accents being folded, the stemmer does not see the feminine in -ière.
_FEMININE = re.compile(r"ieres?(?![^ ])")


@cache
def _inflections() -> Mapping[str, str]:
    return {word: base for word, base, _ in rows("inflections.csv")}


def _base(word: str) -> str:
    """What the stemmer misses: feminines in -ière, irregular plurals and feminines."""
    return _inflections().get(word) or _FEMININE.sub("ier", word)


def prepared(text: str) -> str:
    """Folded text, words in the form that the analyser understands, ready to be indexed."""
    spaced = _FEMININE.sub("ier", _UNIT.sub(r"\1 \2", fold(text)))
    base = _inflections()
    return " ".join([base.get(word, word) for word in spaced.split()])


@cache
def analyzer() -> tantivy.TextAnalyzer:
    """The analyser to register in an index under ``NAME``; feed it ``prepared`` text."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    builder = builder.filter(tantivy.Filter.custom_stopword(sorted(STOPWORDS)))
    return builder.filter(tantivy.Filter.stemmer("french")).build()


@cache
def english() -> tantivy.TextAnalyzer:
    """The same for English texts, under ``ENGLISH``."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    builder = builder.filter(tantivy.Filter.custom_stopword(sorted(_ENGLISH_STOPWORDS)))
    return builder.filter(tantivy.Filter.stemmer("english")).build()


@lru_cache(maxsize=50_000)
def english_stem(word: str) -> str:
    """Stem of one folded English word, "" for a function word."""
    return "".join(english().analyze(word))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Stem of one folded word, "" for a function word."""
    return "".join(analyzer().analyze(_base(word)))


def stems(text: str) -> list[str]:
    """Stems of a text, in order, function words left out."""
    return [found for word in prepared(text).split() if (found := stem(word))]
