"""A query made ready for the embedded index, and what of the index one search sees."""

from dataclasses import dataclass
from datetime import datetime

import tantivy
from tantivy import Occur
from tantivy import Query as Native

from index import embedded_query
from index.embedded_schema import schema
from index.nearby import Nearby
from index.query import FacetName, Query, Understood
from index.syntax import Syntax
from index.vectors import VectorTable


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one search sees: it stays valid while a writer goes on."""

    mark: tuple[str, int]
    searcher: tantivy.Searcher
    vectors: VectorTable


@dataclass(frozen=True, slots=True)
class Asked:
    """A query's text made ready: what must match, and what lies near in meaning."""

    query: Query
    now: datetime
    understood: Understood
    words: Native | None
    nearby: Nearby

    @property
    def syntax(self) -> Syntax:
        """What to search."""
        return self.understood.syntax

    def matching(self) -> list[tuple[Occur, Native]]:
        """Words or meaning, minus exclusions; filters not included."""
        parts = [(Occur.MustNot, one) for one in embedded_query.excluded(self.syntax)]
        if self.words is not None:
            ways = [self.near()] if self.by_meaning else [self.words, self.near()]
            parts.append((Occur.Must, embedded_query.any_of(ways)))
        return parts

    @property
    def by_meaning(self) -> bool:
        """A sheet brings what lies near; its words bring leads only where nothing does."""
        return self.syntax.sheet and len(self.nearby.rows) > 0

    def by_words(self) -> Native | None:
        """The leads that words bring, or speak for."""
        if self.words is None or not self.by_meaning:
            return self.words
        near = Native.const_score_query(self.near(), 0.0)
        return embedded_query.all_of([embedded_query.any_word(self.syntax), near])

    def near(self) -> Native:
        """The leads that lie near, all with the same score."""
        return Native.term_set_query(schema(), "row", [str(row) for row in self.nearby.rows])

    def native(self, without: FacetName | None = None, way: Native | None = None) -> Native:
        """Everything that must hold, all but one facet's filter; ``way``: found in this way."""
        kept = embedded_query.filters(self.query, self.now, without)
        musts = [(Occur.Must, Native.const_score_query(one, 0.0)) for one in kept]
        asked = self.matching() if way is None else [(Occur.Must, way)]
        asked += [(Occur.MustNot, one) for one in embedded_query.excluded(self.syntax) if way]
        return Native.boolean_query([*asked, *musts])
