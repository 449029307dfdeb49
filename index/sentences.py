"""Embedders of the library sentence-transformers: any model of the hub or of a folder.

Needs the extra ``semantic``. General encoders know more words than the trade embedding and less
trade; they are slow without a graphics card (14 notices a second against thousands).
"""

import csv
import hashlib
import json
import re
from collections.abc import Sequence
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from index.embedding import Vectors, readable, unit
from index.trade import ModelError


class Reading(NamedTuple):
    """How a family of models wants to be fed, and from which cosine its texts are close."""

    query: str
    passage: str
    threshold: float


def reading(name: str) -> Reading:
    """The first row of ``prefixes.csv`` whose pattern the model's name matches."""
    # With their ends: one prefix has two lines.
    lines = files("index").joinpath("prefixes.csv").read_text("utf-8").splitlines(keepends=True)
    for row in csv.DictReader(line for line in lines if not line.startswith("#")):
        if fnmatch(name.lower(), row["pattern"]):
            return Reading(row["query"], row["passage"], float(row["threshold"]))
    raise LookupError(name)  # the table ends with "*"


def _modules(name: str) -> list[Any]:
    """The modules of a static model in model2vec's form; [] for the library's own forms."""
    from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding

    try:
        told = json.loads((Path(name) / "config.json").read_bytes())
    except (OSError, ValueError):
        return []
    if told.get("model_type") != "model2vec":
        return []
    return [StaticEmbedding.from_model2vec(name), Normalize()]


class SentenceEmbedder:
    """An ``Embedder`` by sentence-transformers. name: of the hub, or a folder."""

    def __init__(self, name: str) -> None:
        """Load the model. Raises ModelError when the library or the model is not there."""
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ModelError(
                "sentence-transformers n'est pas installé : « pip install debouches[semantic] »"
            ) from error
        try:
            modules = _modules(name)
            self._model = (
                SentenceTransformer(modules=modules, device="cpu")
                if modules
                else SentenceTransformer(name, device="cpu")
            )
        except (OSError, ValueError) as error:
            raise ModelError(f"Modèle introuvable ou illisible : « {name} »") from error
        self._reading = reading(name)
        # Two owners may give their models the same last name.
        told = re.sub(r"[^a-z0-9]+", "-", Path(name).name.lower()).strip("-")
        self.name = f"st-{told}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        self.threshold = self._reading.threshold
        self.dimensions = int(self._model.get_embedding_dimension() or 0)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See ``Embedder.embed``."""
        return self._encode(texts, self._reading.passage)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See ``Embedder.embed_queries``."""
        return self._encode(texts, self._reading.query)

    def _encode(self, texts: Sequence[str], prefix: str) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        read = [prefix + readable(text) for text in texts]
        return unit(np.asarray(self._model.encode(read, show_progress_bar=False), np.float32))
