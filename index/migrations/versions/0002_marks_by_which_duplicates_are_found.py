"""Marks by which duplicates are found, why notices joined, and what is never to be joined"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notice", sa.Column("joined", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "lead_signature",
        sa.Column("signature", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lead", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("managed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("signature", "lead", "source", name=op.f("pk_lead_signature")),
    )
    with op.batch_alter_table("lead_signature", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lead_signature_lead"), ["lead"], unique=False)

    op.create_table(
        "distinct_notice",
        sa.Column("one", sa.String(length=16), nullable=False),
        sa.Column("other", sa.String(length=16), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_distinct_notice")),
    )
    with op.batch_alter_table("distinct_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_distinct_notice_other"), ["other"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("distinct_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_distinct_notice_other"))

    op.drop_table("distinct_notice")
    with op.batch_alter_table("lead_signature", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lead_signature_lead"))

    op.drop_table("lead_signature")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_column("joined")
