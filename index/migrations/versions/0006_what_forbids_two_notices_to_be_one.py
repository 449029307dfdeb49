"""Country and deadline beside the marks by which duplicates are found"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    country = sa.Column("country", sa.String(length=2), server_default="", nullable=False)
    op.add_column("lead_signature", country)
    op.add_column("lead_signature", sa.Column("deadline", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("lead_signature", schema=None) as batch_op:
        batch_op.drop_column("deadline")
        batch_op.drop_column("country")
