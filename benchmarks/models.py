"""Reading texts, classifying leads and understanding queries with the packaged model.

    python -m benchmarks.models ../shared/data [--rounds 5]

One process. References of the same run: the same texts cut into pieces of words, nothing else done,
for the embedding; the same leads embedded, for the classification; the query's words embedded, for
its understanding.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tokenizers import Tokenizer

from index.coding import Coder
from index.sense import Sense
from index.trade import PACKAGED
from index.wording import embedded_text
from ingest.classify import classify
from ingest.evaluation import corpus


def seconds(work: Callable[[], object], rounds: int) -> float:
    """Median of some rounds, after one that warms up."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)


def cores() -> str:
    """Cores that this process may use, and threads that its linear algebra was told to use."""
    told = os.environ.get("OMP_NUM_THREADS", "as many as there are")
    return f"{len(os.sched_getaffinity(0))} cores allowed, threads of linear algebra: {told}"


def told(name: str, count: int, took: float, reference: str, other: float) -> None:
    """Print a rate beside its reference."""
    print(
        f"{name}: {count / took:,.0f}/s; {reference}: {count / other:,.0f}/s, "
        f"ratio {took / other:.1f} ({count} texts)"
    )


def main() -> None:
    """Measure the three, each beside its reference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    start = time.perf_counter()
    coder = Coder.load()
    coder.names.vectors, coder.names.by_words  # noqa: B018 read at first need
    print(f"loading: {time.perf_counter() - start:.1f} s; {cores()}")
    leads = [corpus.bare(lead) for lead in corpus.leads(given.data, "test", coder)]
    texts = [embedded_text(lead) for lead in leads]
    pieces = Tokenizer.from_file(str(PACKAGED / "tokenizer.json"))
    cut = seconds(lambda: pieces.encode_batch(texts, add_special_tokens=False), given.rounds)
    embedded = seconds(lambda: coder.embedder.embed(texts), given.rounds)
    told("embedding of notices", len(texts), embedded, "tokenising alone", cut)
    classified = seconds(lambda: classify(leads, coder), given.rounds)
    told("classification of leads", len(leads), classified, "embedding alone", embedded)
    sense, queries = Sense(coder.embedder, coder), [one.text for one in corpus.judged(given.data)]
    understood = seconds(lambda: [sense.of_query(text) for text in queries], given.rounds)
    bare = seconds(lambda: [coder.embedder.embed_queries([text]) for text in queries], given.rounds)
    print(
        f"understanding of a query: {1_000 * understood / len(queries):.2f} ms; its words embedded "
        f"alone: {1_000 * bare / len(queries):.2f} ms ({len(queries)} queries)"
    )


if __name__ == "__main__":
    main()
