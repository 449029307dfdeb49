"""From our Query to OpenSearch's own: what must match, and which filters apply."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from index.buckets import VALUE_BUCKETS, Bucket, deadline_buckets
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
from index.opensearch_schema import GAP
from index.query import FacetName, Query
from index.syntax import Clause, Phrase, Syntax
from taxonomies import sectors

Native = dict[str, Any]

NOTHING: Native = {"match_none": {}}


def any_of(queries: Iterable[Native], **more: Any) -> Native:
    """At least one of the queries; none at all matches nothing."""
    ways = list(queries)
    return {"bool": {"should": ways, "minimum_should_match": 1} | more} if ways else NOTHING


def constant(query: Native, score: float) -> Native:
    """The same documents, all with this score."""
    return {"constant_score": {"filter": query, "boost": score}}


def _term(field: str, value: Any, boost: float = 1.0) -> Native:
    return {"term": {field: {"value": value, "boost": boost}}}


def word(stem: str) -> Native:
    """Documents that hold a stem."""
    fields = [_term(field, stem, weight) for field, weight in WORD_FIELDS.items()]
    return {"dis_max": {"queries": fields, "tie_breaker": BESIDE_BEST}}


def _in_field(phrase: Phrase, field: str, boost: float) -> Native:
    if len(phrase.words) == 1:
        return _term(field, phrase.words[0][1], boost)
    first, last = phrase.words[0][0], phrase.words[-1][0]
    stems = dict(phrase.words)
    text = " ".join(stems.get(place, GAP) for place in range(first, last + 1))
    return {"match_phrase": {field: {"query": text, "boost": boost}}}


def _phrase(phrase: Phrase) -> Native:
    return any_of(_in_field(phrase, field, weight) for field, weight in WORD_FIELDS.items())


def _clause(clause: Clause, common: Callable[[str], bool]) -> Native:
    musts = [_phrase(phrase) for phrase in clause.phrases]
    telling = [one for one in clause.words if not common(one)] or list(clause.words)
    if telling:
        asked = [word(one) for one in telling]
        musts.append(
            {"bool": {"should": asked, "minimum_should_match": least(len(asked))}},
        )
    beside = [word(one) for one in clause.words if one not in telling]
    return {"bool": {"must": musts, "should": beside}}


def words(syntax: Syntax, common: Callable[[str], bool]) -> Native | None:
    """What the query's text asks for, scored; None when it asks for no word.

    common: whether a stem is in so many leads that it tells nothing.
    """
    ways = [_clause(clause, common) for clause in syntax.clauses]
    ways += [constant(_term(*prefix(*code)), TYPED_CODE) for code in syntax.codes]
    ways += [constant(_term("key", one), TYPED_KEY) for one in syntax.identifiers]
    return any_of(ways) if ways else None


def any_word(syntax: Syntax) -> Native:
    """Leads that hold any of the words, the more of them the better."""
    return any_of(word(one) for clause in syntax.clauses for one in clause.words)


def excluded(syntax: Syntax) -> list[Native]:
    """What must not be found."""
    return [_phrase(phrase) for phrase in syntax.excluded]


def _range(field: str, lower: float | None, upper: float | None) -> Native:
    bounds = {"gte": lower, "lt": upper}
    return {"range": {field: {name: one for name, one in bounds.items() if one is not None}}}


def _whole(bucket: Bucket) -> tuple[float | None, float | None]:
    """Its bounds in whole seconds."""
    lower, upper = bucket.lower, bucket.upper
    return None if lower is None else int(lower), None if upper is None else int(upper)


def _buckets(field: str, wanted: Sequence[str], known: Iterable[Bucket]) -> Native:
    return any_of(_range(field, *_whole(one)) for one in known if one.name in wanted)


def _naf(code: str) -> Native:
    named = [_term("sector", one) for one in sectors.of("NAF", code)]
    return any_of([_term(*prefix("NAF", code)), *named])


def _on_offer(query: Query, now: datetime, without: FacetName | None) -> Native:
    current = _range("expires", int(now.timestamp()), None)
    asked = OVER if without == "stage" else [stage for stage in query.stage if stage in OVER]
    return any_of([current, *(_term("stage", stage) for stage in asked)])


def scope(query: Query, now: datetime, without: FacetName | None = None) -> list[Native]:
    """What is shown unless one asks otherwise: published, foreign, on offer."""
    parts = [_term("visible", True)]
    if not query.include_domestic:
        parts.append(_term("domestic", False))
    if not query.include_expired:
        parts.append(_on_offer(query, now, without))
    return parts


def within_reach(query: Query, now: datetime) -> list[Native]:
    """What may be found by meaning: facets must not change it, or counts would lie."""
    parts = [_term("visible", True)]
    if not query.include_domestic:
        parts.append(_term("domestic", False))
    if not query.include_expired:
        parts.append(_range("expires", int(now.timestamp()), None))
    return parts


def _coded(query: Query, without: FacetName | None) -> Iterator[Native]:
    if query.cpv and without != "cpv":
        yield any_of(_term(*prefix("CPV", code)) for code in query.cpv)
    if query.hs:
        yield any_of(_term(*prefix("HS", code)) for code in query.hs)
    if query.naf:
        yield any_of(_naf(code) for code in query.naf)


def _ranged(query: Query, now: datetime, without: FacetName | None) -> Iterator[Native]:
    if query.deadline and without != "deadline":
        yield _buckets("deadline", query.deadline, deadline_buckets(now))
    if query.value and without != "value":
        yield _buckets("value", query.value, VALUE_BUCKETS)
    for field in ("deadline", "published"):
        first, last = getattr(query, f"{field}_from"), getattr(query, f"{field}_to")
        if first or last:
            yield _range(field, *days(first, last))


_EXACT: tuple[FacetName, ...] = ("sector", "country", "region", "source", "stage", "language")


def filters(query: Query, now: datetime, without: FacetName | None = None) -> list[Native]:
    """The query's filters and scope, all but one facet's when ``without`` names it."""
    chosen = ((name, getattr(query, name)) for name in _EXACT if name != without)
    return [
        *scope(query, now, without),
        *({"terms": {name: list(values)}} for name, values in chosen if values),
        *_coded(query, without),
        *_ranged(query, now, without),
    ]


def _counted(name: FacetName, now: datetime) -> Native:
    if name not in ("deadline", "value"):
        return {"terms": {"field": "division" if name == "cpv" else name, "size": 300}}
    known = deadline_buckets(now) if name == "deadline" else VALUE_BUCKETS
    ranges = []
    for one in known:
        lower, upper = _whole(one)
        bounds = {"from": lower, "to": upper}
        told = {at: bound for at, bound in bounds.items() if bound is not None}
        ranges.append({"key": one.name} | told)
    return {"range": {"field": name, "ranges": ranges}}


def aggregation(names: Iterable[FacetName], now: datetime) -> Native:
    """The request that counts facets."""
    return {name: _counted(name, now) for name in names}


def by_deadline(now: datetime) -> list[Any]:
    """Deadlines to come, nearest first; then those past, last first; then none at all."""
    # Seconds of a day far beyond any deadline: what is past comes after it, in reverse.
    script = {
        "source": "long at = doc['deadline'].value; return at >= params.now ? at : params.far - at",
        "params": {"now": int(now.timestamp()), "far": 1 << 42},
    }
    return [{"_script": {"type": "number", "script": script, "order": "asc"}}, {"sequence": "asc"}]


BY_PUBLICATION: list[Any] = [{"published": "desc"}, {"sequence": "asc"}]
