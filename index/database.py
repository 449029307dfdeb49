"""Opening the record: SQLite in WAL mode or PostgreSQL, brought to the last migration."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

# Any number of ours: it names the lock under which one process migrates and others wait.
MIGRATION_LOCK = 7_237_841

DATABASES = ("sqlite", "postgresql")


class RecordError(Exception):
    """The record cannot be opened; the message is French and meant for people."""


def _sqlite_settings(connection: Any, _record: object) -> None:
    # Transactions are opened by _sqlite_begin, not by the driver's own guess.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        # FULL: a commit that was acknowledged survives a power cut, not only a kill.
        "synchronous=FULL",
        # In a large record a transaction of 500 notices changes some 4,000 pages of 4 kB. With
        # 8 MB fewer are written twice; with a journal of 32 MB not each commit copies them over.
        "cache_size=-8000",
        "wal_autocheckpoint=8000",
        "busy_timeout=30000",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    # A reader that turns writer in mid-transaction fails at once when another wrote meanwhile;
    # writers therefore say so from the start.
    mode = "IMMEDIATE" if connection.get_execution_options().get("writes") else ""
    connection.exec_driver_sql(f"BEGIN {mode}")


def _create(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)
    event.listen(engine, "connect", _sqlite_settings)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _is_current(engine: Engine, config: Config) -> bool:
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current == ScriptDirectory.from_config(config).get_current_head()


def _upgrade(connection: Connection, config: Config) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": MIGRATION_LOCK})
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _address(url: str) -> URL:
    # What cannot be parsed is not repeated: it may hold a password.
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise RecordError(
            "Le registre ne peut pas être ouvert : DATABASE_URL n'est pas l'adresse d'une base"
            " (exemple : postgresql://utilisateur@serveur/base)."
        ) from error
    if address.get_backend_name() not in DATABASES:
        raise RecordError(
            f"Le registre {address.render_as_string()} ne peut pas être ouvert : "
            "seuls SQLite et PostgreSQL sont admis."
        )
    return address


def _cause(error: Exception, address: URL) -> str:
    if isinstance(error, ImportError):
        driver = "psycopg[binary]" if address.get_backend_name() == "postgresql" else error.name
        return f"son pilote manque (pip install {driver})."
    cause = next(iter(str(error).splitlines()), type(error).__name__)
    if isinstance(error, CommandError):
        return f"une autre version de Débouchés l'a écrit ({cause})."
    return cause


def open_record(url: str, create: Callable[[str], Engine] = _create) -> Engine:
    """Engine on an up-to-date record. Raises RecordError when it cannot be reached."""
    address = _address(url)
    try:
        engine = create(url)
        config = _config()
        if not _is_current(engine, config):
            with engine.connect().execution_options(writes=True) as connection, connection.begin():
                _upgrade(connection, config)
    except (SQLAlchemyError, CommandError, ImportError, OSError, ValueError) as error:
        shown = address.render_as_string(hide_password=True)
        cause = _cause(error, address)
        raise RecordError(f"Le registre {shown} ne peut pas être ouvert : {cause}") from error
    return engine
