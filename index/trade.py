"""The trade embedding: one learned vector for each piece of word, averaged. NumPy, no torch.

A static model in the form of model2vec, trained on official nomenclatures, our words for them and
coded notices (``ingest/training``). Data, figures and limits: ``model/README.md``.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from model2vec import StaticModel

from index.embedding import Vectors, readable, unit
from taxonomies import cpv

# Languages that the model learned, and Norwegian, which it reads as Danish; "" is unknown. What it
# would make of Vietnamese or Turkish is chance: of such texts it says nothing.
LANGUAGES = frozenset({*cpv.LANGUAGES, "no", ""})

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
        read = [readable(text) for text in texts]
        # Threads of its own would only get in the way of the caller's.
        found = self._model.encode(read, max_length=None, use_multiprocessing=False)
        return unit(np.asarray(found, np.float32))

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See ``Embedder.embed_queries``; a query is a text like any other."""
        return self.embed(texts)
