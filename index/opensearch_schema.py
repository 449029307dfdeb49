"""The fields of an OpenSearch index, and the document that a lead becomes in it.

Words come analysed: our stems, one space between two, so that both engines find the same. Vectors
and words are searched, never read back: the document keeps the lead alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from index import analysis
from index.embedding import Vectors
from index.fields import EXACT_FIELDS, WORD_FIELDS, euros, exact, numbers, words
from index.lead import Lead
from index.rows import described

# Raise it whenever a field or its analysis changes: the index is then rebuilt under a new name.
VERSION = 1

# Stands where a function word was, so that phrases know of it, or where there is no word at all:
# a field that some documents lack would weigh its words otherwise than ours. Never indexed.
GAP = "_"
# Indexed, where a field is empty.
EMPTY = "∅"


@dataclass(frozen=True, slots=True)
class Layout:
    """How the cluster holds an index. prefix: what the names of our indices begin with."""

    prefix: str = "debouches"
    shards: int = 1
    replicas: int = 1


def _keyword(searched: bool = True) -> dict[str, Any]:
    return {"type": "keyword"} | ({} if searched else {"index": False, "doc_values": False})


def _fields(dimensions: int) -> dict[str, Any]:
    whole = {"type": "long"}
    found: dict[str, Any] = {name: {"type": "text", "analyzer": "stems"} for name in WORD_FIELDS}
    found |= {name: _keyword() for name in EXACT_FIELDS}
    found |= {name: {"type": "boolean"} for name in ("visible", "domestic")}
    found |= dict.fromkeys(("deadline", "expires", "published", "sequence"), whole)
    method = {"name": "hnsw", "engine": "lucene", "space_type": "innerproduct"}
    vector = {"type": "knn_vector", "dimension": dimensions, "method": method}
    return found | {
        "value": {"type": "double"},
        # Codes given to the lead: position in ``concepts`` × 256 + how sure, in 255ths.
        "given": whole,
        # Their positions alone.
        "concept": whole,
        "vector": vector,
        # As the record has it, sign for sign.
        "lead": _keyword(searched=False),
    }


def body(dimensions: int, layout: Layout) -> dict[str, Any]:
    """Settings and mapping of a new index."""
    gap = {"type": "stop", "stopwords": [GAP]}
    stems = {"type": "custom", "tokenizer": "whitespace", "filter": ["gap"]}
    return {
        "settings": {
            "number_of_shards": layout.shards,
            "number_of_replicas": layout.replicas,
            "index.knn": True,
            "analysis": {"filter": {"gap": gap}, "analyzer": {"stems": stems}},
        },
        "mappings": {
            "dynamic": "strict",
            "_source": {"includes": ["lead", "sequence"]},
            "properties": _fields(dimensions),
        },
    }


def stemmed(prepared: str) -> str:
    """Text ready for the analyser, as stems with their gaps."""
    return " ".join([analysis.stem(word) or GAP for word in prepared.split()])


def _words(lead: Lead) -> dict[str, str]:
    told = ((name, stemmed(text)) for name, text in words(lead).items())
    return {name: text if text.strip(f"{GAP} ") else EMPTY for name, text in told}


def _values(lead: Lead) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in exact(lead):
        found.setdefault(name, []).append(value)
    return found


def documents(leads: Sequence[Lead], vectors: Vectors) -> list[dict[str, Any]]:
    """One document a lead; a lead of which nothing is known has no vector."""
    made = []
    for lead, vector, row in zip(leads, vectors, described(leads), strict=True):
        given = row["weights"] > 0
        places = row["codes"][given].astype(np.int64)
        sure = row["weights"][given].astype(np.int64)
        document: dict[str, Any] = {
            **_words(lead),
            **_values(lead),
            **numbers(lead),
            "value": euros(lead),
            "visible": lead.status == "published",
            "domestic": lead.domestic,
            "sequence": lead.sequence,
            "given": (places * 256 + sure).tolist(),
            "concept": places.tolist(),
            "lead": lead.model_dump_json(),
        }
        made.append(document | ({"vector": vector} if vector.any() else {}))
    return made
