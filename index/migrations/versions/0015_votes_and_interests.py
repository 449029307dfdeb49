"""Votes on leads, interests of companies and what came of them"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _votes()
    _interests()


def _votes() -> None:
    op.create_table(
        "daily_key",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_daily_key")),
    )
    op.create_table(
        "vote",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("lead", sa.String(length=16), nullable=False),
        sa.Column("voter", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("first", _MOMENT, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote")),
        sa.UniqueConstraint("lead", "voter", name=op.f("uq_vote_lead_voter")),
    )
    op.create_index("ix_vote_network_first", "vote", ["network", "first"])
    op.create_index("ix_vote_voter_first", "vote", ["voter", "first"])
    op.create_index("ix_vote_lead_first", "vote", ["lead", "first"])
    op.create_index("ix_vote_at", "vote", ["at"])
    op.create_table(
        "lenience",
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_lenience")),
    )


def _interests() -> None:
    op.create_table(
        "follower",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("siren", sa.String(length=9), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("consented", _MOMENT, nullable=True),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("active", _MOMENT, nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follower")),
        sa.UniqueConstraint("token", name=op.f("uq_follower_token")),
    )
    op.create_index(op.f("ix_follower_active"), "follower", ["active"])
    op.create_index(op.f("ix_follower_network"), "follower", ["network"])
    op.create_table(
        "interest",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("follower", sa.BigInteger(), nullable=False),
        sa.Column("lead", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("changed", _MOMENT, nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("sectors", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["follower"], ["follower.id"], name=op.f("fk_interest_follower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interest")),
        sa.UniqueConstraint("follower", "lead", name=op.f("uq_interest_follower_lead")),
    )
    op.create_index(op.f("ix_interest_lead"), "interest", ["lead"])
    op.create_index(op.f("ix_interest_due"), "interest", ["due"])
    op.create_table(
        "interest_event",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("interest", sa.BigInteger(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interest"], ["interest.id"], name=op.f("fk_interest_event_interest")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interest_event")),
    )
    op.create_index(op.f("ix_interest_event_interest"), "interest_event", ["interest"])


def downgrade() -> None:
    for name in ("interest_event", "interest", "follower", "lenience", "vote", "daily_key"):
        op.drop_table(name)
