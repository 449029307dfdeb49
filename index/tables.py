"""The record's tables: leads, the notices they come from, the bytes received, runs, quarantine.

JSON documents are kept as text: the same bytes in SQLite and PostgreSQL, and no rewriting of
numbers or escapes on the way.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in an INTEGER primary key.
Id = BigInteger().with_variant(Integer, "sqlite")

Moment = DateTime(timezone=True)

# One row: the last sequence given. Every writer updates it first, so writers queue here and
# sequences become visible in order, which is what the index synchronises on.
sequence = Table(
    "sequence",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

lead = Table(
    "lead",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("sequence", BigInteger, nullable=False, unique=True),
    Column("status", String(12), nullable=False),
    Column("stage", String(12), nullable=False),
    Column("source", String(80), nullable=False),
    Column("country", String(2), nullable=False),
    Column("domestic", Boolean, nullable=False),
    Column("published", Moment),
    Column("body", Text, nullable=False),
)

document = Table(
    "document",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("read", Moment),
)

chunk = Table(
    "chunk",
    metadata,
    Column("sha256", String(64), ForeignKey("document.sha256"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

notice = Table(
    "notice",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(80), nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("lead", String(16), nullable=False, index=True),
    Column("document", String(64), nullable=False),
    Column("position", Text, nullable=False),
    Column("received", Moment, nullable=False),
    Column("body", Text, nullable=False),
    # Why it joined the lead of other notices (JSON), "" when its identifiers say so.
    Column("joined", Text, nullable=False, server_default=""),
    UniqueConstraint("source", "key", "fingerprint"),
)

# Keys by which a lead is known: its notices' own, their process, and those they announce
# (a corrigendum may arrive before the call that it corrects).
lead_key = Table(
    "lead_key",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("lead", String(16), nullable=False, index=True),
)

# Short marks of a lead's notices: those that share one are compared. managed: the notice has an
# identifier of its demand, so its source tells its demands apart itself. country, deadline (days
# since year 1): of the notice, "" and NULL when unknown; what they forbid is not even read.
lead_signature = Table(
    "lead_signature",
    metadata,
    Column("signature", BigInteger, primary_key=True, autoincrement=False),
    Column("lead", String(16), primary_key=True, index=True),
    Column("source", String(80), primary_key=True),
    Column("managed", Boolean, nullable=False),
    Column("country", String(2), nullable=False, server_default=""),
    Column("deadline", Integer),
    # Ten rows a notice, at random places: one tree of them in SQLite, not two.
    sqlite_with_rowid=False,
)

# Pairs of notices, by the id of the lead each would be alone (the smaller first), that somebody
# said to be two demands: ingestion never joins them.
distinct = Table(
    "distinct_notice",
    metadata,
    Column("one", String(16), primary_key=True),
    Column("other", String(16), primary_key=True, index=True),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(80), nullable=False),
    Column("started", Moment, nullable=False),
    Column("finished", Moment),
    Column("report", Text, nullable=False),
)

# One collection of a source: what was fetched, held until monitors or a person let it in.
# state: collecting, held, promoted, rejected. beat: last sign of life of who collects. since,
# until: the dates asked for; the next collection starts from those of the last promoted one; null
# for files that somebody brought. crawl: report of the spider (JSON); its reason is "impossible"
# when the source could not even be asked (then rejected). reading: what its documents hold, counted
# before they are let in (JSON). run: the ingestion that let it in, null when nothing had changed.
# decided_by: who let it in or rejected it, "" when the monitors did.
collection = Table(
    "collection",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(80), nullable=False),
    Column("state", String(12), nullable=False),
    Column("started", Moment, nullable=False),
    Column("beat", Moment, nullable=False),
    Column("finished", Moment),
    Column("since", Date),
    Column("until", Date),
    Column("folder", Text, nullable=False),
    Column("crawl", Text, nullable=False),
    Column("reading", Text, nullable=False),
    Column("run", BigInteger),
    Column("decided_by", Text, nullable=False),
    Index("ix_collection_source_id", "source", "id"),
)

# What somebody should look at. One is open at most for a source and a kind; each collection in
# which it shows again counts one more time.
incident = Table(
    "incident",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(80), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("collection", BigInteger),
    Column("detail", Text, nullable=False),
    Column("opened", Moment, nullable=False),
    Column("last", Moment, nullable=False),
    Column("times", Integer, nullable=False),
    Column("closed", Moment),
    Column("closed_by", Text, nullable=False),
)

# A moment at which a source was due. Whoever writes the row asks the source; the others do not.
slot = Table(
    "slot",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("due", Moment, primary_key=True),
    Column("taken", Moment, nullable=False),
    Column("done", Moment),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("run", BigInteger, nullable=False),
    Column("source", String(80), nullable=False),
    Column("document", Text, nullable=False),
    Column("raw", String(64), nullable=False),
    Column("position", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first", Moment, nullable=False),
    Column("last", Moment, nullable=False),
    Column("released", Moment),
    UniqueConstraint("source", "document", "raw", "position"),
    # What waits is counted and shown by source.
    Index("ix_quarantine_source_released", "source", "released"),
)

# Texts whose code a person said. hash: of title and text, folded.
labelled = Table(
    "labelled",
    metadata,
    Column("scheme", String(4), primary_key=True),
    Column("hash", String(64), primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String(3), nullable=False),
    Column("code", String(10), nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# Who did what to what. The database refuses to change or remove a line (``index/append_only.py``).
# before, after: JSON, "" for nothing.
audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Index("ix_audit_subject_id", "subject", "id"),
    Index("ix_audit_who_id", "who", "id"),
)

# Decisions on leads, by analysts and by their rules; no row is ever changed or removed
# (``index/append_only.py``): a decision is undone by another one. lead: on which it was taken,
# before any merge. who: login, « regle:3 », « frein:source ». body: what was decided (JSON);
# before: the leads as they were (JSON), for the decision to be undone.
review = Table(
    "review",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("lead", String(16), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("why", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("undoes", BigInteger),
)

# Leads that another took over: what was decided on them counts for it.
heir = Table(
    "heir",
    metadata,
    Column("lost", String(16), primary_key=True),
    Column("kept", String(16), nullable=False, index=True),
)

# Leads that wait for an analyst, a projection of the leads and their decisions. doubt: 0-1. tags:
# what the queue is filtered by, between spaces (« raison:pays », « secteur:bois »). reasons: JSON.
waiting = Table(
    "waiting",
    metadata,
    Column("lead", String(16), primary_key=True),
    Column("status", String(12), nullable=False),
    Column("source", String(80), nullable=False),
    Column("country", String(2), nullable=False),
    Column("doubt", Float, nullable=False, index=True),
    Column("deadline", Moment),
    Column("tags", Text, nullable=False),
    Column("reasons", Text, nullable=False),
)

# Rules of publication. place: the first that matches decides. state: off, on, removed. who, at: of
# the last change.
rule = Table(
    "rule",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("place", Integer, nullable=False),
    Column("state", String(8), nullable=False),
    Column("name", Text, nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("conditions", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

Index("ix_lead_status_published", lead.c.status, lead.c.published)

# Bodies of leads are long: counting them by source must not read through them.
Index("ix_lead_source_published", lead.c.source, lead.c.published)
