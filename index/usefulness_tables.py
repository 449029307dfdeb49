"""The record's tables, continued: what visitors say of leads, and companies that follow them."""

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
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("lead", String(16), nullable=False),
    Column("voter", String(64), nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("first", Moment, nullable=False),
    Column("at", Moment, nullable=False),
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
    Column("at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
)

# A company that follows leads, without an account. token: SHA-256 of the secret of its page.
# active: when it last said something; it is erased some months after. email, consented: both or
# neither. network: as in vote.
follower = Table(
    "follower",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("company", Text, nullable=False),
    Column("siren", String(9), nullable=False),
    Column("email", Text, nullable=False),
    Column("consented", Moment),
    Column("created", Moment, nullable=False),
    Column("active", Moment, nullable=False, index=True),
    Column("network", String(64), nullable=False, index=True),
)

# A company's interest in a lead. version: grows with each change. due: when to ask what came of it,
# null once it is over. title, source, country, sectors (JSON): of the lead at the time.
interest = Table(
    "interest",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("follower", BigInteger, ForeignKey("follower.id"), nullable=False),
    Column("lead", String(16), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("changed", Moment, nullable=False),
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
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("interest", BigInteger, ForeignKey("interest.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("state", String(12), nullable=False),
    Column("note", Text, nullable=False),
)
