"""The record's tables, continued: who signs in."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from index.tables import Id, Moment, metadata

# Who may sign in. role: lecteur, analyste, responsable, administrateur. password: argon2id, "" for
# those who have none yet or whose provider asks it. totp: secret of the one-time codes, sealed with
# the key of the site, "" before enrolment. totp_step: the last step of thirty seconds whose code
# served. issuer, subject: who the provider (OpenID Connect) says it is; null for a local account.
# invitation: SHA-256 of the token of the link by which a password is chosen.
account = Table(
    "account",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
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
    Column("invited_until", Moment),
    Column("disabled", Moment),
    Column("created", Moment, nullable=False),
    UniqueConstraint("issuer", "subject"),
)

# Codes that stand for the telephone when it is lost; each serves once.
recovery_code = Table(
    "recovery_code",
    metadata,
    Column("account", BigInteger, ForeignKey("account.id"), primary_key=True),
    Column("hash", String(64), primary_key=True),
    Column("used", Moment),
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
    Column("started", Moment, nullable=False),
    Column("seen", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
)

# Failures of those who sign in. key: keyed hash of a login or an address, so that neither is kept.
throttle = Table(
    "throttle",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("last", Moment, nullable=False),
    Column("until", Moment),
)
