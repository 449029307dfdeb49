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
_Id = BigInteger().with_variant(Integer, "sqlite")
_Moment = DateTime(timezone=True)

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
    Column("published", _Moment),
    Column("body", Text, nullable=False),
)

document = Table(
    "document",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received", _Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("read", _Moment),
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
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("source", String(80), nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("lead", String(16), nullable=False, index=True),
    Column("document", String(64), nullable=False),
    Column("position", Text, nullable=False),
    Column("received", _Moment, nullable=False),
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
    Column("at", _Moment, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("source", String(80), nullable=False),
    Column("started", _Moment, nullable=False),
    Column("finished", _Moment),
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
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("source", String(80), nullable=False),
    Column("state", String(12), nullable=False),
    Column("started", _Moment, nullable=False),
    Column("beat", _Moment, nullable=False),
    Column("finished", _Moment),
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
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("source", String(80), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("collection", BigInteger),
    Column("detail", Text, nullable=False),
    Column("opened", _Moment, nullable=False),
    Column("last", _Moment, nullable=False),
    Column("times", Integer, nullable=False),
    Column("closed", _Moment),
    Column("closed_by", Text, nullable=False),
)

# A moment at which a source was due. Whoever writes the row asks the source; the others do not.
slot = Table(
    "slot",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("due", _Moment, primary_key=True),
    Column("taken", _Moment, nullable=False),
    Column("done", _Moment),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("run", BigInteger, nullable=False),
    Column("source", String(80), nullable=False),
    Column("document", Text, nullable=False),
    Column("raw", String(64), nullable=False),
    Column("position", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first", _Moment, nullable=False),
    Column("last", _Moment, nullable=False),
    Column("released", _Moment),
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
    Column("at", _Moment, nullable=False),
)

# Who did what to what. The database refuses to change or remove a line (``index/append_only.py``).
# before, after: JSON, "" for nothing.
audit = Table(
    "audit",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("at", _Moment, nullable=False),
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
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("lead", String(16), nullable=False, index=True),
    Column("at", _Moment, nullable=False),
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
    Column("deadline", _Moment),
    Column("tags", Text, nullable=False),
    Column("reasons", Text, nullable=False),
)

# Rules of publication. place: the first that matches decides. state: off, on, removed. who, at: of
# the last change.
rule = Table(
    "rule",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("place", Integer, nullable=False),
    Column("state", String(8), nullable=False),
    Column("name", Text, nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("conditions", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", _Moment, nullable=False),
)

# Who submits demands and files: the name is that of its source page. per_minute: requests;
# per_day: demands accepted.
partner = Table(
    "partner",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("created", _Moment, nullable=False),
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
    Column("created", _Moment, nullable=False),
    Column("expires", _Moment, nullable=False),
    Column("revoked", _Moment),
    Column("used", _Moment),
)

# A demand that a partner submits under a reference of its own. version: the last one. digest: of
# what it says (SHA-256 of its canonical JSON). present: false once withdrawn.
submission = Table(
    "submission",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("partner", String(80), ForeignKey("partner.name"), nullable=False),
    Column("sandbox", Boolean, nullable=False),
    Column("reference", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("present", Boolean, nullable=False),
    Column("created", _Moment, nullable=False),
    Column("changed", _Moment, nullable=False),
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
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("submission", BigInteger, ForeignKey("submission.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("partner", String(80), nullable=False),
    Column("action", String(8), nullable=False),
    Column("key", String(12), nullable=False),
    Column("document", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("lot", BigInteger),
    Column("received", _Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("taken", _Moment),
    Column("done", _Moment),
    Column("outcome", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("told", Text, nullable=False),
    Column("searchable", _Moment),
    UniqueConstraint("submission", "version"),
)

# A batch of demands, one a line. taken: lines that have their verdict. touched: when somebody last
# worked at it.
submission_lot = Table(
    "submission_lot",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("partner", String(80), ForeignKey("partner.name"), nullable=False),
    Column("sandbox", Boolean, nullable=False),
    Column("key", String(12), nullable=False),
    Column("lines", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("received", _Moment, nullable=False),
    Column("touched", _Moment, nullable=False),
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
    Column("at", _Moment, nullable=False),
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

Index("ix_lead_status_published", lead.c.status, lead.c.published)
# Bodies of leads are long: counting them by source must not read through them.
Index("ix_lead_source_published", lead.c.source, lead.c.published)

# Who may sign in. role: lecteur, analyste, responsable, administrateur. password: argon2id, "" for
# those who have none yet or whose provider asks it. totp: secret of the one-time codes, sealed with
# the key of the site, "" before enrolment. totp_step: the last step of thirty seconds whose code
# served. issuer, subject: who the provider (OpenID Connect) says it is; null for a local account.
# invitation: SHA-256 of the token of the link by which a password is chosen.
account = Table(
    "account",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("login", String(80), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("password", Text, nullable=False),
    Column("totp", Text, nullable=False),
    Column("totp_step", BigInteger, nullable=False),
    Column("issuer", String(500)),
    Column("subject", String(255)),
    Column("invitation", String(64), unique=True),
    Column("invited_until", _Moment),
    Column("disabled", _Moment),
    Column("created", _Moment, nullable=False),
    UniqueConstraint("issuer", "subject"),
)

# Codes that stand for the telephone when it is lost; each serves once.
recovery_code = Table(
    "recovery_code",
    metadata,
    Column("account", BigInteger, ForeignKey("account.id"), primary_key=True),
    Column("hash", String(64), primary_key=True),
    Column("used", _Moment),
)

# What a cookie opens. hash: SHA-256 of its token. step: "open" once signed in, before that what is
# still asked: "code", "enrolment". sealed: the secret being enrolled, sealed.
session = Table(
    "session",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("account", BigInteger, ForeignKey("account.id"), nullable=False, index=True),
    Column("step", String(10), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("started", _Moment, nullable=False),
    Column("seen", _Moment, nullable=False),
    Column("expires", _Moment, nullable=False),
)

# Failures of those who sign in. key: keyed hash of a login or an address, so that neither is kept.
throttle = Table(
    "throttle",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("last", _Moment, nullable=False),
    Column("until", _Moment),
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

# Keys of today and yesterday: what is hashed with one says nothing once it is deleted.
daily_key = Table(
    "daily_key",
    metadata,
    Column("day", Date, primary_key=True),
    Column("key", LargeBinary, nullable=False),
)

# What a visitor thinks of a lead. voter: hash of a random cookie. verdict: "" once withdrawn.
# network: keyed hash that dies with its day. changes: how often the voter changed it. counted:
# within the limits of abuse. source, rule, country, facts (codes and sectors, JSON): of the lead
# when the vote was cast; rule: what published it, "" when a person or its source's trust did.
vote = Table(
    "vote",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("lead", String(16), nullable=False),
    Column("voter", String(64), nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("first", _Moment, nullable=False),
    Column("at", _Moment, nullable=False),
    Column("changes", Integer, nullable=False),
    Column("counted", Boolean, nullable=False),
    Column("network", String(64), nullable=False),
    Column("source", String(80), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("country", String(2), nullable=False),
    Column("facts", Text, nullable=False),
    UniqueConstraint("lead", "voter"),
    Index("ix_vote_network_first", "network", "first"),
    Index("ix_vote_voter_first", "voter", "first"),
    Index("ix_vote_lead_first", "lead", "first"),
    Index("ix_vote_at", "at"),
    # What is asked at each transaction of an ingestion is read in the index alone.
    Index("ix_vote_source_verdict", "source", "verdict", "counted", "at"),
    Index("ix_vote_rule_verdict", "rule", "verdict", "counted", "at"),
    Index("ix_vote_verdict_lead", "verdict", "lead", "counted", "at"),
)

# Sources (and rules, « regle:3 ») that an analyst lets publish whatever the votes say, until a day.
lenience = Table(
    "lenience",
    metadata,
    Column("subject", String(80), primary_key=True),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", _Moment, nullable=False),
    Column("until", _Moment, nullable=False),
)

# A company that follows leads, without an account. token: SHA-256 of the secret of its page.
# active: when it last said something; it is erased some months after. email, consented: both or
# neither. network: as in vote.
follower = Table(
    "follower",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("company", Text, nullable=False),
    Column("siren", String(9), nullable=False),
    Column("email", Text, nullable=False),
    Column("consented", _Moment),
    Column("created", _Moment, nullable=False),
    Column("active", _Moment, nullable=False, index=True),
    Column("network", String(64), nullable=False, index=True),
)

# A company's interest in a lead. version: grows with each change. due: when to ask what came of it,
# null once it is over. title, source, country, sectors (JSON): of the lead at the time.
interest = Table(
    "interest",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("follower", BigInteger, ForeignKey("follower.id"), nullable=False),
    Column("lead", String(16), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", _Moment, nullable=False),
    Column("changed", _Moment, nullable=False),
    Column("due", Date, index=True),
    Column("source", String(80), nullable=False),
    Column("country", String(2), nullable=False),
    Column("sectors", Text, nullable=False),
    UniqueConstraint("follower", "lead"),
)

# What the company said of it, in order.
interest_event = Table(
    "interest_event",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("interest", BigInteger, ForeignKey("interest.id"), nullable=False, index=True),
    Column("at", _Moment, nullable=False),
    Column("state", String(12), nullable=False),
    Column("note", Text, nullable=False),
)
