"""The embedded index's fields, and the document that a lead becomes in it."""

from functools import cache

import tantivy

from index import analysis
from index.fields import EXACT_FIELDS, WORD_FIELDS, euros, exact, numbers, words
from index.lead import Lead

# Raise it whenever a field or its analysis changes: the index is then rebuilt under a new name.
VERSION = 2


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


def document(lead: Lead, row: int) -> tantivy.Document:
    """The lead as an index document; ``row`` is its place in the vector table."""
    made = tantivy.Document()
    made.add_text("id", lead.id)
    made.add_bytes("lead", lead.model_dump_json().encode())
    for name, value in (*words(lead).items(), *exact(lead)):
        made.add_text(name, value)
    made.add_boolean("visible", lead.status == "published")
    made.add_boolean("domestic", lead.domestic)
    for name, moment in numbers(lead).items():
        made.add_integer(name, moment)
    made.add_float("value", euros(lead))
    made.add_text("row", str(row))
    made.add_unsigned("row_number", row)
    made.add_unsigned("sequence", lead.sequence)
    return made
