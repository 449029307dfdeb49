"""Signatures: short marks that two notices of one demand nearly always share, so that only those
that share one are compared. They propose; ``compare`` decides."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ingest.dedupe.profile import Profile, Wording

# Minimum hashes of the words, in bands of two. Of two notices that share 80 % of their words,
# 99.8 % share a band (1 - (1 - 0.8²)⁶); of two that share 30 %, 43 %.
_HASHES, _BAND = 12, 2
# Words that are hashed, title first: a text that was cut keeps them.
_WORDS = 60
# Amounts below are symbols ("1 €").
_SYMBOL = 1_000

_chance = np.random.default_rng(20_260_601)
_FACTORS = _chance.integers(1, 2**63, (_HASHES, 1), np.uint64) | np.uint64(1)
_ADDED = _chance.integers(0, 2**63, (_HASHES, 1), np.uint64)


def _hash(words: str) -> int:
    """64 bits, signed: what a BIGINT holds."""
    return int.from_bytes(hashlib.blake2b(words.encode(), digest_size=8).digest(), signed=True)


# Words come again and again; whole signatures do not.
_hashed = lru_cache(maxsize=50_000)(_hash)


def _bands(hashes: NDArray[np.uint64]) -> Iterator[str]:
    # Multiplication wraps; the high bits are the ones that are well mixed.
    mixed = (hashes * _FACTORS + _ADDED) >> np.uint64(16)
    least = mixed.min(axis=1).tolist()
    for at in range(0, _HASHES, _BAND):
        yield f"mots {at} " + " ".join(map(str, least[at : at + _BAND]))


def _words(wording: Wording) -> Iterator[str]:
    yield "titre " + " ".join(sorted(wording.title))
    # The words of the text have lost their order; the longest are the rarest.
    rare = sorted(sorted(wording.text), key=len, reverse=True)[:_WORDS]
    if hashed := sorted({*wording.title[:_WORDS], *rare}):
        yield from _bands(np.array([_hashed(word) for word in hashed], np.int64).view(np.uint64))


def _facts(one: Profile) -> Iterator[str]:
    day = one.deadline.date().isoformat() if one.deadline else ""
    issued = one.published.date().isoformat() if one.published else ""
    buyer = " ".join(sorted(one.buyer.names or one.buyer.words))
    amount = f"{one.amount:.0f} {one.currency}" if (one.amount or 0) >= _SYMBOL else ""
    code = one.codes[0] if one.codes else ""
    if day:
        yield from (f"acheteur {buyer} {day}" for _ in buyer[:1])
        yield from (f"montant {amount} {day}" for _ in amount[:1])
        yield from (f"code {code} {one.country} {day}" for _ in code[:1])
        return
    if issued and buyer:
        yield f"paru {buyer} {code} {issued}"
    if issued and amount:
        yield f"paru {amount} {one.country} {issued}"


def signatures(one: Profile) -> frozenset[int]:
    """The signatures of a notice, about ten a language."""
    told = [mark for wording in one.wordings for mark in _words(wording)]
    return frozenset(map(_hash, [*told, *_facts(one)]))
