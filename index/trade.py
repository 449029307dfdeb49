"""The trade embedding: one learned vector for each piece of word, averaged. NumPy, no torch.

A static model in the form of model2vec, trained on official nomenclatures, our words for them and
coded notices (``ingest/training``). Data, figures and limits: ``model/README.md``.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from model2vec import StaticModel
from numpy.typing import NDArray

from index.embedding import Vectors, readable, unit
from taxonomies import cpv

# Languages that the model learned, and Norwegian, which it reads as Danish; "" is unknown. What it
# would make of Vietnamese or Turkish is chance: of such texts it says nothing.
LANGUAGES = frozenset({*cpv.LANGUAGES, "no", ""})

# Words whose pieces are kept: some 6 MB.
_REMEMBERED = 30_000

PACKAGED = Path(__file__).parent / "model" / "trade-1"


class ModelError(Exception):
    """A model cannot be read; the message is French and meant for people."""


def unreadable(folder: Path, error: Exception) -> ModelError:
    """What to say of a folder that cannot be read, on one line."""
    cause = next(iter(str(error).splitlines()), type(error).__name__)
    return ModelError(f"Modèle illisible dans « {folder} » : {cause}")


class TradeEmbedder:
    """An ``Embedder``. Same text, same vector, whatever the batch; safe to share among threads."""

    def __init__(self, model: StaticModel, name: str, threshold: float) -> None:
        self.name = name
        self.threshold = threshold
        self.dimensions = int(model.dim)
        self._model = model
        said = model.weights
        count = len(model.embedding if model.token_mapping is None else model.token_mapping)
        self._weights = np.ones(count, np.float32) if said is None else said.astype(np.float32)
        self._words: dict[str, tuple[int, ...]] = {}

    @classmethod
    def load(cls, folder: Path = PACKAGED) -> "TradeEmbedder":
        """The packaged model, or the one of this folder. Raises ModelError."""
        # Its only messages are about its own configuration.
        logging.getLogger("model2vec").setLevel(logging.ERROR)
        if not folder.is_dir():  # the library would look for it on the network
            raise ModelError(f"Modèle introuvable : « {folder} » n'est pas un dossier")
        try:
            model = StaticModel.from_pretrained(folder, normalize=True, max_length=None)
            told: Any = model.config
            return cls(model, str(told["name"]), float(told["threshold"]))
        except Exception as error:  # the libraries that read it raise bare exceptions
            raise unreadable(folder, error) from error

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See ``Embedder.embed``."""
        made = np.zeros((len(texts), self.dimensions), np.float32)
        for row, pieces in zip(made, self._pieces(texts), strict=True):
            if pieces:
                row[:] = self._sum(np.array(pieces))
        return unit(made)

    def _pieces(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """The pieces of each text. The tokenizer cuts at white space first, so that words may be
        cut once for all: the same come again and again, and reading them takes a tenth of it."""
        spoken = [readable(text).split() for text in texts]
        known = self._words
        if len(known) > _REMEMBERED:
            known = self._words = {}
        fresh = list({word for some in spoken for word in some if word not in known})
        known |= zip(fresh, map(tuple, self._model.tokenize(fresh)), strict=True)
        for some in spoken:
            yield [piece for word in some for piece in known[word]]

    def _sum(self, pieces: NDArray[np.int64]) -> Vectors:
        """The weighted sum of the vectors of a text's pieces: once its length is one, it is their
        mean, as the library makes it in ten times as long."""
        model = self._model
        places = pieces if model.token_mapping is None else model.token_mapping[pieces]
        summed: Vectors = self._weights[pieces] @ model.embedding[places].astype(np.float32)
        return summed

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See ``Embedder.embed_queries``; a query is a text like any other."""
        return self.embed(texts)
