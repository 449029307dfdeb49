"""Relevance of the whole search on judged French queries over real foreign notices.

    python -m benchmarks.relevance ../shared/data

A lead gains 2 when a CPV code of its notice begins with an exact prefix of the query, 1 with a near
one. Measured with the leads' codes, and without them (codes and sectors taken out of the leads),
both in one run: the second is the reference that shows what official labels bring.
"""

import csv
import math
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.search import real_leads
from index.embedded import EmbeddedEngine
from index.lead import Lead
from index.light import LightEmbedder
from index.query import Query

DEPTH = 100


def judged(data: Path) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """(query, exact prefixes, near prefixes)."""
    with (data / "queries_dev.tsv").open(encoding="utf-8") as file:
        return [
            (row["query"], tuple(row["cpv_exact"].split()), tuple(row["cpv_near"].split()))
            for row in csv.DictReader(file, delimiter="\t")
        ]


def gain(codes: Sequence[str], exact: tuple[str, ...], near: tuple[str, ...]) -> int:
    """2, 1 or 0."""
    if any(code.startswith(exact) for code in codes):
        return 2
    return int(any(code.startswith(near) for code in codes)) if near else 0


def ndcg(found: Sequence[int], ideal: Sequence[int], depth: int = 10) -> float:
    """Discounted gain of the first answers, as a share of the best possible order."""

    def discounted(gains: Sequence[int]) -> float:
        return sum(one / math.log2(place + 2) for place, one in enumerate(gains[:depth]))

    return discounted(found) / discounted(sorted(ideal, reverse=True))


def evaluate(data: Path, leads: Sequence[Lead], codes: dict[str, tuple[str, ...]]) -> str:
    """Means over the queries that have a relevant lead; ``codes``: lead → its CPV codes."""
    with TemporaryDirectory() as place:
        engine = EmbeddedEngine(Path(place), LightEmbedder.load())
        engine.put(leads)
        scores, recalls, totals = [], [], []
        for text, exact, near in judged(data):
            ideal = [gain(codes[lead.id], exact, near) for lead in leads]
            if not any(ideal):
                continue
            query = Query(text, include_expired=True, limit=DEPTH)
            results = engine.search(query, datetime.now(UTC))
            found = [gain(codes[hit.lead.id], exact, near) for hit in results.hits]
            scores.append(ndcg(found, ideal))
            relevant = sum(one == 2 for one in ideal)
            recalls.append(sum(one == 2 for one in found) / min(relevant, DEPTH) if relevant else 1)
            totals.append(results.total)
    size = len(scores)
    return (
        f"nDCG@10 {sum(scores) / size:.3f}, recall@100 {sum(recalls) / size:.3f}, "
        f"answers per query {sum(totals) / size:.0f} ({size} queries, {len(leads)} leads)"
    )


def main(data: Path) -> None:
    """Print both figures."""
    with TemporaryDirectory() as place:
        leads = [
            lead
            for lead in real_leads(data, Path(place))
            if lead.source == "ted" and lead.codes_of("CPV")
        ]
    codes = {lead.id: lead.codes_of("CPV") for lead in leads}
    bare = [lead.model_copy(update={"codes": (), "sectors": ()}) for lead in leads]
    print("with codes:   ", evaluate(data, leads, codes))
    print("without codes:", evaluate(data, bare, codes))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
