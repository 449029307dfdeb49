"""From our Query to the embedded index's own: what must match, and which filters apply."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from tantivy import FieldType, Occur
from tantivy import Query as Native

from index.buckets import VALUE_BUCKETS, Bucket, deadline_buckets
from index.embedded_schema import schema
from index.fields import (
    BESIDE_BEST,
    OVER,
    TYPED_CODE,
    TYPED_KEY,
    WORD_FIELDS,
    days,
    least,
    prefix,
)
from index.query import FacetName, Query
from index.syntax import Clause, Phrase, Syntax
from taxonomies import sectors


def term(field: str, value: Any) -> Native:
    """Documents that hold this exact value."""
    return Native.term_query(schema(), field, value)


def any_of(queries: Iterable[Native]) -> Native:
    """At least one of the queries; none at all matches nothing."""
    return Native.boolean_query([(Occur.Should, query) for query in queries])


def all_of(queries: Sequence[Native]) -> Native:
    """Every one of the queries."""
    return Native.boolean_query([(Occur.Must, query) for query in queries])


@lru_cache(maxsize=10_000)
def _word(stem: str) -> Native:
    fields = [
        Native.boost_query(term(field, stem), weight) for field, weight in WORD_FIELDS.items()
    ]
    return Native.disjunction_max_query(fields, BESIDE_BEST)


def _in_field(phrase: Phrase, field: str) -> Native:
    if len(phrase.words) == 1:
        return term(field, phrase.words[0][1])
    first = phrase.words[0][0]
    return Native.phrase_query(
        schema(), field, [(place - first, word) for place, word in phrase.words]
    )


def _phrase(phrase: Phrase) -> Native:
    return any_of(
        Native.boost_query(_in_field(phrase, field), weight)
        for field, weight in WORD_FIELDS.items()
    )


def _clause(clause: Clause, common: Callable[[str], bool]) -> Native:
    parts = [(Occur.Must, _phrase(phrase)) for phrase in clause.phrases]
    telling = [word for word in clause.words if not common(word)] or list(clause.words)
    if telling:
        words = [(Occur.Should, _word(word)) for word in telling]
        parts.append((Occur.Must, Native.boolean_query(words, least(len(words)))))
        # A word that a great part of the leads hold (« services ») brings nothing by itself.
        parts += [(Occur.Should, _word(word)) for word in clause.words if word not in telling]
    return Native.boolean_query(parts)


def _typed_code(scheme: str, code: str) -> Native:
    field, value = prefix(scheme, code)
    return Native.const_score_query(term(field, value), TYPED_CODE)


def words(syntax: Syntax, common: Callable[[str], bool]) -> Native | None:
    """What the query's text asks for, scored; None when it asks for no word.

    common: whether a stem is in so many leads that it tells nothing.
    """
    ways = [_clause(clause, common) for clause in syntax.clauses]
    ways += [_typed_code(scheme, code) for scheme, code in syntax.codes]
    ways += [Native.const_score_query(term("key", one), TYPED_KEY) for one in syntax.identifiers]
    return any_of(ways) if ways else None


def any_word(syntax: Syntax) -> Native:
    """Leads that hold any of the words, the more of them the better."""
    return any_of(_word(word) for clause in syntax.clauses for word in clause.words)


def excluded(syntax: Syntax) -> list[Native]:
    """What must not be found."""
    return [_phrase(phrase) for phrase in syntax.excluded]


def _range(field: str, kind: FieldType, lower: float | None, upper: float | None) -> Native:
    number = float if kind is FieldType.Float else int
    return Native.range_query(
        schema(),
        field,
        kind,
        None if lower is None else number(lower),
        None if upper is None else number(upper),
        include_upper=upper is None,
    )


def bounded(field: str, lower: int | None, upper: int | None) -> Native:
    """``lower`` ≤ whole number < ``upper``."""
    return _range(field, FieldType.Integer, lower, upper)


def _buckets(field: str, kind: FieldType, wanted: Sequence[str], known: Iterable[Bucket]) -> Native:
    return any_of(_range(field, kind, b.lower, b.upper) for b in known if b.name in wanted)


def _days(field: str, first: date | None, last: date | None) -> Iterator[Native]:
    if first or last:
        yield _range(field, FieldType.Integer, *days(first, last))


def _naf(code: str) -> Native:
    field, value = prefix("NAF", code)
    return any_of([term(field, value), *(term("sector", one) for one in sectors.of("NAF", code))])


def _on_offer(query: Query, now: datetime, without: FacetName | None) -> Native:
    current = _range("expires", FieldType.Integer, now.timestamp(), None)
    asked = OVER if without == "stage" else [stage for stage in query.stage if stage in OVER]
    return any_of([current, *(term("stage", stage) for stage in asked)])


def scope(query: Query, now: datetime, without: FacetName | None = None) -> list[Native]:
    """What is shown unless one asks otherwise: published, foreign, on offer."""
    parts = [term("visible", True)]
    if not query.include_domestic:
        parts.append(term("domestic", False))
    if not query.include_expired:
        parts.append(_on_offer(query, now, without))
    return parts


def filters(query: Query, now: datetime, without: FacetName | None = None) -> list[Native]:
    """The query's filters and scope, all but one facet's when ``without`` names it."""
    parts = scope(query, now, without)
    exact: dict[FacetName, tuple[str, ...]] = {
        "sector": query.sector,
        "country": query.country,
        "region": query.region,
        "source": query.source,
        "stage": query.stage,
        "language": query.language,
    }
    for name, values in exact.items():
        if values and name != without:
            parts.append(any_of(term(name, value) for value in values))
    if query.cpv and without != "cpv":
        parts.append(any_of(term(*prefix("CPV", code)) for code in query.cpv))
    if query.hs:
        parts.append(any_of(term(*prefix("HS", code)) for code in query.hs))
    if query.naf:
        parts.append(any_of(_naf(code) for code in query.naf))
    if query.deadline and without != "deadline":
        known = deadline_buckets(now)
        parts.append(_buckets("deadline", FieldType.Integer, query.deadline, known))
    if query.value and without != "value":
        parts.append(_buckets("value", FieldType.Float, query.value, VALUE_BUCKETS))
    parts.extend(_days("deadline", query.deadline_from, query.deadline_to))
    parts.extend(_days("published", query.published_from, query.published_to))
    return parts


def _counted(name: FacetName, now: datetime) -> dict[str, Any]:
    if name in ("deadline", "value"):
        known = deadline_buckets(now) if name == "deadline" else VALUE_BUCKETS
        ranges = [
            {"key": b.name}
            | ({} if b.lower is None else {"from": float(int(b.lower))})
            | ({} if b.upper is None else {"to": float(int(b.upper))})
            for b in known
        ]
        return {"range": {"field": name, "ranges": ranges}}
    field = "division" if name == "cpv" else name
    return {"terms": {"field": field, "size": 300}}


def aggregation(names: Iterable[FacetName], now: datetime) -> dict[str, Any]:
    """The request that counts facets."""
    return {name: _counted(name, now) for name in names}


def on_offer_aggregation(names: Iterable[FacetName], now: datetime) -> dict[str, Any]:
    """The request that counts facets over what is still on offer, among more."""
    current = [{"key": "current", "from": float(int(now.timestamp()))}]
    return {"range": {"field": "expires", "ranges": current}, "aggs": aggregation(names, now)}
