"""Bring the database's tables to what this version needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from shelfwatch.audits.database import Database
from shelfwatch.audits.errors import DatabaseUnavailableError

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 7_431_202  # PostgreSQL's advisory lock while tables change; any number no other program uses
LOCK_SECONDS = 300  # longest wait for another process that upgrades


def upgrade(database: Database) -> str:
    """Run the migrations that are missing; the revision the tables are at then.

    Processes that start together wait for the first one, in PostgreSQL by an advisory lock and in SQLite by its write
    lock. All is one transaction: an upgrade that breaks leaves the tables as they were. Raises
    `DatabaseUnavailableError`, also where a newer version has made the tables.
    """
    if database.file is not None:
        try:
            database.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUnavailableError(f"{database.file.parent} cannot be made: {error.strerror}.") from error
    with database.connection() as connection:
        if not database.embedded:
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config = _config(connection)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        found = _revision(connection)
        if found is not None and found not in known:
            raise DatabaseUnavailableError(
                f"A newer version of ShelfWatch made these tables (revision {found}). Run that version, or restore a "
                "backup made before it."
            )
        if found != newest():
            command.upgrade(config, "head")
        revision = _revision(connection)
    assert revision is not None
    return revision


def require(database: Database) -> None:
    """Return if the tables are those of this version; makes nothing. Raises `DatabaseUnavailableError`."""
    if database.file is not None and not database.file.exists():
        raise DatabaseUnavailableError(f"There is no database at {database.file}.")
    with database.connection() as connection:
        found = _revision(connection)
    if found != newest():
        raise DatabaseUnavailableError(
            f"The tables are at revision {found or 'none'}, this version needs {newest()}: run `shelfwatch db upgrade`."
        )


def newest() -> str:
    """The revision this version needs."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert head is not None
    return head


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
