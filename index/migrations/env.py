"""Alembic's entry: it runs on the connection that ``index.database`` hands over."""

from alembic import context

from index import (  # noqa: F401 - their tables join those of index.tables
    account_tables,
    curation_tables,
    submission_tables,
    usefulness_tables,
)
from index.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
