"""The embedding on disk, in the form that model2vec and sentence-transformers both read."""

from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from index.embedding import Vectors
from ingest.training.tokens import UNKNOWN


def save(folder: Path, tokenizer: Tokenizer, vectors: Vectors, name: str, threshold: float) -> None:
    """Write the model: each row rounded to eight bits, with a scale of its own.

    vectors: shape (pieces, dimensions). An unknown piece counts for nothing.
    """
    from model2vec.persistence import save_pretrained  # brings the hub's whole client

    rows = np.array(vectors, np.float32)
    rows[tokenizer.token_to_id(UNKNOWN)] = 0
    scales = np.maximum(np.abs(rows).max(axis=1), 1e-9) / 127
    config: Any = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "normalize": True,
        "name": name,
        "threshold": threshold,
    }
    save_pretrained(
        folder,
        np.round(rows / scales[:, None]).astype(np.int8),
        tokenizer,
        config,
        create_model_card=False,
        weights=scales.astype(np.float32),
    )
    # It names folders that there are not: the files are read as model2vec's.
    (folder / "modules.json").unlink(missing_ok=True)
    # The library writes what only its owner may read; the site runs as someone else.
    (folder / "model.safetensors").chmod((folder / "tokenizer.json").stat().st_mode)
