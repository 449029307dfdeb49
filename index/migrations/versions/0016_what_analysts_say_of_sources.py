"""What analysts say of sources: words, frozen ones, corrected documents; leads typed by hand"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "lookup_added",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("meaning", sa.String(length=40), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "subject", "word", name=op.f("pk_lookup_added")),
    )
    op.create_table(
        "frozen_source",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_frozen_source")),
    )
    _documents()
    _typed()
    op.create_index("ix_quarantine_source_released", "quarantine", ["source", "released"])


def _documents() -> None:
    op.create_table(
        "mended_document",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("original", sa.String(length=64), nullable=False),
        sa.Column("copy", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [name], ["document.sha256"], name=op.f(f"fk_mended_document_{name}")
            )
            for name in ("original", "copy")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mended_document")),
    )
    op.create_index(op.f("ix_mended_document_original"), "mended_document", ["original"])
    op.create_table(
        "rereading",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=True),
        sa.Column("finished", _MOMENT, nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rereading")),
    )
    op.create_index(op.f("ix_rereading_source"), "rereading", ["source"])


def _typed() -> None:
    op.create_table(
        "typed_lead",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("changed", _MOMENT, nullable=False),
        sa.Column("expires", sa.Date(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_typed_lead")),
    )
    op.create_index("ix_typed_lead_state_changed", "typed_lead", ["state", "changed"])
    op.create_table(
        "typed_version",
        sa.Column("typed", _ID, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["typed"], ["typed_lead.id"], name=op.f("fk_typed_version_typed")),
        sa.PrimaryKeyConstraint("typed", "version", name=op.f("pk_typed_version")),
    )


def downgrade() -> None:
    op.drop_index("ix_quarantine_source_released", "quarantine")
    for name in (
        "typed_version", "typed_lead", "rereading", "mended_document", "frozen_source",
        "lookup_added",
    ):  # fmt: skip
        op.drop_table(name)
