"""The trade embedding: one learned vector for each piece of word, averaged. NumPy, no torch.

A static model in the form of model2vec, trained on official nomenclatures, our words for them and
coded notices (``ingest/training``). Data, figures and limits: ``model/README.md``.
"""

import logging
from collections.abc import Sequence
from itertools import chain
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

# Texts whose pieces are in memory together: 32 of 150 pieces take 5 MB.
_BATCH = 32

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
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        parts = [texts[at : at + _BATCH] for at in range(0, len(texts), _BATCH)]
        return np.concatenate([unit(self._means(part)) for part in parts])

    def _means(self, texts: Sequence[str]) -> Vectors:
        """The mean of the vectors of the pieces of each text, as the library makes it, but for all
        texts at once: one by one takes ten times as long."""
        pieces = self._model.tokenize([readable(text) for text in texts])
        counts = np.array([len(some) for some in pieces])
        spoken = np.flatnonzero(counts)
        made = np.zeros((len(texts), self.dimensions), np.float32)
        if len(spoken):
            flat = np.fromiter(chain.from_iterable(pieces), np.int64, counts.sum())
            starts = np.cumsum(counts[spoken]) - counts[spoken]
            sums = np.add.reduceat(self._rows(flat), starts, axis=0)
            made[spoken] = sums / counts[spoken, None]
        return made

    def _rows(self, pieces: NDArray[np.int64]) -> Vectors:
        mapping, weights = self._model.token_mapping, self._model.weights
        rows = self._model.embedding[pieces if mapping is None else mapping[pieces]]
        made: Vectors = rows.astype(np.float32)
        if weights is not None:
            made *= weights[pieces, None].astype(np.float32)
        return made

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See ``Embedder.embed_queries``; a query is a text like any other."""
        return self.embed(texts)
