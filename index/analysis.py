"""French analysis of words: folded, without function words, reduced to their stem.

The same analysis serves both sides, so that « éclairages » typed without accents finds
« Éclairage public ». Texts in other languages go through it too: it changes their words the
same way in the query and in the index.
"""

from functools import cache, lru_cache

import tantivy

from taxonomies.fold import fold

NAME = "french"

# Folded function words: articles, prepositions, pronouns, auxiliaries, elided letters.
STOPWORDS = frozenset(
    """a afin ai ainsi au aux avec car ce ces cet cette comme d dans de des donc du elle elles en
    entre est et etc eu ici il ils j je l la le les leur leurs lors m mais mes moi mon n ne nos
    notre nous on ont ou par pas pour qu que qui s sa sans se ses si son sont sous sur t tes toi
    ton tous tout toute toutes tu un une vers vos votre vous y
    of the for and to in""".split()
)


@cache
def analyzer() -> tantivy.TextAnalyzer:
    """The analyser to register in an index under ``NAME``; feed it folded text."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    builder = builder.filter(tantivy.Filter.custom_stopword(sorted(STOPWORDS)))
    return builder.filter(tantivy.Filter.stemmer("french")).build()


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Stem of one folded word, "" for a function word."""
    return "".join(analyzer().analyze(word))


def stems(text: str) -> list[str]:
    """Stems of a text, in order, function words left out."""
    return [found for word in fold(text).split() if (found := stem(word))]
