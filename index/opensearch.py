"""The OpenSearch engine: the same search on a cluster.

Two requests answer a query. The first finds which leads lie near it whatever the facets chosen
(ADR 4); the second, those that its words bring as well, in their order and with their facets.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np
from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError

from index import opensearch_query as native
from index.analysis import stems
from index.explain import reasons
from index.fields import numbers
from index.lead import Lead
from index.nearby import NEAR, NEAREST, SURELY, THIRD
from index.opensearch_asked import Asked, Vocabulary
from index.opensearch_client import each, lines, speaking
from index.opensearch_near import (
    COMPARED,
    COSINE,
    NEARNESS,
    candidates,
    neighbours,
    params,
    scored,
)
from index.opensearch_query import Native
from index.opensearch_schema import VERSION, Layout
from index.opensearch_walk import walk
from index.opensearch_writer import Writer
from index.query import FACETS, FacetCount, Hit, Query, Reasons, Results
from index.ranking import Weights, freshness
from index.sense import ALIKE, Sense, Sought
from index.syntax import MAX_WORDS
from index.understanding import meant, scoped

EVERYTHING: Native = {"match_all": {}}


class OpenSearchEngine:
    """``index.engine.SearchEngine`` on a cluster. Safe to share between threads. Raises EngineAway
    when the cluster does not answer."""

    def __init__(
        self,
        client: OpenSearch,
        sense: Sense,
        weights: Weights | None = None,
        layout: Layout | None = None,
    ) -> None:
        self.client = client
        self.sense = sense
        self.weights = weights or Weights()
        self.layout = layout or Layout()
        self.writer = Writer(client, sense, self.layout, f"v{VERSION}-{sense.name}")
        self.index = self.writer.generations.alias
        self._vocabulary = Vocabulary(client, self.index)

    # Writing

    def put(self, leads: Sequence[Lead], after: int = 0) -> int:
        """See ``SearchEngine.put``."""
        with speaking():
            written = self.writer.put(leads, after)
        self._vocabulary.forget()
        return written

    def replace(self, batches: Iterable[Sequence[Lead]]) -> int:
        """See ``SearchEngine.replace``. Raises IndexBusy while another rebuilds."""
        with speaking():
            written = self.writer.replace(batches)
        self._vocabulary.forget()
        return written

    # Reading

    def sequence(self) -> int:
        """See ``SearchEngine.sequence``."""
        with speaking():
            generation = self.writer.generations.current()
            return self.writer.generations.mark(generation) if generation else 0

    def count(self) -> int:
        """See ``SearchEngine.count``."""
        with speaking():
            try:
                return int(self.client.count(index=self.index)["count"])
            except NotFoundError:
                return 0

    def search(self, query: Query, now: datetime) -> Results:
        """See ``SearchEngine.search``."""
        # Facets may be remembered by the cluster: hits and facets see the same minute.
        now = now.replace(second=0, microsecond=0)
        with speaking():
            try:
                return self._answer(self._ask(query, now))
            except NotFoundError:
                understood, _ = meant(self.sense, query, lambda stem: False)
                return Results(0, facets=dict.fromkeys(FACETS, ()), understood=understood)

    def similar(self, identifier: str, limit: int, now: datetime) -> tuple[Hit, ...]:
        """See ``SearchEngine.similar``."""
        with speaking():
            try:
                found = self.client.get_source(index=self.index, id=identifier)
            except NotFoundError:
                return ()
            vector = self.sense.of_leads([_lead(found)])[0]
            return self._alike(vector, limit + 1, now, identifier)[:limit] if vector.any() else ()

    def export(self, query: Query, now: datetime) -> Iterator[Lead]:
        """See ``SearchEngine.export``."""
        now = now.replace(second=0, microsecond=0)
        with speaking():
            asked = self._ask(query, now)
        yield from map(_lead, walk(self.client, self.index, asked.native(), native.BY_PUBLICATION))

    def held(self) -> Iterator[Lead]:
        """See ``SearchEngine.held``."""
        order = [{"sequence": "asc"}]
        yield from map(_lead, walk(self.client, self.index, EVERYTHING, order))

    def _alike(self, vector: Any, most: int, now: datetime, but: str) -> tuple[Hit, ...]:
        scope = native.within_reach(Query(), now)
        among: Native = {"bool": {"filter": scope}}
        if self._held() > COMPARED:
            among = neighbours(vector, scope, max(most, NEAREST))
        told = params(Sought(vector, np.zeros(0, np.float32)), self.weights, 1, 0)
        body = {
            "query": scored(among, COSINE, told, ALIKE),
            "size": most,
            "_source": ["lead"],
            "sort": ["_score", {"sequence": "asc"}],
        }
        hits = self.client.search(index=self.index, body=body)["hits"]["hits"]
        return tuple(
            Hit(_lead(one["_source"]), close, Reasons(similarity=close))
            for one in hits
            for close in [float(one["_score"])]
            if one["_id"] != but
        )

    def _held(self, words: Iterable[str] = ()) -> int:
        self._vocabulary.learn(words)
        return self._vocabulary.held or 0

    def _ask(self, query: Query, now: datetime) -> Asked:
        vocabulary = self._vocabulary
        if query.text:
            # All at once, what the reading of the text will ask word by word.
            vocabulary.learn(islice(stems(query.text), MAX_WORDS))
        understood, sought = meant(self.sense, query, vocabulary.known)
        query = scoped(query, understood)
        syntax = understood.syntax
        said = max((len(clause.words) for clause in syntax.clauses), default=1)
        told = params(sought, self.weights, said, int(now.timestamp()))
        near = () if sought is None else self._near(query, now, sought, told)
        words = native.words(syntax, vocabulary.common)
        return Asked(query, now, understood, words, near, told, sought)

    def _near(
        self, query: Query, now: datetime, sought: Sought, told: dict[str, Any]
    ) -> tuple[str, ...]:
        """Ids of the leads near a query, nearest first: as ``index.nearby.look`` has them."""
        scope = native.within_reach(query, now)
        reach = {"all": {"global": {}, "aggs": {"in": {"filter": {"bool": {"filter": scope}}}}}}
        body = {
            "query": scored(candidates(sought, scope, self._held()), NEARNESS, told, NEAR),
            "size": NEAREST,
            "_source": False,
            "track_total_hits": False,
            "sort": ["_score", {"sequence": "asc"}],
            "aggs": reach,
        }
        [found] = self._search([body])
        hits = found["hits"]["hits"]
        surely = sum(one["_score"] >= SURELY for one in hits)
        within = int(found["aggregations"]["all"]["in"]["doc_count"])
        most = min(NEAREST, max(surely, within // THIRD))
        return tuple(one["_id"] for one in hits[:most])

    def _search(self, bodies: Sequence[dict[str, Any]], preference: str = "") -> list[Any]:
        """Several searches at once; all of the index answers, or none."""
        header: dict[str, Any] = {"allow_partial_search_results": False}
        if preference:
            header["preference"] = preference
        if self.layout.shards > 1:
            # A word weighs the same wherever its lead is.
            header["search_type"] = "dfs_query_then_fetch"
        asked = lines(part for body in bodies for part in (header, body))
        return list(each(self.client.msearch(body=asked, index=self.index)))

    def _answer(self, asked: Asked) -> Results:
        apart = asked.apart()
        bodies = [asked.hits(), *map(asked.counts, apart)]
        # Of two copies of a shard, the same one for all pages: leads that answer alike have no
        # order of their own.
        preference = hashlib.sha256(asked.query.text.encode("utf-8", "replace")).hexdigest()[:16]
        found, *others = self._search(bodies, preference)
        counted = found.get("aggregations", {})
        for name, one in zip(apart, others, strict=True):
            counted[name] = one["aggregations"][name]
        facets: dict[str, tuple[FacetCount, ...]] = {
            name: _counts(counted[name]["buckets"]) for name in FACETS
        }
        total = int(found["hits"]["total"]["value"])
        return Results(total, self._hits(asked, found["hits"]["hits"]), facets, asked.understood)

    def _hits(self, asked: Asked, found: Sequence[Any]) -> tuple[Hit, ...]:
        if not asked.ranked:
            leads = (_lead(one["_source"]) for one in found)
            return tuple(Hit(lead, 0.0, reasons(lead, asked.syntax)) for lead in leads)
        hits: list[Hit] = []
        for one in found:
            hits.append(_hit(asked, one, bool(hits and hits[-1].distant)))
        return tuple(hits)


def _hit(asked: Asked, found: Any, distant: bool) -> Hit:
    """distant: from the first distant one on, people may stop reading."""
    lead = _lead(found["_source"])
    cosine, near = (float(found["fields"][name][0]) for name in ("cosine", "near"))
    faint = "words" not in found.get("matched_queries", ()) and near < SURELY
    gain = _freshness(lead, asked.now)
    wanted = () if asked.sought is None else asked.sought.wanted
    similarity = cosine if cosine >= ALIKE else None
    why = reasons(lead, asked.syntax, similarity, np.asarray(wanted, np.float32), gain)
    return Hit(lead, float(found["_score"]), why, distant or faint)


def _freshness(lead: Lead, now: datetime) -> float:
    told = {name: np.array([moment], np.int64) for name, moment in numbers(lead).items()}
    return float(freshness(**told, now=int(now.timestamp()))[0])


def _counts(buckets: Sequence[dict[str, Any]]) -> tuple[FacetCount, ...]:
    return tuple(
        FacetCount(str(bucket["key"]), int(bucket["doc_count"]))
        for bucket in buckets
        if bucket["doc_count"]
    )


def _lead(source: dict[str, Any]) -> Lead:
    return Lead.model_validate_json(source["lead"])
