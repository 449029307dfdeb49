"""The embedded index's fields, and the document that a lead becomes in it."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache

import tantivy

from index import analysis
from index.lead import Lead, Scheme
from index.syntax import identifier
from index.wording import labels
from taxonomies import cpv

# Raise it whenever a field or its analysis changes: the index is then rebuilt under a new name.
VERSION = 2

# Where words are looked for, and how much a word found there weighs. Queries are in French and
# most texts are not: the official labels speak surest (nDCG@10 0.63 against 0.50 with equal
# weights, on judged queries).
WORD_FIELDS = {"labels": 3.0, "title": 1.5, "text": 0.5, "buyer": 0.3}

EXACT_FIELDS = (
    "key", "cpv", "hs", "naf",
    "sector", "country", "region", "division", "source", "stage", "language",
)  # fmt: skip
NEVER, NO_VALUE = 0, -1.0


@cache
def schema() -> tantivy.Schema:
    """The fields. Exact fields hold whole values; word fields hold folded French stems."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("lead", stored=True)
    for name in WORD_FIELDS:
        builder.add_text_field(name, tokenizer_name=analysis.NAME)
    for name in EXACT_FIELDS:
        builder.add_text_field(name, tokenizer_name="raw", fast=True, index_option="basic")
    for name in ("visible", "domestic"):
        builder.add_boolean_field(name, indexed=True, fast=True)
    for name in ("deadline", "expires", "published"):
        builder.add_integer_field(name, indexed=True, fast=True)
    builder.add_float_field("value", indexed=True, fast=True)
    builder.add_text_field("row", tokenizer_name="raw", index_option="basic")
    for name in ("row_number", "sequence"):
        builder.add_unsigned_field(name, fast=True)
    return builder.build()


def seconds(moment: datetime | None) -> int:
    """Seconds since 1970, ``NEVER`` for no moment."""
    return int(moment.timestamp()) if moment else NEVER


def _prefixes(lead: Lead, scheme: Scheme) -> set[str]:
    codes = (code.replace(".", "") for code in lead.codes_of(scheme))
    return {code[:length] for code in codes for length in range(2, len(code) + 1)}


def _exact(lead: Lead) -> Iterator[tuple[str, str]]:
    for provenance in lead.provenances:
        yield "key", identifier(provenance.key)
    yield from (("cpv", one) for one in _prefixes(lead, "CPV"))
    yield from (("hs", one) for one in _prefixes(lead, "HS"))
    yield from (("naf", one) for one in _prefixes(lead, "NAF"))
    yield from (("division", one) for one in {cpv.division(c) for c in lead.codes_of("CPV")})
    yield from (("sector", one) for one in lead.sectors)
    yield from (("language", one) for one in {text.language for text in lead.texts} if one)
    for name, value in (
        ("country", lead.country),
        ("region", lead.region),
        ("source", lead.source),
        ("stage", lead.stage),
    ):
        if value:
            yield name, value


def document(lead: Lead, row: int) -> tantivy.Document:
    """The lead as an index document; ``row`` is its place in the vector table."""
    made = tantivy.Document()
    made.add_text("id", lead.id)
    made.add_bytes("lead", lead.model_dump_json().encode())
    made.add_text("title", analysis.prepared(" ".join(text.title for text in lead.texts)))
    made.add_text("text", analysis.prepared(" ".join(text.text for text in lead.texts)))
    made.add_text("buyer", analysis.prepared(f"{lead.buyer} {lead.place}"))
    made.add_text("labels", analysis.prepared(" ".join(labels(lead))))
    for name, value in _exact(lead):
        made.add_text(name, value)
    made.add_boolean("visible", lead.status == "published")
    made.add_boolean("domestic", lead.domestic)
    made.add_integer("deadline", seconds(lead.deadline))
    made.add_integer("expires", seconds(lead.expires))
    made.add_integer("published", seconds(lead.published))
    euros = lead.value.euros if lead.value else None
    made.add_float("value", NO_VALUE if euros is None else euros)
    made.add_text("row", str(row))
    made.add_unsigned("row_number", row)
    made.add_unsigned("sequence", lead.sequence)
    return made
