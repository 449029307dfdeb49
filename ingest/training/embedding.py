"""The learning itself, with sentence-transformers: texts that mean the same draw near.

Multiple-negatives ranking over a static embedding (one vector a piece of word, averaged); beside
it, a linear layer learns the division of a notice and the heading of a good from the same vectors,
which teaches them what matters in long texts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.coding import Coded as Scheme
from index.coding import Layer
from index.embedding import Vectors
from ingest.training.batches import Batch, Batches, Key, Shares
from ingest.training.texts import Corpus

# A text is cut at so many pieces; each piece is forgotten with this chance, more in notices, of
# which there are few and which are long: they would be learned by heart.
_PIECES, _FORGET, _FORGET_NOTICE = 160, 0.1, 0.35
_SCALE, _LAYER_SCALE = 20.0, 8.0
_LAYER_RATE, _LAST_RATE, _SMOOTHING, _SPREAD = 3e-3, 0.03, 0.05, 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how large. layer: what the linear layers count in the loss."""

    pieces: int = 64_000
    dimensions: int = 256
    steps: int = 5_000
    batch: int = 1_024
    rate: float = 0.01
    layer: float = 0.4
    shares: Shares = field(default_factory=Shares)
    seed: int = 0


@dataclass(frozen=True)
class Trained:
    """vectors: one row a piece of the tokenizer. layers: made for unit vectors."""

    tokenizer: Tokenizer
    vectors: Vectors
    layers: dict[Scheme, Layer]


# Digits of the codes that a layer tells apart: CPV divisions, HS headings.
DIGITS: dict[Scheme, int] = {"CPV": 2, "HS": 4}


def train(
    corpus: Corpus, tokenizer: Tokenizer, plan: Plan, progress: Callable[[int, float], None]
) -> Trained:
    """Learn. progress: called now and then with the step and the loss. Deterministic on one
    machine for a seed and a number of threads. Raises ImportError without sentence-transformers.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    torch.manual_seed(plan.seed)
    chance = np.random.default_rng(plan.seed)
    static = StaticEmbedding(tokenizer, embedding_dim=plan.dimensions)
    torch.nn.init.normal_(static.embedding.weight, std=_SPREAD)
    static.embedding.sparse = True
    model = SentenceTransformer(modules=[static], device="cpu")
    ranking = MultipleNegativesRankingLoss(
        model,
        scale=_SCALE,
        directions=("query_to_doc", "doc_to_query"),
        partition_mode="per_direction",
    )
    batches = Batches(corpus, plan.batch, plan.shares, plan.seed)
    pieces = _pieces(tokenizer, batches.texts)
    layers = {scheme: _Output(scheme, corpus, plan.dimensions) for scheme in DIGITS}
    # The library leaves its step without types.
    words: Any = torch.optim.SparseAdam(list(static.parameters()), lr=plan.rate)
    others = torch.optim.Adam(
        [one for layer in layers.values() for one in layer.linear.parameters()], lr=_LAYER_RATE
    )
    for step in range(plan.steps):
        left = 1 - step / plan.steps
        words.param_groups[0]["lr"] = plan.rate * (left + _LAST_RATE)
        others.param_groups[0]["lr"] = _LAYER_RATE * (left + _LAST_RATE)
        batch = batches.batch()
        sides = [
            _features(_shown(pieces, batch.anchors, _forgetting(batch), chance)),
            _features(_shown(pieces, batch.positives, None, chance)),
        ]
        loss = ranking(sides, None)
        unit = torch.nn.functional.normalize(static(sides[0])["sentence_embedding"], dim=1)
        loss = loss + plan.layer * sum(layer.loss(unit, batch.keys) for layer in layers.values())
        words.zero_grad()
        others.zero_grad()
        loss.backward()
        words.step()
        others.step()
        if step % 100 == 0 or step == plan.steps - 1:
            progress(step, float(loss.detach()))
    vectors = static.embedding.weight.detach().numpy().astype(np.float32)
    return Trained(tokenizer, vectors, {scheme: one.layer() for scheme, one in layers.items()})


Pieces = list[NDArray[np.int64]]


def _pieces(tokenizer: Tokenizer, texts: Sequence[str]) -> Pieces:
    """Each text's pieces; a text of which nothing is known is one unknown piece."""
    found = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [np.array(one.ids[:_PIECES] or [0], np.int64) for one in found]


def _forgetting(batch: Batch) -> NDArray[np.float64]:
    chances = np.full(len(batch.anchors), _FORGET)
    chances[batch.notices] = _FORGET_NOTICE
    return chances


def _shown(
    pieces: Pieces,
    numbers: Sequence[int],
    chances: NDArray[np.float64] | None,
    chance: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pieces of these texts end to end, some forgotten, and where each text begins. Short texts
    keep all of theirs, and every text keeps one."""
    shown = [pieces[number] for number in numbers]
    lengths = np.fromiter(map(len, shown), np.int64, len(shown))
    ends = np.concatenate(shown)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    forget = np.full(len(lengths), _FORGET) if chances is None else chances
    kept = chance.random(len(ends)) > np.repeat(forget, lengths)
    kept |= np.repeat(lengths < 4, lengths)
    kept[starts] |= ~np.logical_or.reduceat(kept, starts)
    left = np.add.reduceat(kept.astype(np.int64), starts)
    return ends[kept], np.concatenate([[0], np.cumsum(left)[:-1]])


def _features(shown: tuple[NDArray[np.int64], NDArray[np.int64]]) -> dict[str, Any]:
    import torch

    return {"input_ids": torch.from_numpy(shown[0]), "offsets": torch.from_numpy(shown[1])}


class _Output:
    """A linear layer that learns the first digits of the code of a text."""

    def __init__(self, scheme: Scheme, corpus: Corpus, dimensions: int) -> None:
        import torch

        self.scheme, self.digits = scheme, DIGITS[scheme]
        codes = corpus.cpv if scheme == "CPV" else corpus.hs
        self.codes = sorted({code[: self.digits] for code in codes if len(code) >= self.digits})
        self.place = {code: at for at, code in enumerate(self.codes)}
        self.linear = torch.nn.Linear(dimensions, len(self.codes))
        torch.nn.init.normal_(self.linear.weight, std=0.02)
        torch.nn.init.zeros_(self.linear.bias)

    def loss(self, unit: Any, keys: Sequence[Key | None]) -> Any:
        """Cross-entropy over the pairs that have a code of this scheme."""
        import torch

        known = [
            (row, at)
            for row, key in enumerate(keys)
            if key
            and key[0] == self.scheme
            and (at := self.place.get(key[1][: self.digits])) is not None
        ]
        if not known:
            return 0.0
        rows, wanted = zip(*known, strict=True)
        logits = self.linear(_LAYER_SCALE * unit[list(rows)])
        return torch.nn.functional.cross_entropy(
            logits, torch.tensor(wanted), label_smoothing=_SMOOTHING
        ) / len(DIGITS)

    def layer(self) -> Layer:
        """What was learned, for unit vectors."""
        weights = np.float32(_LAYER_SCALE) * self.linear.weight.detach().numpy()
        bias = self.linear.bias.detach().numpy()
        return Layer(self.digits, tuple(self.codes), weights, bias)
