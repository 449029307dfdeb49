"""Both engines give the same answers on real notices."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

import nodes
from index.embedded import EmbeddedEngine
from index.engine import SearchEngine
from index.lead import Lead
from index.opensearch import OpenSearchEngine
from index.opensearch_client import connect
from index.opensearch_schema import Layout
from index.query import Query, Results
from index.sense import Sense
from ingest.evaluation.real import RECEIVED

pytestmark = [pytest.mark.notices, pytest.mark.opensearch]

# Both compute in single precision, in another order: scores that differ by less are equal.
TOLERANCE = 0.001

Engines = tuple[SearchEngine, SearchEngine]


@pytest.fixture(scope="module")
def engines(
    tmp_path_factory: pytest.TempPathFactory, opensearch: str, sense: Sense, unseen: list[Lead]
) -> Iterator[Engines]:
    """The same real notices in both."""
    numbered = [one.model_copy(update={"sequence": number}) for number, one in enumerate(unseen, 1)]
    client = connect(opensearch, patience=nodes.PATIENCE)
    layout = Layout(prefix="accord", replicas=0)
    embedded = EmbeddedEngine(tmp_path_factory.mktemp("accord"), sense)
    cluster = OpenSearchEngine(client, sense, layout=layout)
    for engine in (embedded, cluster):
        assert engine.put(numbered) == len(numbered)
    yield embedded, cluster
    client.indices.delete(index=f"{layout.prefix}-*")
    client.close()


TEXTS = (
    "",
    "mobilier scolaire",
    "travaux de voirie",
    "vin",
    "pompes hydrauliques",
    "services de nettoyage",
    "logiciel de gestion",
    '"matériel médical"',
    "véhicules -ambulances",
    "fournitures OU papier",
    "45000000",
    "medicaments Pologne",
)
ASKED = [
    *(Query(text, include_expired=True) for text in TEXTS),
    Query("mobilier", include_expired=True, country=("DE", "PL"), value=("none",)),
    Query("travaux", include_expired=True, cpv=("45",), language=("de",)),
    Query("informatique", stage=("awarded", "open")),
    Query(include_expired=True, sort="deadline"),
    Query("transport", include_expired=True, sort="published"),
]


def _named(query: Query) -> str:
    return f"{query.text or 'tout'}-{query.sort}-{len(query.country)}{len(query.cpv)}"


def _facets(results: Results) -> dict[str, dict[str, int]]:
    return {
        name: {one.value: one.count for one in counts} for name, counts in results.facets.items()
    }


@pytest.mark.parametrize("query", ASKED, ids=_named)
def test_facets_and_totals_are_the_same(engines: Engines, query: Query) -> None:
    ours, theirs = (engine.search(query, RECEIVED) for engine in engines)
    assert theirs.total == ours.total
    assert _facets(theirs) == _facets(ours)
    assert theirs.understood == ours.understood


@pytest.mark.parametrize("query", ASKED, ids=_named)
def test_the_first_ten_are_the_same_but_for_those_that_answer_alike(
    engines: Engines, query: Query
) -> None:
    ours, theirs = (engine.search(replace(query, limit=20), RECEIVED).hits for engine in engines)
    scores = {hit.lead.id: hit.score for hit in ours}
    assert len(theirs) == len(ours)
    for one, other in zip(ours[:10], theirs[:10], strict=True):
        assert other.score == pytest.approx(one.score, abs=TOLERANCE)
        # Where they disagree on the lead, both scores are the same.
        assert scores.get(other.lead.id, one.score) == pytest.approx(one.score, abs=TOLERANCE)
