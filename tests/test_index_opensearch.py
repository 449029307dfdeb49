"""What is OpenSearch's alone: generations on a cluster, refused documents, a cluster away."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from conftest import LeadFactory
from opensearchpy.exceptions import TransportError

import nodes
from index.engine import EngineAway
from index.generation import IndexBusy
from index.lead import Lead
from index.opensearch import OpenSearchEngine
from index.opensearch_bulk import Bulk, Document
from index.opensearch_client import connect
from index.opensearch_generations import Generations
from index.query import Query
from index.sense import Sense

pytestmark = pytest.mark.opensearch


def generations(engine: OpenSearchEngine) -> list[str]:
    return sorted(engine.client.indices.get(index=f"{engine.index}-g*"))


def test_the_generation_before_is_kept_and_older_ones_go(
    cluster_engine: OpenSearchEngine, lead: LeadFactory
) -> None:
    for _ in range(3):
        cluster_engine.replace([[lead()]])
    assert [name[-1] for name in generations(cluster_engine)] == ["2", "3"]
    assert cluster_engine.count() == 1


def test_of_two_rebuilds_at_once_one_wins(
    cluster_engine: OpenSearchEngine,
    another: Callable[[], OpenSearchEngine],
    lead: LeadFactory,
    now: datetime,
) -> None:
    other = OpenSearchEngine(
        cluster_engine.client, cluster_engine.sense, layout=cluster_engine.layout
    )

    def batches() -> Iterator[Sequence[Lead]]:
        yield [lead("first")]
        with pytest.raises(IndexBusy):
            other.replace([[lead("second")]])
        yield [lead("first too")]

    assert cluster_engine.replace(batches()) == 2
    assert cluster_engine.search(Query(), now).total == 2
    assert len(generations(cluster_engine)) == 1


def test_a_rebuild_that_died_does_not_keep_others_out(
    cluster_engine: OpenSearchEngine, lead: LeadFactory
) -> None:
    times = iter([0.0, 1.0])
    client, layout = cluster_engine.client, cluster_engine.layout
    kind = cluster_engine.index.removeprefix(f"{layout.prefix}-")
    dead = Generations(client, layout.prefix, kind, clock=lambda: next(times))
    # Never left: as a process that was killed.
    dead.rebuilding().__enter__()
    assert cluster_engine.replace([[lead()]]) == 1


def test_a_rebuild_that_fails_leaves_the_index_as_it_was(
    cluster_engine: OpenSearchEngine, lead: LeadFactory, now: datetime
) -> None:
    cluster_engine.put([lead("before")])

    def batches() -> Iterator[Sequence[Lead]]:
        yield [lead("after")]
        raise OSError("the record is away")

    with pytest.raises(OSError, match="away"):
        cluster_engine.replace(batches())
    assert [hit.lead.title for hit in cluster_engine.search(Query(), now).hits] == ["before"]
    assert len(generations(cluster_engine)) == 1
    assert cluster_engine.replace([[lead("again")]]) == 1


def test_searches_during_a_rebuild_never_see_half_of_it(
    cluster_engine: OpenSearchEngine, lead: LeadFactory, now: datetime
) -> None:
    cluster_engine.put([lead(f"vin {n}") for n in range(3)])
    seen = []

    def batches() -> Iterator[Sequence[Lead]]:
        for _ in range(4):
            yield [lead("vin")]
            seen.append(cluster_engine.search(Query("vin"), now).total)

    cluster_engine.replace(batches())
    assert seen == [3] * 4
    assert cluster_engine.search(Query("vin"), now).total == 4


def test_a_refused_document_is_set_aside_and_stops_no_other(
    cluster_engine: OpenSearchEngine, lead: LeadFactory
) -> None:
    # Longer than any term that Lucene takes.
    bad = lead("bad", source="x" * 40_000)
    assert cluster_engine.put([lead(), bad, lead()]) == 2
    assert cluster_engine.count() == 2
    assert cluster_engine.sequence() == 3
    client, prefix = cluster_engine.client, cluster_engine.layout.prefix
    client.indices.refresh(index=f"{prefix}-ecartes")
    [aside] = client.search(index=f"{prefix}-ecartes")["hits"]["hits"]
    assert Lead.model_validate_json(aside["_source"]["lead"]) == bad
    assert "immense term" in aside["_source"]["reason"]


class Busy:
    """A cluster that has no time for some documents, then for the whole request, then has."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def bulk(self, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        size = body.count(b"\n") // 2
        self.asked.append(size)
        if len(self.asked) == 2:
            raise TransportError(429, "too many requests")
        late = {0, 1} if len(self.asked) == 1 else set()
        return {"items": [{"index": {"status": 429 if n in late else 201}} for n in range(size)]}


def test_what_the_cluster_had_no_time_for_is_sent_again_after_longer_and_longer_pauses() -> None:
    cluster: Any = Busy()
    pauses: list[float] = []
    bulk = Bulk(cluster, sleep=pauses.append, chance=lambda: 0.5)
    done = bulk.write("any", (Document(str(n), 1, {}) for n in range(5)))
    assert (done.written, done.refused) == (5, [])
    assert cluster.asked == [5, 2, 2]
    assert pauses == [0.2, 0.4]


def test_a_writer_does_not_insist_for_ever(cluster_engine: OpenSearchEngine) -> None:
    class Full:
        def bulk(self, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
            raise TransportError(503, "away")

    cluster: Any = Full()
    with pytest.raises(EngineAway):
        Bulk(cluster, sleep=lambda seconds: None).write("any", [Document("1", 1, {})])


def test_an_export_goes_beyond_what_is_ranked_and_sees_one_moment(
    cluster_engine: OpenSearchEngine, lead: LeadFactory, now: datetime
) -> None:
    leads = [lead("vin", published=now - timedelta(minutes=n)) for n in range(1_050)]
    cluster_engine.put(leads)
    export = cluster_engine.export(Query("vin"), now)
    first = next(export)
    cluster_engine.put([lead("vin")])
    rest = list(export)
    assert [one.id for one in (first, *rest)] == [one.id for one in leads]


def test_a_cluster_that_is_away_is_said_so(sense: Sense, lead: LeadFactory, now: datetime) -> None:
    client = connect(f"http://127.0.0.1:{nodes.free_port()}")
    engine = OpenSearchEngine(client, sense)
    for ask in (
        lambda: engine.search(Query("vin"), now),
        lambda: engine.put([lead()]),
        engine.sequence,
        lambda: list(engine.held()),
    ):
        with pytest.raises(EngineAway, match="ne répond pas"):
            ask()
