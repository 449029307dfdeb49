"""Index by which the leads of each source are counted and the newest one found"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_lead_source", table_name="lead")
    op.create_index("ix_lead_source_published", "lead", ["source", "published"])


def downgrade() -> None:
    op.drop_index("ix_lead_source_published", table_name="lead")
    op.create_index("ix_lead_source", "lead", ["source"])
