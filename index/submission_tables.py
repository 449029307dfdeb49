"""The record's tables, continued: partners, their keys, and the demands that they submit."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from index.tables import Id, Moment, metadata

# Who submits demands and files: the name is that of its source page. per_minute: requests;
# per_day: demands accepted.
partner = Table(
    "partner",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("created", Moment, nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("per_day", Integer, nullable=False),
)

# A key that a partner shows. id: its public beginning. digest: SHA-256 of the whole key, of which
# nothing else is kept. scopes: separated by spaces. sandbox: what it submits is only tried. used:
# about when it was last shown, to the hour.
api_key = Table(
    "api_key",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("partner", String(80), ForeignKey("partner.name"), nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("sandbox", Boolean, nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("revoked", Moment),
    Column("used", Moment),
)

# A demand that a partner submits under a reference of its own. version: the last one. digest: of
# what it says (SHA-256 of its canonical JSON). present: false once withdrawn.
submission = Table(
    "submission",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("partner", String(80), ForeignKey("partner.name"), nullable=False),
    Column("sandbox", Boolean, nullable=False),
    Column("reference", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("present", Boolean, nullable=False),
    Column("created", Moment, nullable=False),
    Column("changed", Moment, nullable=False),
    UniqueConstraint("partner", "sandbox", "reference"),
)

# What was submitted, in the order of arrival; also the queue of what is still to be read (done is
# null). action: put or withdraw. document: SHA-256 of the bytes. body: the demand (JSON). lot: the
# batch it came in. received: never the same for two versions of a demand. attempts, taken: how
# often and when last somebody began to read it. outcome: of ingestion (new, updated, joined,
# duplicates), refused, tried (sandbox). told: what was understood, and remarks (JSON). searchable:
# when the index had it.
submission_version = Table(
    "submission_version",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("submission", BigInteger, ForeignKey("submission.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("partner", String(80), nullable=False),
    Column("action", String(8), nullable=False),
    Column("key", String(12), nullable=False),
    Column("document", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("lot", BigInteger),
    Column("received", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("taken", Moment),
    Column("done", Moment),
    Column("outcome", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("told", Text, nullable=False),
    Column("searchable", Moment),
    UniqueConstraint("submission", "version"),
)

# A batch of demands, one a line. taken: lines that have their verdict. touched: when somebody last
# worked at it.
submission_lot = Table(
    "submission_lot",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("partner", String(80), ForeignKey("partner.name"), nullable=False),
    Column("sandbox", Boolean, nullable=False),
    Column("key", String(12), nullable=False),
    Column("lines", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("received", Moment, nullable=False),
    Column("touched", Moment, nullable=False),
)

# data: the bytes of the line, emptied once they are a document. verdict: JSON, "" until there is.
submission_line = Table(
    "submission_line",
    metadata,
    Column("lot", BigInteger, ForeignKey("submission_lot.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("line", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("verdict", Text, nullable=False),
)

# Answers given to requests that may be sent again (Idempotency-Key). lot: the batch that it opened,
# whose verdicts are the answer.
idempotent = Table(
    "idempotent",
    metadata,
    Column("partner", String(80), primary_key=True),
    Column("sandbox", Boolean, primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("answer", Text, nullable=False),
    Column("lot", BigInteger),
    Column("at", Moment, nullable=False),
)

# Demands accepted of a partner on one day (UTC).
partner_day = Table(
    "partner_day",
    metadata,
    Column("partner", String(80), primary_key=True),
    Column("sandbox", Boolean, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("accepted", Integer, nullable=False),
)

# What waits is little, among all that was ever submitted.
Index(
    "ix_submission_version_waiting",
    submission_version.c.partner,
    submission_version.c.id,
    sqlite_where=submission_version.c.done.is_(None),
    postgresql_where=submission_version.c.done.is_(None),
)

Index(
    "ix_submission_version_unseen",
    submission_version.c.id,
    sqlite_where=submission_version.c.searchable.is_(None),
    postgresql_where=submission_version.c.searchable.is_(None),
)
