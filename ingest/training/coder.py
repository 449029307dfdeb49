"""The coder of a trained embedding: what it remembers, how its votes are weighed, and how often
they are right. Weights and confidence are chosen on texts kept apart from the learning."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from index.coding import LEARNED_CODES, Coded, Coder, Curve, Layer, Learned, Mixture, Names, Wording
from index.concepts import concepts, digits
from index.embedding import Vectors, unit
from index.trade import TradeEmbedder
from ingest.training import texts

Known = tuple[Wording, tuple[str, ...]]  # a text and its codes, main one first

# What is tried: weights of words, sharpness, of learned texts, of the layer.
_TRIED = (
    (0.25, 0.5),
    (14.0, 18.0, 24.0, 30.0),
    (1.0, 2.0, 4.0, 8.0),
    (0.0, 0.3, 0.6, 1.0),
)
_COSINE = 0.9
# Depths that may be said: of CPV 2 to 8 digits, of HS 2, 4 and 6.
_DEPTHS: dict[Coded, tuple[int, ...]] = {"CPV": (2, 3, 4, 5, 6, 7, 8), "HS": (2, 4, 6)}


def labels(embedder: TradeEmbedder) -> Vectors:
    """One unit vector a concept: the mean of its labels in all languages."""
    spoken = texts.corpus(())
    every = [
        spoken.cpv[code] if scheme == "CPV" else spoken.hs[code]
        for scheme, code in concepts().names
    ]
    flat = embedder.embed([label for some in every for label in some])
    starts = np.concatenate([[0], np.cumsum([len(some) for some in every])[:-1]])
    return unit(np.add.reduceat(flat, starts, axis=0))


def learned(coder: Coder, scheme: Coded, known: Sequence[Known]) -> Learned:
    """Texts as the coder remembers them."""
    place = concepts().position
    codes = np.full((len(known), LEARNED_CODES), -1, np.int32)
    for row, (_, given) in zip(codes, known, strict=True):
        found = [place[scheme, code] for code in given[:LEARNED_CODES]]
        row[: len(found)] = found
    return Learned(coder.vectors([text for text, _ in known]), codes)


def fit(
    embedder: TradeEmbedder,
    layers: dict[Coded, Layer],
    learning: dict[Coded, Sequence[Known]],
    apart: dict[Coded, Sequence[Known]],
) -> Coder:
    """A coder that knows ``learning``, its weights and curves chosen on ``apart``, which it knows
    too in the end."""
    blank = Mixture(_COSINE, *(tried[0] for tried in _TRIED))
    means = labels(embedder)
    names = Names(embedder, means)
    coder = Coder(embedder, means, names, {}, layers, dict.fromkeys(_DEPTHS, blank), {})
    kept = {scheme: learned(coder, scheme, learning[scheme]) for scheme in _DEPTHS}
    coder = replace(coder, learned=kept)
    for scheme in _DEPTHS:
        coder = _weighed(coder, scheme, apart[scheme])
    everything = {scheme: [*learning[scheme], *apart[scheme]] for scheme in _DEPTHS}
    return replace(coder, learned={one: learned(coder, one, everything[one]) for one in _DEPTHS})


def _mixtures() -> Iterator[Mixture]:
    for words, sharp, remembered, layer in product(*_TRIED):
        yield Mixture(_COSINE, words, sharp, remembered, layer)


def _weighed(coder: Coder, scheme: Coded, apart: Sequence[Known]) -> Coder:
    """With the mixture that gives the right codes the most likelihood, and its curves."""
    if not apart:
        curves = {
            depth: Curve(*np.array([[0, 1], [0, 0.9]], np.float32)) for depth in _DEPTHS[scheme]
        }
        return replace(coder, curves=coder.curves | {scheme: curves})
    compared = coder.compared(scheme, [text for text, _ in apart])
    tried = [replace(coder, mixtures=coder.mixtures | {scheme: one}) for one in _mixtures()]
    shares = [one.mixed(scheme, compared) for one in tried]
    best = int(np.argmax([_likelihood(one, scheme, apart) for one in shares]))
    return replace(
        tried[best], curves=coder.curves | {scheme: _curves(shares[best], scheme, apart)}
    )


def _likelihood(shares: Vectors, scheme: Coded, apart: Sequence[Known]) -> float:
    """Mean logarithm of what the votes gave to the right code and to each of its ancestors."""
    table = concepts()
    whole = table.whole(shares, scheme)
    right = [table.position[scheme, codes[0]] for _, codes in apart]
    above = table.lineage[right] - table.of(scheme).start
    return float(np.log(np.take_along_axis(whole, above, 1) + 1e-3).mean())


def _curves(shares: Vectors, scheme: Coded, apart: Sequence[Known]) -> dict[int, Curve]:
    """For each depth: share of the best code of that depth → how often it is right."""
    names = concepts().codes(scheme)
    depths = np.array([digits(scheme, code) for code in names])
    wholes = concepts().whole(shares, scheme)
    made = {}
    for depth in _DEPTHS[scheme]:
        at = np.flatnonzero(depths == depth)
        best = at[wholes[:, at].argmax(axis=1)]
        won = wholes[np.arange(len(wholes)), best]
        right = [
            any(code.startswith(names[one][:depth]) for code in codes)
            for one, (_, codes) in zip(best, apart, strict=True)
        ]
        made[depth] = _curve(won, np.array(right))
    return made


def _curve(shares: Vectors, right: NDArray[np.bool_]) -> Curve:
    """A growing line through the points, a little below them: as if two more had been wrong."""
    from sklearn.isotonic import IsotonicRegression

    order = np.argsort(shares)
    fitted = IsotonicRegression(y_min=0, y_max=1).fit_transform(shares[order], right[order])
    points = np.linspace(0, len(order) - 1, min(len(order), 40)).astype(int)
    held = np.array([(fitted == fitted[at]).sum() for at in points])
    careful = fitted[points] * held / (held + 2)
    # No votes, no confidence: below the smallest share seen the line goes down to zero.
    line = np.maximum.accumulate(np.concatenate([[0], careful]))
    seen = np.concatenate([[0], shares[order][points]])
    return Curve(seen.astype(np.float32), line.astype(np.float32))
