"""One order out of three lists: words found (BM25), meaning (cosine), codes (affinity); among
leads that answer alike, the fresher ones first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Weights:
    """What each list counts; 0 leaves a list out. codes: for leads whose codes are given; others
    have meaning count in its place, and for less, since nothing sure speaks for them."""

    words: float = 0.10
    meaning: float = 0.25
    codes: float = 0.65


# BM25 of a query whose words are all rare and all found in official labels is some fifteen times
# the number of its words: half of that is already much to say.
MUCH = 7.0


def heard(bm25: Scores, words: int) -> Scores:
    """BM25 brought to 0–1 by what the words could have said, not by the best of the answer.

    Divided by the best answer, a list of noise (no French word in a Polish text) would weigh as
    much as a list that found all the words: it is what makes plain fusions worse than one list.
    """
    return np.asarray(bm25 / (bm25 + MUCH * max(words, 1)))


def nearness(cosines: Scores, affinities: Scores, by: Weights) -> Scores:
    """How near leads lie without their words, 0–1. Negative cosines are noise."""
    close = np.maximum(cosines, 0)
    given = affinities > 0
    alone = by.meaning + INSTEAD * by.codes if by.meaning else 0.0
    both = np.where(given, by.meaning * close + by.codes * affinities, alone * close)
    return np.asarray(both / max(by.meaning + by.codes, 1e-9))


# What a cosine counts, against an affinity, for a lead without codes: cosines are the higher of
# the two by a third, and less sure.
INSTEAD = 0.7


def fuse(bm25: Scores, near: Scores, words: int, by: Weights) -> Scores:
    """Score of each candidate, given what its words and its nearness say (0 for a list that did
    not bring it). words: of the query.

    A sum of ranks (RRF) would let a list with nothing to say drag the others down.
    """
    return np.asarray(by.words * heard(bm25, words) + (by.meaning + by.codes) * near)


# What freshness adds to a score at most, and the days after which it adds nothing: enough to put
# today's lead before last month's when both answer alike, too little to put it before a better one.
FRESH, FRESH_DAYS = 0.05, 30
# A deadline nearer than this leaves no time to answer.
TOO_LATE_DAYS, DAY = 3, 86_400

Moments = NDArray[np.int64]


def freshness(published: Moments, deadline: Moments, expires: Moments, now: int) -> Scores:
    """What part of its score each lead gains by being fresh: ``FRESH`` on the day of publication,
    less each day, nothing once it cannot be answered in time. Seconds since 1970, 0 when unknown.
    """
    days = (now - published) // DAY
    young = np.clip(1 - days / FRESH_DAYS, 0, 1)
    in_time = (deadline == 0) | (deadline >= now + TOO_LATE_DAYS * DAY)
    return np.where(in_time & (expires > now), FRESH * young, 0.0)
