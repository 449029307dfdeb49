"""The embedded engine: tantivy for words and facets, exact vectors for meaning, in one folder.

One process writes at a time (tantivy's lock); any number read. A reader looks at the
generation's mark before each search and takes a new snapshot when it changed.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Query as Native

from index import analysis, embedded_query
from index.embedded_asked import Asked, Snapshot
from index.embedded_schema import VERSION, document, schema
from index.embedding import Vectors
from index.explain import reasons
from index.fields import COMMON, FEW, NEVER, WORD_FIELDS
from index.generation import Generations, read_mark, write_mark
from index.lead import Lead
from index.nearby import SURELY, Rows, look, nowhere
from index.query import (
    FACETS,
    MAX_RANKED,
    FacetCount,
    FacetName,
    Hit,
    Query,
    Reasons,
    Results,
)
from index.ranking import Scores, Weights, freshness, fuse
from index.rows import described
from index.sense import ALIKE, Sense
from index.understanding import meant, scoped
from index.vectors import DEAD, DOMESTIC, PUBLISHED, VectorTable

_WRITER_MEMORY = 128_000_000
_CACHED_ANSWERS = 256


def _open(folder: Path) -> tantivy.Index:
    (folder / "words").mkdir(exist_ok=True)
    index = tantivy.Index(schema(), path=str(folder / "words"), reuse=True)
    index.register_tokenizer(analysis.NAME, analysis.analyzer())
    index.config_reader("manual")
    return index


class EmbeddedEngine:
    """``index.engine.SearchEngine`` on the local disk. Safe to share between threads."""

    def __init__(self, folder: Path, sense: Sense, weights: Weights | None = None) -> None:
        self.sense = sense
        self.weights = weights or Weights()
        self.generations = Generations(folder, f"v{VERSION}-{sense.name}")
        self._lock = threading.Lock()
        self._index: tuple[Path, tantivy.Index] | None = None
        self._seen: Snapshot | None = None
        self._counted: dict[Any, dict[str, tuple[FacetCount, ...]]] = {}

    # Writing

    def put(self, leads: Sequence[Lead], after: int = 0) -> int:
        """See ``SearchEngine.put``. Raises IndexBusy while another process writes."""
        with self.generations.writing():
            folder = self.generations.current()
            if folder is None:
                folder = self.generations.create()
                self.generations.switch(folder)
            whole = read_mark(folder) >= after
            return self._write(folder, [leads], whole)

    def replace(self, batches: Iterable[Sequence[Lead]]) -> int:
        """See ``SearchEngine.replace``. Other writers wait, or raise IndexBusy."""
        with self.generations.writing():
            made = self.generations.create()
            written = self._write(made, batches, True)
            self.generations.switch(made)
        return written

    def _write(self, folder: Path, batches: Iterable[Sequence[Lead]], whole: bool) -> int:
        index = _open(folder)
        table = VectorTable(folder, self.sense.dimensions)
        writer = index.writer(_WRITER_MEMORY, 1)
        written, mark = 0, read_mark(folder)
        for leads in batches:
            index.reload()
            held = self._held(index.searcher(), [lead.id for lead in leads])
            latest = {lead.id: lead for lead in sorted(leads, key=lambda lead: lead.sequence)}
            fresh = [
                lead for lead in latest.values() if lead.sequence > held.get(lead.id, (-1, -1))[0]
            ]
            self._add(writer, table, fresh)
            writer.commit()
            table.bury([held[lead.id][1] for lead in fresh if lead.id in held])
            if whole:
                mark = max([mark, *(lead.sequence for lead in leads)])
            write_mark(folder, mark)
            written += len(fresh)
        writer.wait_merging_threads()
        # The merged segments too are something new to readers.
        write_mark(folder, mark)
        return written

    def _held(self, searcher: tantivy.Searcher, ids: list[str]) -> dict[str, tuple[int, int]]:
        """Of the leads already in the index: id → (sequence, row)."""
        if not searcher.num_docs or not ids:
            return {}
        found = searcher.search(Native.term_set_query(schema(), "id", ids), len(ids), count=False)
        addresses = [address for _, address in found.hits]
        sequences = searcher.fast_field_values("sequence", addresses)
        rows = searcher.fast_field_values("row_number", addresses)
        names = (_lead(searcher, address).id for address in addresses)
        return {
            name: (int(sequence or 0), int(row or 0))
            for name, sequence, row in zip(names, sequences, rows, strict=True)
        }

    def _add(self, writer: tantivy.IndexWriter, table: VectorTable, leads: Sequence[Lead]) -> None:
        if not leads:
            return
        vectors = self.sense.of_leads(leads)
        rows = described(leads)
        # Vectors first: a crash before the commit leaves rows that no document names.
        for lead, row in zip(leads, table.append(vectors, rows), strict=True):
            writer.delete_documents_by_term("id", lead.id)
            writer.add_document(document(lead, row))

    # Reading

    def sequence(self) -> int:
        """See ``SearchEngine.sequence``."""
        folder = self.generations.current()
        return read_mark(folder) if folder else 0

    def count(self) -> int:
        """See ``SearchEngine.count``."""
        seen = self._snapshot()
        return int(seen.searcher.num_docs) if seen else 0

    def _snapshot(self) -> Snapshot | None:
        """The current generation as it stands; None when nothing was ever written."""
        folder = self.generations.current()
        if folder is None or not (folder / "mark.json").exists():
            return None
        mark = (folder.name, (folder / "mark.json").stat().st_mtime_ns)
        with self._lock:
            if self._seen is None or self._seen.mark != mark:
                if self._index is None or self._index[0] != folder:
                    self._index = (folder, _open(folder))
                self._index[1].reload()
                table = VectorTable(folder, self.sense.dimensions)
                self._seen = Snapshot(mark, self._index[1].searcher(), table)
                self._counted.clear()
            return self._seen

    def search(self, query: Query, now: datetime) -> Results:
        """See ``SearchEngine.search``."""
        seen = self._snapshot()
        if seen is None:
            understood, _ = meant(self.sense, query, lambda stem: False)
            return Results(0, facets=dict.fromkeys(FACETS, ()), understood=understood)
        # Facets are remembered for a minute: hits and facets see the same minute.
        asked = self._ask(seen, query, now.replace(second=0, microsecond=0))
        if asked.words is not None and query.sort == "relevance":
            total, hits = self._ranked(seen, asked)
        else:
            total, hits = self._sorted(seen, asked)
        return Results(total, hits, self._facets(seen, asked), asked.understood)

    def similar(self, identifier: str, limit: int, now: datetime) -> tuple[Hit, ...]:
        """See ``SearchEngine.similar``."""
        seen = self._snapshot()
        if seen is None:
            return ()
        found = seen.searcher.search(embedded_query.term("id", identifier), 1)
        if not found.hits:
            return ()
        row = seen.searcher.fast_field_values("row_number", [found.hits[0][1]])[0]
        vector = np.array(seen.vectors.matrix[int(row or 0)])
        cosines = seen.vectors.cosines(vector)
        close = _scope(seen.vectors, Query(), now) & (cosines >= ALIKE)
        rows = np.flatnonzero(close)
        rows = rows[np.argsort(-cosines[rows], kind="stable")][: limit + 1]
        return tuple(
            hit for hit in self._near_hits(seen, rows, cosines[rows]) if hit.lead.id != identifier
        )[:limit]

    def export(self, query: Query, now: datetime) -> Iterator[Lead]:
        """See ``SearchEngine.export``."""
        seen = self._snapshot()
        if seen is not None:
            asked = self._ask(seen, query, now.replace(second=0, microsecond=0))
            yield from _walk(seen.searcher, asked.native(), "published", tantivy.Order.Desc)

    def held(self) -> Iterator[Lead]:
        """See ``SearchEngine.held``."""
        seen = self._snapshot()
        if seen is not None:
            yield from _walk(seen.searcher, Native.all_query(), "sequence", tantivy.Order.Asc)

    def _near_hits(self, seen: Snapshot, rows: Rows, cosines: Vectors) -> list[Hit]:
        if not len(rows):
            return []
        names = Native.term_set_query(schema(), "row", [str(row) for row in rows])
        addresses = [address for _, address in seen.searcher.search(names, len(rows)).hits]
        numbers = seen.searcher.fast_field_values("row_number", addresses)
        by_row = dict(zip(rows.tolist(), cosines.tolist(), strict=True))
        hits = [
            Hit(_lead(seen.searcher, address), close, Reasons(similarity=close))
            for number, address in zip(numbers, addresses, strict=True)
            for close in [by_row[int(number or 0)]]
        ]
        return sorted(hits, key=lambda hit: -hit.score)

    def _ask(self, seen: Snapshot, query: Query, now: datetime) -> Asked:
        understood, sought = meant(self.sense, query, lambda stem: _known(seen.searcher, stem))
        query = scoped(query, understood)
        words = embedded_query.words(understood.syntax, lambda stem: _common(seen.searcher, stem))
        nearby = nowhere(seen.vectors.size)
        if sought is not None:
            nearby = look(seen.vectors, _scope(seen.vectors, query, now), sought, self.weights)
        return Asked(query, now, understood, words, nearby)

    def _candidates(self, seen: Snapshot, asked: Asked) -> dict[int, tuple[Any, float]]:
        """Row → (address, BM25): the best by words, and all that lie near."""
        found: dict[int, tuple[Any, float]] = {}
        ways = [(asked.near(), len(asked.nearby.rows))]
        words = asked.by_words()
        if words is not None and self.weights.words:
            ways.append((words, MAX_RANKED))
        for way, limit in ways:
            if limit:
                hits = seen.searcher.search(asked.native(way=way), limit, count=False).hits
                addresses = [address for _, address in hits]
                rows = seen.searcher.fast_field_values("row_number", addresses)
                scores = [score if way is words else 0.0 for score, _ in hits]
                found |= {
                    int(row or 0): pair
                    for row, pair in zip(rows, zip(addresses, scores, strict=True), strict=True)
                }
        return found

    def _ranked(self, seen: Snapshot, asked: Asked) -> tuple[int, tuple[Hit, ...]]:
        query, nearby = asked.query, asked.nearby
        found = self._candidates(seen, asked)
        rows = np.fromiter(found, np.int64, len(found))
        bm25 = np.array([score for _, score in found.values()], np.float64)
        said = max((len(clause.words) for clause in asked.syntax.clauses), default=1)
        addresses = [address for address, _ in found.values()]
        fresh = self._freshness(seen, addresses, rows, asked.now)
        scores = fuse(bm25, nearby.nearness[rows], said, self.weights) * (1 + fresh)
        order = np.lexsort((rows, -scores))[:MAX_RANKED]
        hits: list[Hit] = []
        for place in order[query.offset : query.offset + query.limit]:
            lead = _lead(seen.searcher, addresses[place])
            close = float(nearby.cosines[rows[place]])
            similarity = close if close >= ALIKE else None
            gain = float(fresh[place])
            why = reasons(lead, asked.syntax, similarity, nearby.wanted, gain)
            # From the first distant one on, people may stop reading.
            faint = not bm25[place] and bool(nearby.nearness[rows[place]] < SURELY)
            distant = faint or bool(hits and hits[-1].distant)
            hits.append(Hit(lead, float(scores[place]), why, distant))
        total = _count(seen.searcher.search(asked.native(), 1, count=True))
        return total, tuple(hits)

    def _freshness(self, seen: Snapshot, addresses: list[Any], rows: Rows, now: datetime) -> Scores:
        published, deadline = (
            np.array([one or NEVER for one in seen.searcher.fast_field_values(name, addresses)])
            for name in ("published", "deadline")
        )
        expires = seen.vectors.rows["expires"][rows]
        return freshness(published, deadline, expires, int(now.timestamp()))

    def _sorted(self, seen: Snapshot, asked: Asked) -> tuple[int, tuple[Hit, ...]]:
        query, native = asked.query, asked.native()
        if query.sort != "deadline":
            parts = [(native, "published", tantivy.Order.Desc)]
        else:
            # Deadlines to come, nearest first; then those past, last first; then none at all.
            start = int(asked.now.timestamp())
            ahead = embedded_query.bounded("deadline", start, None)
            behind = embedded_query.bounded("deadline", NEVER, start)
            parts = [
                (embedded_query.all_of([native, ahead]), "deadline", tantivy.Order.Asc),
                (embedded_query.all_of([native, behind]), "deadline", tantivy.Order.Desc),
            ]
        total = 0
        addresses: list[tantivy.DocAddress] = []
        for part, field, order in parts:
            offset = max(0, query.offset - total)
            wanted = query.limit - len(addresses)
            found = seen.searcher.search(
                part, max(wanted, 1), count=True, order_by_field=field, offset=offset, order=order
            )
            addresses.extend([address for _, address in found.hits][:wanted])
            total += _count(found)
        leads = (_lead(seen.searcher, address) for address in addresses)
        return total, tuple(Hit(lead, 0.0, reasons(lead, asked.syntax)) for lead in leads)

    def _facets(self, seen: Snapshot, asked: Asked) -> dict[str, tuple[FacetCount, ...]]:
        # Facets change with the filters, not with the page.
        plain = replace(asked.query, offset=0, limit=0, sort="relevance")
        key = (seen.mark, plain, asked.now)
        if (known := self._counted.get(key)) is not None:
            return known
        counted = self._count_facets(seen, asked)
        if len(self._counted) >= _CACHED_ANSWERS:
            self._counted.clear()
        self._counted[key] = counted
        return counted

    def _count_facets(self, seen: Snapshot, asked: Asked) -> dict[str, tuple[FacetCount, ...]]:
        if not seen.searcher.num_docs:
            return dict.fromkeys(FACETS, ())
        query, now = asked.query, asked.now
        own = [name for name in FACETS if getattr(query, name)]
        others = [name for name in FACETS if name not in own]
        counts: dict[str, tuple[FacetCount, ...]] = {}

        def count(without: FacetName | None, names: list[FacetName], nested: bool) -> None:
            request = embedded_query.aggregation(names, now)
            if nested:
                rest = [name for name in names if name != "stage"]
                request = embedded_query.aggregation(["stage"], now)
                request["on offer"] = embedded_query.on_offer_aggregation(rest, now)
            answer = seen.searcher.aggregate(asked.native(without), request)
            if nested:
                answer |= next(
                    one for one in answer["on offer"]["buckets"] if one["key"] == "current"
                )
            counts.update({name: _counts(answer[name]["buckets"]) for name in names})

        # The stages count what is over too, the other facets do not: one pass over both.
        nested = "stage" in others and not query.include_expired
        count("stage" if nested else None, others, nested)
        for name in own:
            count(name, [name], False)
        return counts


def _walk(
    searcher: tantivy.Searcher, native: Native, field: str, order: tantivy.Order
) -> Iterator[Lead]:
    """All that matches, in the order of a field."""
    for offset in range(0, searcher.num_docs, MAX_RANKED):
        found = searcher.search(
            native, MAX_RANKED, count=False, order_by_field=field, offset=offset, order=order
        )
        yield from (_lead(searcher, address) for _, address in found.hits)


def _scope(table: VectorTable, query: Query, now: datetime) -> NDArray[np.bool_]:
    """Rows that may be found by meaning: the facets must not change them, or counts would lie."""
    flags = table.rows["flags"]
    hidden = DEAD if query.include_domestic else DEAD | DOMESTIC
    kept: NDArray[np.bool_] = (flags & (hidden | PUBLISHED)) == PUBLISHED
    if not query.include_expired:
        kept &= table.rows["expires"] >= int(now.timestamp())
    return kept


def _counts(buckets: Sequence[dict[str, Any]]) -> tuple[FacetCount, ...]:
    return tuple(
        FacetCount(str(bucket["key"]), int(bucket["doc_count"]))
        for bucket in buckets
        if bucket["doc_count"]
    )


def _known(searcher: tantivy.Searcher, stem: str) -> bool:
    return any(searcher.doc_freq(field, stem) for field in WORD_FIELDS)


def _common(searcher: tantivy.Searcher, stem: str) -> bool:
    held = max(searcher.doc_freq(field, stem) for field in ("labels", "title"))
    return held > COMMON * max(searcher.num_docs, 1) and searcher.num_docs >= FEW


def _count(found: tantivy.SearchResult) -> int:
    # Missing from the library's type stubs, present since its first version.
    return int(found.count)  # type: ignore[attr-defined]


def _lead(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> Lead:
    return Lead.model_validate_json(searcher.doc(address)["lead"][0])
