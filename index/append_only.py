"""Tables whose rows are written once: the database itself refuses to change or remove them."""

from sqlalchemy import Connection, text

_SQLITE = """
CREATE TRIGGER {table}_{verb}_refused BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_FUNCTION = """
CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
_POSTGRESQL = """
CREATE TRIGGER {table}_change_refused BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()
"""


def protect(connection: Connection, table: str) -> None:
    """From now on UPDATE and DELETE on the table fail with IntegrityError. table: a name of ours,
    never one that was received."""
    if connection.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            connection.execute(text(_SQLITE.format(table=table, verb=verb)))
        return
    for statement in (_FUNCTION, _POSTGRESQL):
        connection.execute(text(statement.format(table=table)))


def release(connection: Connection, table: str) -> None:
    """Undo ``protect``, for the table to be dropped."""
    if connection.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            connection.execute(text(f"DROP TRIGGER {table}_{verb}_refused"))
        return
    connection.execute(text(f"DROP TRIGGER {table}_change_refused ON {table}"))
    connection.execute(text(f"DROP FUNCTION {table}_append_only"))
