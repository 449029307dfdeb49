"""Partners, their keys, and the demands that they submit"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "idempotent",
        sa.Column("partner", sa.String(length=80), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("lot", sa.BigInteger(), nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("partner", "sandbox", "key", name=op.f("pk_idempotent")),
    )
    op.create_table(
        "partner",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("per_day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_partner")),
    )
    op.create_table(
        "partner_day",
        sa.Column("partner", sa.String(length=80), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "sandbox", "day", name=op.f("pk_partner_day")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("partner", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.Column("revoked", _MOMENT, nullable=True),
        sa.Column("used", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["partner"], ["partner.name"], name=op.f("fk_api_key_partner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    op.create_index(op.f("ix_api_key_partner"), "api_key", ["partner"], unique=False)
    op.create_table(
        "submission",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("partner", sa.String(length=80), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("changed", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["partner"], ["partner.name"], name=op.f("fk_submission_partner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint(
            "partner", "sandbox", "reference", name=op.f("uq_submission_partner_sandbox_reference")
        ),
    )
    op.create_table(
        "submission_lot",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("partner", sa.String(length=80), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(length=12), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("received", _MOMENT, nullable=False),
        sa.Column("touched", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["partner"], ["partner.name"], name=op.f("fk_submission_lot_partner")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_lot")),
    )
    op.create_table(
        "submission_line",
        sa.Column("lot", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lot"], ["submission_lot.id"], name=op.f("fk_submission_line_lot")
        ),
        sa.PrimaryKeyConstraint("lot", "n", name=op.f("pk_submission_line")),
    )
    op.create_table(
        "submission_version",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("submission", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("partner", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=12), nullable=False),
        sa.Column("document", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("lot", sa.BigInteger(), nullable=True),
        sa.Column("received", _MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("taken", _MOMENT, nullable=True),
        sa.Column("done", _MOMENT, nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("searchable", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["submission"], ["submission.id"], name=op.f("fk_submission_version_submission")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_version")),
        sa.UniqueConstraint(
            "submission", "version", name=op.f("uq_submission_version_submission_version")
        ),
    )
    op.create_index(
        "ix_submission_version_unseen",
        "submission_version",
        ["id"],
        unique=False,
        sqlite_where=sa.text("searchable IS NULL"),
        postgresql_where=sa.text("searchable IS NULL"),
    )
    op.create_index(
        "ix_submission_version_waiting",
        "submission_version",
        ["partner", "id"],
        unique=False,
        sqlite_where=sa.text("done IS NULL"),
        postgresql_where=sa.text("done IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_submission_version_waiting", table_name="submission_version")
    op.drop_index("ix_submission_version_unseen", table_name="submission_version")
    op.drop_table("submission_version")
    op.drop_table("submission_line")
    op.drop_table("submission_lot")
    op.drop_table("submission")
    op.drop_index(op.f("ix_api_key_partner"), table_name="api_key")
    op.drop_table("api_key")
    op.drop_table("partner_day")
    op.drop_table("partner")
    op.drop_table("idempotent")
