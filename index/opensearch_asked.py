"""A query made ready for OpenSearch: the requests that find it, and what the words of the index
are that it was read with."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError

from index import opensearch_query as native
from index.fields import COMMON, FEW, WORD_FIELDS
from index.nearby import NEAREST
from index.opensearch_near import COSINE, NEARNESS, SCORE, scored
from index.opensearch_query import Native
from index.query import FACETS, MAX_RANKED, FacetName, Query, Understood
from index.sense import Sought
from index.syntax import Syntax

# Seconds for which it is taken for granted how many leads hold a word.
_REMEMBERED = 60.0
_MOST_REMEMBERED = 20_000

# Puts those near before all the others in the first pass, whose best are then scored.
_AHEAD = 10_000.0


@dataclass(slots=True)
class Vocabulary:
    """How many leads hold a stem, asked of the cluster and remembered for a minute. held: leads in
    all, None when there is no index. A stem held in texts alone has 0, one that nobody holds None.
    """

    client: OpenSearch
    index: str
    clock: Callable[[], float] = time.monotonic
    held: int | None = None
    _holders: dict[str, int | None] = field(default_factory=dict)
    _until: float = -1.0

    def forget(self) -> None:
        """What was written just now counts."""
        self._until = -1.0

    def learn(self, stems: Iterable[str]) -> None:
        """Ask for all of these at once, and for the number of leads."""
        now = self.clock()
        if now >= self._until or len(self._holders) > _MOST_REMEMBERED:
            self._holders, self._until, self.held = {}, now + _REMEMBERED, None
        # A word that nobody held may have come since.
        asked = [one for one in dict.fromkeys(stems) if self._holders.get(one) is None]
        if asked or self.held is None:
            self._ask(asked)

    def _of(self, stem: str) -> int | None:
        if stem not in self._holders:
            self.learn([stem])
        return self._holders.get(stem)

    def known(self, stem: str) -> bool:
        """Whether any lead holds it."""
        return self._of(stem) is not None

    def common(self, stem: str) -> bool:
        """Whether so many hold it, in title or labels, that it tells nothing."""
        held = self.held or 0
        return held >= FEW and (self._of(stem) or 0) > COMMON * held

    def _ask(self, stems: Sequence[str]) -> None:
        fields = {"labels": ["labels"], "title": ["title"], "any": list(WORD_FIELDS)}
        counted = {
            f"{name} {place}": native.any_of({"term": {one: stem}} for one in names)
            for place, stem in enumerate(stems)
            for name, names in fields.items()
        }
        body: dict[str, Any] = {"size": 0, "track_total_hits": True}
        if counted:
            body["aggs"] = {"holders": {"filters": {"filters": counted}}}
        try:
            told = self.client.search(index=self.index, body=body)
        except NotFoundError:
            self.held = None
            return
        self.held = int(told["hits"]["total"]["value"])
        found = told["aggregations"]["holders"]["buckets"] if counted else {}
        for place, stem in enumerate(stems):
            some, *telling = (
                int(found[f"{name} {place}"]["doc_count"]) for name in ("any", "labels", "title")
            )
            self._holders[stem] = max(telling) if some else None


@dataclass(frozen=True, slots=True)
class Asked:
    """A query's text made ready. near: ids of the leads that lie near, nearest first. told: what
    the scripts need of it."""

    query: Query
    now: datetime
    understood: Understood
    words: Native | None
    near: tuple[str, ...]
    told: dict[str, Any]
    sought: Sought | None = None

    @property
    def syntax(self) -> Syntax:
        """What to search."""
        return self.understood.syntax

    @property
    def ranked(self) -> bool:
        """Whether answers come in order of relevance."""
        return self.words is not None and self.query.sort == "relevance"

    @property
    def by_meaning(self) -> bool:
        """A sheet brings what lies near; its words bring leads only where nothing does."""
        return self.syntax.sheet and len(self.near) > 0

    def _near(self) -> Native:
        return {"ids": {"values": list(self.near)}}

    def _by_words(self) -> Native | None:
        """What words bring, or speak for; named, so that hits tell whether they did."""
        if self.words is None or not self.told["words"]:
            return None
        said = native.any_word(self.syntax) if self.by_meaning else self.words
        return {"bool": {"must": [said], "_name": "words"}}

    def _ways(self) -> list[Native]:
        ahead = native.constant(self._near(), _AHEAD)
        if self.by_meaning or self.words is None:
            return [ahead]
        return [ahead, self.words]

    def native(self, without: FacetName | None = None) -> Native:
        """Everything that must hold, all but one facet's filter."""
        parts: dict[str, Any] = {"filter": native.filters(self.query, self.now, without)}
        if excluded := native.excluded(self.syntax):
            parts["must_not"] = excluded
        if self.words is not None:
            parts |= {"should": self._ways(), "minimum_should_match": 1}
        return {"bool": parts}

    def hits(self) -> dict[str, Any]:
        """The request for a page, with the facets that have every filter."""
        query = self.query
        body: dict[str, Any] = {
            "query": self.native(),
            "from": query.offset,
            "size": max(0, min(query.limit, MAX_RANKED - query.offset))
            if self.ranked
            else query.limit,
            "_source": ["lead"],
            "track_total_hits": True,
        }
        if shared := [name for name in FACETS if name not in self.apart()]:
            body["aggs"] = native.aggregation(shared, self.now)
        if not body["size"]:
            return body | {"from": 0}
        return body | (self._by_relevance() if self.ranked else self._by_date())

    def _size(self) -> int:
        query = self.query
        return max(0, min(query.limit, MAX_RANKED - query.offset)) if self.ranked else query.limit

    def _by_relevance(self) -> dict[str, Any]:
        words = [one for one in [self._by_words()] if one]
        # Any document, under what the words say of it.
        heard: Native = {"bool": {"filter": [{"match_all": {}}], "should": words}}
        second = {
            "rescore_query": scored(heard, SCORE, self.told),
            "query_weight": 0,
            "rescore_query_weight": 1,
        }
        window = MAX_RANKED + NEAREST
        return {"rescore": {"window_size": window, "query": second}, "script_fields": self._told()}

    def _told(self) -> dict[str, Any]:
        """What hits tell of themselves beside their lead."""
        sources = {"cosine": COSINE, "near": NEARNESS}
        return {
            name: {"script": {"source": source, "params": self.told}}
            for name, source in sources.items()
        }

    def _by_date(self) -> dict[str, Any]:
        if self.query.sort == "deadline":
            return {"sort": native.by_deadline(self.now)}
        return {"sort": native.BY_PUBLICATION}

    def apart(self) -> list[FacetName]:
        """Facets counted without a filter that the others have: their own, and for stages what is
        over too."""
        query = self.query
        stages = () if query.include_expired else ("stage",)
        return [name for name in FACETS if getattr(query, name) or name in stages]

    def counts(self, name: FacetName) -> dict[str, Any]:
        """The request for one of these."""
        return {
            "query": self.native(without=name),
            "size": 0,
            "track_total_hits": False,
            "aggs": native.aggregation([name], self.now),
        }
