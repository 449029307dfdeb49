"""The coder on disk: ``coder.npz`` beside the embedding, vectors rounded to eight bits."""

import io
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.coding import Coded, Coder, Curve, Layer, Learned, Mixture, Names
from index.concepts import concepts
from index.embedding import Rounded, Vectors, unit
from index.trade import TradeEmbedder

FILE = "coder.npz"
_SCHEMES: tuple[Coded, ...] = ("CPV", "HS")


def _rounded(vectors: Vectors) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    scale = np.abs(vectors).max(axis=1, keepdims=True) / 127
    whole = np.round(vectors / np.maximum(scale, 1e-12)).astype(np.int8)
    return whole, scale.ravel().astype(np.float16)


def write(coder: Coder, folder: Path) -> None:
    """Write what the coder adds to its embedding."""
    parts: dict[str, Any] = {"concepts": len(concepts().names)}
    parts["labels"], _ = _rounded(coder.labels[:])
    for scheme in _SCHEMES:
        known, mixture = coder.learned[scheme], coder.mixtures[scheme]
        parts[f"{scheme}.texts"], _ = _rounded(known.vectors)
        parts[f"{scheme}.codes"] = known.codes.astype(np.int16)
        parts[f"{scheme}.mixture"] = np.array(
            [mixture.cosine, mixture.words, mixture.sharp, mixture.learned, mixture.layer]
        )
        if layer := coder.layers.get(scheme):
            parts[f"{scheme}.layer"], parts[f"{scheme}.scale"] = _rounded(layer.weights)
            parts[f"{scheme}.bias"] = layer.bias.astype(np.float16)
            parts[f"{scheme}.of"] = np.array(layer.codes)
        for digits, curve in coder.curves[scheme].items():
            line = np.stack([curve.shares, curve.right]).astype(np.float32)
            parts[f"{scheme}.curve.{digits}"] = line
    np.savez_compressed(folder / FILE, **parts)


@lru_cache(maxsize=2)
def read(folder: Path) -> Coder:
    """The coder of a folder. Raises ModelError, and whatever damaged files lead to."""
    embedder = TradeEmbedder.load(folder)
    with np.load(io.BytesIO((folder / FILE).read_bytes()), allow_pickle=False) as parts:
        if int(parts["concepts"]) != len(concepts().names):
            raise ValueError("les tables de codes ont changé depuis l'apprentissage")
        labels = Rounded(parts["labels"])
        return Coder(
            embedder,
            labels,
            Names(embedder, labels),
            {scheme: _learned(parts, scheme) for scheme in _SCHEMES},
            {scheme: _layer(parts, scheme) for scheme in _SCHEMES if f"{scheme}.of" in parts},
            {scheme: Mixture(*map(float, parts[f"{scheme}.mixture"])) for scheme in _SCHEMES},
            {scheme: _curves(parts, scheme) for scheme in _SCHEMES},
        )


def _curves(parts: Any, scheme: Coded) -> dict[int, Curve]:
    start = f"{scheme}.curve."
    names = [name for name in parts.files if name.startswith(start)]
    return {int(name.removeprefix(start)): Curve(*parts[name]) for name in names}


def _learned(parts: Any, scheme: Coded) -> Learned:
    vectors = unit(parts[f"{scheme}.texts"].astype(np.float32))
    return Learned(vectors, parts[f"{scheme}.codes"].astype(np.int32))


def _layer(parts: Any, scheme: Coded) -> Layer:
    codes = tuple(map(str, parts[f"{scheme}.of"]))
    scale = parts[f"{scheme}.scale"].astype(np.float32)[:, None]
    weights = parts[f"{scheme}.layer"].astype(np.float32) * scale
    return Layer(len(codes[0]), codes, weights, parts[f"{scheme}.bias"].astype(np.float32))
