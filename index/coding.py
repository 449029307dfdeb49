"""From words to codes: what a query asks for, and what a text speaks of, in CPV and HS.

A text is compared with the names of every code (by meaning and by words) and with texts whose
code is known; the closest vote. A linear layer that learned divisions and headings corrects the
vote. Nothing here decides: it gives shares, ``ingest/classify.py`` says what they allow to say.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.concepts import concepts
from index.corrections import Corrections
from index.embedding import Rounded, Vectors
from index.names import NamesByWords, all_names
from index.trade import LANGUAGES, PACKAGED, ModelError, TradeEmbedder, unreadable
from index.votes import Coded as Coded
from index.votes import Shares as Shares
from index.votes import corrected, groups, normal, shared_out, vote
from index.wording import object_text
from taxonomies import cn

# Languages whose words can be compared with the French and English names of codes.
_NAMED = ("fr", "en")
# A text learned has at most this many codes.
LEARNED_CODES = 4
# A text learned again takes the place of what was known of it.
_REPEATED = 0.999
# How many of the closest names and of the closest learned texts vote.
_NAMES, _TEXTS = 40, 20
# Rows of a batch that one comparison holds in memory: with 22,000 names, 6 MB a table.
BATCH = 64


class Wording(NamedTuple):
    """A text to code: language is ISO 639-1, "" when unknown."""

    title: str
    text: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Mixture:
    """How the votes of one scheme are weighed; chosen in training, on texts not learned.

    cosine, words: weights of meaning and words in a comparison. sharp: how much more the closest
    counts. learned: weight of a learned text against a name. layer: exponent of the correction.
    """

    cosine: float
    words: float
    sharp: float
    learned: float
    layer: float


@dataclass(frozen=True, slots=True)
class Learned:
    """Texts whose codes are known: unit vectors, and positions of codes (−1: none)."""

    vectors: Vectors
    codes: NDArray[np.int32]


class Near(NamedTuple):
    """A text whose code is known, beside another: their cosine, and its codes, main one first."""

    cosine: float
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """A linear layer over unit vectors: logits of the codes that it knows, ``digits`` long."""

    digits: int
    codes: tuple[str, ...]
    weights: Vectors
    bias: Vectors

    def shares(self, vectors: Vectors) -> Shares:
        """Softmax of the logits, shape (len(vectors), len(codes))."""
        logits = vectors @ self.weights.T + self.bias
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)


@dataclass(frozen=True, slots=True)
class Curve:
    """How often what got a share of the votes was right: points of a growing line."""

    shares: Vectors
    right: Vectors

    def __call__(self, share: float) -> float:
        """Calibrated confidence, 0–1."""
        return float(np.interp(share, self.shares, self.right))


class Names:
    """The names of all codes, as rows of vectors and as words; read at first need.

    labels: one vector a concept, for the official names, which training knows; the others are read.
    """

    def __init__(self, embedder: TradeEmbedder, labels: Vectors | Rounded) -> None:
        self._embedder, self._labels, self._lock = embedder, labels, threading.Lock()
        self._by_words: NamesByWords | None = None
        self._vectors: Vectors | None = None
        self.positions = np.array([name.position for name in all_names()], np.int32)
        self.starts = np.flatnonzero(np.diff(self.positions, prepend=-1))

    @property
    def by_words(self) -> NamesByWords:
        """Rows by the words they hold."""
        if self._by_words is None:
            with self._lock:
                self._by_words = self._by_words or NamesByWords()
                self._forget()
        return self._by_words

    @property
    def vectors(self) -> Vectors:
        """One row a name (some two seconds to read them all)."""
        if self._vectors is None:
            with self._lock:
                if self._vectors is None:
                    self._vectors = self._read()
                    self._forget()
        return self._vectors

    def _forget(self) -> None:
        """Once all is read, the texts themselves (20 MB) are of no more use."""
        if self._vectors is not None and self._by_words is not None:
            all_names.cache_clear()
            cn.texts.cache_clear()

    def _read(self) -> Vectors:
        names = all_names()
        official = np.array([name.official for name in names])
        made = np.empty((len(names), self._labels.shape[1]), np.float32)
        made[official] = self._labels[self.positions[official]]
        read = [f"{name.fr} {name.en}" for name in names if not name.official]
        made[~official] = self._embedder.embed(read)
        return made

    def rows(self, scheme: Coded) -> slice:
        """Rows of a scheme's names."""
        within = concepts().of(scheme)
        first, last = np.searchsorted(self.positions, [within.start, within.stop])
        return slice(int(first), int(last))


@dataclass(frozen=True, slots=True)
class Compared:
    """Texts beside names and learned texts, before anything is weighed. meaning: cosines with the
    scheme's names; learned: cosines with texts; words: (row, name, what their words have in
    common, 0–1), where they have anything."""

    vectors: Vectors
    meaning: Shares
    words: tuple[NDArray[np.int64], NDArray[np.int64], Shares]
    learned: Shares


@dataclass(frozen=True)
class Coder:
    """Compares texts with codes. Safe to share among threads.

    labels: one vector a concept, the mean of its labels in all languages. curves: of a scheme, by
    number of digits of the code that is said. corrections: what ``learning`` was told.
    """

    embedder: TradeEmbedder
    labels: Vectors | Rounded
    names: Names
    learned: dict[Coded, Learned]
    layers: dict[Coded, Layer]
    mixtures: dict[Coded, Mixture]
    curves: dict[Coded, dict[int, Curve]]
    corrections: dict[Coded, Corrections] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path = PACKAGED) -> "Coder":
        """The packaged coder, or that of a folder made by training. Raises ModelError."""
        from index.coding_file import read

        try:
            return read(folder)
        except ModelError:
            raise
        except Exception as error:  # a damaged archive raises whatever its bytes lead to
            raise unreadable(folder, error) from error

    def learning(self, scheme: Coded, texts: Sequence[Wording], codes: Sequence[str]) -> "Coder":
        """The same coder that also knows these texts: people's corrections count at once.

        KeyError for an unknown code. Of texts that are the same, the last one counts.
        """
        if not texts:
            return self
        last = {(text.title, text.text): at for at, text in enumerate(texts)}
        texts, codes = [texts[at] for at in last.values()], [codes[at] for at in last.values()]
        rows = np.full((len(texts), LEARNED_CODES), -1, np.int32)
        rows[:, 0] = [concepts().position[scheme, code] for code in codes]
        titles, vectors = self._titles(texts), self.vectors(texts)
        known, told = self.learned[scheme], self.corrections.get(scheme)
        fresh = ~(known.vectors @ vectors.T > _REPEATED).any(axis=1)
        more = Learned(
            np.concatenate([known.vectors[fresh], vectors]),
            np.concatenate([known.codes[fresh], rows]),
        )
        said = Corrections(titles, vectors, rows[:, 0])
        return replace(
            self,
            learned=self.learned | {scheme: more},
            corrections=self.corrections | {scheme: told.then(said) if told else said},
        )

    def _nearest(self, scheme: Coded, cosines: Shares) -> list[Near]:
        codes = self.learned[scheme].codes
        if not len(codes):
            return [Near(0.0, ())] * len(cosines)
        closest = cosines.argmax(axis=1)
        return [
            Near(float(row[at]), _names(codes[at]))
            for row, at in zip(cosines, closest, strict=True)
        ]

    def corrected(self, scheme: Coded, texts: Sequence[Wording]) -> list[Near | None]:
        """What a person said of each text, or of the same but for trifles; None for nothing."""
        told = self.corrections.get(scheme)
        if told is None or not texts:
            return [None] * len(texts)
        found = told.closest(self._titles(texts), self.vectors(texts))
        return [near and Near(near[0], _names([near[1]])) for near in found]

    def _titles(self, texts: Sequence[Wording]) -> Vectors:
        return self.embedder.embed([text.title for text in texts])

    def vectors(self, texts: Sequence[Wording]) -> Vectors:
        """What the comparisons are made on, shape (len(texts), dimensions)."""
        return _read(self.embedder, tuple(texts))

    # Queries

    def wanted(self, text: str) -> Shares:
        """How well each concept answers a query, 0–1, shape (len(concepts),).

        The best of its names counts, half by meaning and half by words; zeros when no word is
        known.
        """
        row: Shares = self.all_wanted([text])[0]
        return row

    def all_wanted(self, texts: Sequence[str]) -> Shares:
        """The same for several at once, one row each."""
        like = 0.5 * self._near(self.embedder.embed_queries(texts))
        for row, text in zip(like, texts, strict=True):
            rows, found = self.names.by_words.find(text)
            row[rows] += 0.5 * found
        return self._best(like)

    def meant(self, vectors: Vectors) -> Shares:
        """Cosine of each unit vector with the nearest name of each concept, 0–1."""
        return self._best(self._near(vectors))

    def _near(self, vectors: Vectors) -> Vectors:
        return np.asarray(np.clip(vectors @ self.names.vectors.T, 0, 1), np.float32)

    def _best(self, like: Vectors) -> Shares:
        return np.asarray(np.maximum.reduceat(like, self.names.starts, axis=1), np.float32)

    # Texts

    def shares(self, scheme: Coded, texts: Sequence[Wording]) -> Shares:
        """What part of the votes each concept of the scheme gets from each text.

        Shape (len(texts), len(concepts of the scheme)); rows add up to one, or to zero when no
        word of the text is known.
        """
        parts = [shares for shares, _ in self.read(scheme, texts)]
        return np.concatenate(parts) if parts else np.zeros((0, _size(scheme)), np.float32)

    def read(
        self, scheme: Coded, texts: Sequence[Wording], vectors: Vectors | None = None
    ) -> Iterator[tuple[Shares, list[Near]]]:
        """For each ``BATCH`` of texts, its rows of ``shares`` and the learned text closest to
        each. vectors: those of the texts when they are known."""
        vectors = self.vectors(texts) if vectors is None else vectors
        for at in range(0, len(texts), BATCH):
            some = slice(at, at + BATCH)
            compared = self.compared(scheme, texts[some], vectors[some])
            yield self.mixed(scheme, compared), self._nearest(scheme, compared.learned)

    def compared(
        self, scheme: Coded, texts: Sequence[Wording], vectors: Vectors | None = None
    ) -> Compared:
        """The texts beside everything that may vote."""
        vectors = self.vectors(texts) if vectors is None else vectors
        rows = self.names.rows(scheme)
        meaning = vectors @ self.names.vectors[rows].T
        words = self._words(scheme, texts)
        return Compared(vectors, meaning, words, vectors @ self.learned[scheme].vectors.T)

    def _words(
        self, scheme: Coded, texts: Sequence[Wording]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Shares]:
        nothing = (np.zeros(0, np.int64), np.zeros(0, np.float32))
        found = [
            self.names.by_words.find(text.title, scheme) if text.language in _NAMED else nothing
            for text in texts
        ]
        places, much = (np.concatenate(some) for some in zip(*found, strict=True))
        counts = [len(some) for some, _ in found]
        rows = np.repeat(np.arange(len(texts)), counts)
        return rows, places - self.names.rows(scheme).start, much

    def mixed(self, scheme: Coded, compared: Compared) -> Shares:
        """The votes, weighed by the scheme's mixture."""
        mixture, first = self.mixtures[scheme], concepts().of(scheme).start
        named = self.names.positions[self.names.rows(scheme)][:, None] - first
        like = mixture.cosine * compared.meaning
        rows, places, much = compared.words
        like[rows, places] += mixture.words * much
        votes = np.zeros((len(like), _size(scheme)), np.float32)
        vote(votes, like, named, mixture.sharp, _NAMES, 1.0)
        known = self.learned[scheme].codes
        codes = np.where(known >= 0, known - first, -1)
        close = mixture.cosine * compared.learned
        vote(votes, close, codes, mixture.sharp, _TEXTS, mixture.learned)
        votes[~compared.vectors.any(axis=1)] = 0
        shared = normal(shared_out(votes, scheme))
        return normal(self._corrected(scheme, shared, compared.vectors))

    def _corrected(self, scheme: Coded, shares: Shares, vectors: Vectors) -> Shares:
        layer, mixture = self.layers.get(scheme), self.mixtures[scheme]
        if layer is None or not mixture.layer:
            return shares
        found = groups(scheme, layer.digits, layer.codes)
        return corrected(shares, found, layer.shares(vectors), mixture.layer)


def _names(row: Iterable[int]) -> tuple[str, ...]:
    return tuple(concepts().names[at][1] for at in row if at >= 0)


# The same texts are compared with names, with texts learned and with what people said of them.
@lru_cache(maxsize=4)
def _read(embedder: TradeEmbedder, texts: tuple[Wording, ...]) -> Vectors:
    read = [
        object_text(text.title, text.text) if text.language in LANGUAGES else "" for text in texts
    ]
    return embedder.embed(read)


def _size(scheme: Coded) -> int:
    return len(concepts().codes(scheme))
