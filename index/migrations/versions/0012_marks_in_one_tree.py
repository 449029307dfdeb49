"""Marks by which duplicates are found in one tree of SQLite, not two"""

from alembic import op

revision = "0012"
down_revision = "0008"
branch_labels = None
depends_on = None

_TABLE = """
CREATE TABLE lead_signature (
    signature BIGINT NOT NULL,
    lead VARCHAR(16) NOT NULL,
    source VARCHAR(80) NOT NULL,
    managed BOOLEAN NOT NULL,
    country VARCHAR(2) DEFAULT '' NOT NULL,
    deadline INTEGER,
    CONSTRAINT pk_lead_signature PRIMARY KEY (signature, lead, source)
) """


def upgrade() -> None:
    _made_again("WITHOUT ROWID")


def downgrade() -> None:
    _made_again("")


def _made_again(how: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.rename_table("lead_signature", "lead_signature_before")
    op.drop_index("ix_lead_signature_lead", "lead_signature_before")
    op.execute(_TABLE + how)
    op.execute(
        "INSERT INTO lead_signature SELECT signature, lead, source, managed, country, deadline"
        " FROM lead_signature_before ORDER BY signature, lead, source"
    )
    op.drop_table("lead_signature_before")
    op.create_index("ix_lead_signature_lead", "lead_signature", ["lead"])
