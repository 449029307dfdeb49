"""What OpenSearch computes for us: how near a lead lies, and the score that its words, its meaning,
its codes and its freshness make together. The arithmetic is that of ``ranking``."""

from typing import Any

import numpy as np

from index.opensearch_query import Native, any_of
from index.ranking import DAY, FRESH, FRESH_DAYS, INSTEAD, MUCH, TOO_LATE_DAYS, Weights
from index.sense import STEPS, Sought

# Up to so many leads every one of them is compared, as the embedded engine does. Beyond, the
# nearest by their vectors and those with one of the codes that answer: the graph gives the first,
# the second are few.
COMPARED, NEIGHBOURS = 10_000, 400
# From this on, a lead with this code may be among the nearest whatever its vector.
_ANSWERING = 0.3

_NEAR = """
double close(def doc, def params) {
  if (!params.meant || doc['vector'].size() == 0) { return 0; }
  return Math.max(0, innerProduct(params.vector, doc['vector']));
}
double affinity(def doc, def params) {
  String wanted = params.wanted;
  double best = 0;
  if (wanted.length() == 0) { return best; }
  for (long code : doc['given']) {
    best = Math.max(best, (code & 255L) / 255.0 * wanted.charAt((int) (code >> 8)) / params.steps);
  }
  return best;
}
double near(def doc, def params) {
  double close = close(doc, params);
  double codes = affinity(doc, params);
  double both = codes > 0
    ? params.meaning * close + params.codes * codes
    : params.alone * close;
  return both / params.whole;
}
"""

_SCORE = """
double fresh(def doc, def params) {
  long now = params.now, deadline = doc['deadline'].value;
  boolean inTime = deadline == 0 || deadline >= now + params.late;
  if (!inTime || doc['expires'].value <= now) { return 0; }
  double days = Math.floor((now - doc['published'].value) / params.day);
  return params.fresh * Math.max(0, Math.min(1, 1 - days / params.freshDays));
}
"""

COSINE = f"{_NEAR} return close(doc, params);"
NEARNESS = f"{_NEAR} return near(doc, params);"
SCORE = f"""{_NEAR}{_SCORE}
double heard = _score / (_score + params.much);
double answers = params.words * heard + params.whole * near(doc, params);
return answers * (1 + fresh(doc, params));
"""


def params(sought: Sought | None, by: Weights, said: int, now: int) -> dict[str, Any]:
    """What the scripts need of a query; ``said``: its words.

    How well each concept answers goes as one character a concept: a list of as many numbers takes
    three times as long to read.
    """
    vector = np.zeros(1, np.float32) if sought is None else sought.vector
    wanted = np.zeros(0, np.float32) if sought is None else sought.wanted
    return {
        "meant": bool(vector.any()),
        "vector": vector,
        "wanted": (wanted * STEPS).astype("<u2").tobytes().decode("utf-16-le"),
        "steps": float(STEPS),
        "words": by.words,
        "meaning": by.meaning,
        "codes": by.codes,
        "alone": by.meaning + INSTEAD * by.codes if by.meaning else 0.0,
        "whole": max(by.meaning + by.codes, 1e-9),
        "much": MUCH * max(said, 1),
        "now": now,
        "late": TOO_LATE_DAYS * DAY,
        "day": float(DAY),
        "fresh": FRESH,
        "freshDays": float(FRESH_DAYS),
    }


def scored(query: Native, source: str, told: dict[str, Any], least: float = 0.0) -> Native:
    """The query's documents under the score that a script gives; below ``least``, none."""
    asked = {"query": query, "script": {"source": source, "params": told}}
    return {"script_score": asked | ({"min_score": least} if least else {})}


def candidates(sought: Sought, scope: list[Native], held: int) -> Native:
    """The leads to compare with a query, of those in scope."""
    if held <= COMPARED:
        return {"bool": {"filter": scope}}
    ways: list[Native] = []
    if sought.vector.any():
        ways.append(neighbours(sought.vector, scope, NEIGHBOURS))
    if len(answering := np.flatnonzero(sought.wanted >= _ANSWERING)):
        ways.append({"terms": {"concept": answering.tolist()}})
    return any_of(ways, filter=scope)


def neighbours(vector: Any, scope: list[Native], most: int) -> Native:
    """The nearest by their vectors, of those in scope."""
    asked = {"vector": vector, "k": most, "filter": {"bool": {"filter": scope}}}
    return {"knn": {"vector": asked}}
