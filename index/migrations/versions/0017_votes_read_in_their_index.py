"""Votes by source, rule and lead, read in the index alone"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_vote_source_verdict", "vote", ["source", "verdict", "counted", "at"])
    op.create_index("ix_vote_rule_verdict", "vote", ["rule", "verdict", "counted", "at"])
    op.create_index("ix_vote_verdict_lead", "vote", ["verdict", "lead", "counted", "at"])


def downgrade() -> None:
    for name in ("source_verdict", "rule_verdict", "verdict_lead"):
        op.drop_index(f"ix_vote_{name}", "vote")
