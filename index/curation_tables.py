"""The record's tables, continued: what analysts say of sources, and leads typed by hand."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from index.tables import Id, Moment, metadata

# What a word of a source means, as somebody said on the site; it wins over the page of the source.
# subject: country, stage, currency, language.
lookup_added = Table(
    "lookup_added",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("subject", String(20), primary_key=True),
    Column("word", Text, primary_key=True),
    Column("meaning", String(40), nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# Sources of which nothing is taken by itself until somebody says otherwise.
frozen = Table(
    "frozen_source",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# Copies of documents that somebody corrected: the last of an original is read in its place.
mended = Table(
    "mended_document",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("original", String(64), ForeignKey("document.sha256"), nullable=False, index=True),
    Column("copy", String(64), ForeignKey("document.sha256"), nullable=False),
    Column("source", String(80), nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# Somebody asked for what waits in quarantine to be read again. entries: their numbers (JSON). run:
# the ingestion that did it. failure: why it could not be done (French), "" otherwise.
rereading = Table(
    "rereading",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(80), nullable=False, index=True),
    Column("entries", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("run", BigInteger),
    Column("finished", Moment),
    Column("failure", Text, nullable=False),
)

# Leads typed by hand. state: draft, published, withdrawn. version: counts what was written of it;
# who writes says which one was read. team: the office, as typed. body: the fields of the form
# (JSON). told: the version that went into the pipeline last, null when none did. expires: the last
# day on which it is on offer.
typed = Table(
    "typed_lead",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("state", String(12), nullable=False),
    Column("version", Integer, nullable=False),
    Column("who", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("changed", Moment, nullable=False),
    Column("expires", Date, nullable=False),
    Column("told", Integer),
    Column("body", Text, nullable=False),
    Index("ix_typed_lead_state_changed", "state", "changed"),
)

typed_version = Table(
    "typed_version",
    metadata,
    Column("typed", Id, ForeignKey("typed_lead.id"), primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("action", String(20), nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("body", Text, nullable=False),
)
