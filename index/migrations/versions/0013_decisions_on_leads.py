"""Decisions on leads, their queue, the rules, and who took a lead over"""

import json

import sqlalchemy as sa
from alembic import op

from index.append_only import protect, release

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "review",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("lead", sa.String(length=16), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_lead"), "review", ["lead"])
    protect(op.get_bind(), "review")
    heir = op.create_table(
        "heir",
        sa.Column("lost", sa.String(length=16), nullable=False),
        sa.Column("kept", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("lost", name=op.f("pk_heir")),
    )
    op.create_index(op.f("ix_heir_kept"), "heir", ["kept"])
    waiting = op.create_table(
        "waiting",
        sa.Column("lead", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("doubt", sa.Float(), nullable=False),
        sa.Column("deadline", _MOMENT, nullable=True),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lead", name=op.f("pk_waiting")),
    )
    op.create_index(op.f("ix_waiting_doubt"), "waiting", ["doubt"])
    op.create_table(
        "rule",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule")),
    )
    _fill(op.get_bind(), heir, waiting)


def _fill(connection: sa.Connection, heir: sa.Table, waiting: sa.Table) -> None:
    """Leads merged, and leads that wait, before these tables were. Why they wait is said when one
    of their notices, or a decision, makes them anew."""
    lead = sa.table("lead", *map(sa.column, ("id", "status", "source", "country", "body")))
    bodies = connection.execute(sa.select(lead.c.body).where(lead.c.status == "withdrawn"))
    withdrawn = [json.loads(body) for body in bodies.scalars()]
    rows = [
        {"lost": one["id"], "kept": one["merged_into"]} for one in withdrawn if one["merged_into"]
    ]
    if rows:
        connection.execute(sa.insert(heir), rows)
    columns = [lead.c.id, lead.c.status, lead.c.source, lead.c.country]
    rest = [sa.literal(0.5), sa.literal(" "), sa.literal("[]")]
    proposed = sa.select(*columns, *rest).where(lead.c.status == "proposed")
    names = ["lead", "status", "source", "country", "doubt", "tags", "reasons"]
    connection.execute(sa.insert(waiting).from_select(names, proposed))


def downgrade() -> None:
    op.drop_table("rule")
    op.drop_table("waiting")
    op.drop_table("heir")
    release(op.get_bind(), "review")
    op.drop_table("review")
