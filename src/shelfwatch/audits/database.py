"""The database: SQLite embedded or PostgreSQL by its address, transactions, and errors that say what is wrong."""

from __future__ import annotations

import contextlib
import functools
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from shelfwatch.audits.errors import DatabaseUnavailableError, InvalidError, StorageFullError

FILE_NAME = "shelfwatch.db"  # the embedded database within the data folder
PATIENCE_SECONDS = 10.0  # longest wait for a connection, a lock or another writer
CONNECTIONS = 10  # kept open; as many again may be opened under load
DISK_FULL = "53100"  # PostgreSQL's SQLSTATE


class Database:
    """One database and its connections, for threads.

    `url` is SQLAlchemy's, `postgresql://user@host/name` or `sqlite:////folder/file`. Making one does not connect.
    Raises `InvalidError` for an address of another kind, or where its driver is not installed.
    """

    def __init__(self, url: str, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.url = _known(url)
        self.patience_seconds = patience_seconds
        self.embedded = self.url.get_backend_name() == "sqlite"
        self.file = Path(str(self.url.database)) if self.embedded else None
        arguments: dict[str, Any]
        if self.embedded:
            arguments = {"timeout": patience_seconds, "isolation_level": None}
        else:
            # A server that is gone without a word is noticed in that time too, not in the system's quarter of an hour.
            arguments = {
                "connect_timeout": max(2, round(patience_seconds)),
                "tcp_user_timeout": round(patience_seconds * 1000),
                "keepalives_idle": max(1, round(patience_seconds)),
                "keepalives_interval": 2,
                "keepalives_count": 3,
            }
        try:
            self.engine = create_engine(
                self.url,
                connect_args=arguments,
                pool_size=CONNECTIONS,
                max_overflow=CONNECTIONS,
                pool_timeout=patience_seconds,
                pool_pre_ping=not self.embedded,  # a restarted server is noticed before a query meets it
                json_serializer=functools.partial(json.dumps, separators=(",", ":"), allow_nan=False),
            )
        except ModuleNotFoundError as error:
            raise InvalidError(f"PostgreSQL needs {error.name}: pip install 'shelfwatch[postgres]'.") from error
        event.listen(self.engine, "connect", _prepare_sqlite if self.embedded else _prepare_postgresql)
        if self.embedded:
            event.listen(self.engine, "begin", _begin)
        else:
            event.listen(self.engine, "do_connect", _connect)
        self._writing = self.engine.execution_options(writes=True)
        self._turn = threading.Lock()

    @classmethod
    def in_folder(cls, folder: Path, patience_seconds: float = PATIENCE_SECONDS) -> Database:
        """The embedded database of a data folder."""
        return cls(URL.create("sqlite", database=str(folder / FILE_NAME)).render_as_string(), patience_seconds)

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database and changes nothing.

        Raises `DatabaseUnavailableError` or `StorageFullError` for whatever fails inside.
        """
        with self._spoken(), Session(self.engine, expire_on_commit=False) as session:
            if not self.embedded:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are durable once the block ends, and undone if it raises.

        Raises as `read`, and `sqlalchemy.exc.IntegrityError` where the changes break a constraint.
        """
        with self._spoken(), self._waited(), Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """As `write`, for statements about the database itself, which may take long."""
        with self._spoken(), self._waited(), self._writing.begin() as connection, _unhurried(connection):
            yield connection

    def check(self) -> None:
        """Return if the database answers. Raises `DatabaseUnavailableError`."""
        with self.read() as session:
            session.execute(text("SELECT 1 FROM alembic_version"))

    def check_writable(self) -> None:
        """Return if something could be written now; nothing is. Raises `DatabaseUnavailableError`.

        An embedded database that another process has locked can still be read; PostgreSQL locks rows, not databases.
        """
        if self.embedded:
            with self.write() as session:
                session.execute(text("SELECT 1 FROM alembic_version"))
        else:
            self.check()

    def close(self) -> None:
        """Close every connection; the next use opens new ones."""
        self.engine.dispose()

    @contextlib.contextmanager
    def _waited(self) -> Iterator[None]:
        """One writer at a time in an embedded database: SQLite's own waiting sleeps far longer than a write takes."""
        if not self.embedded:
            yield
            return
        if not self._turn.acquire(timeout=self.patience_seconds):
            raise DatabaseUnavailableError("The database is busy with other writers.")
        try:
            yield
        finally:
            self._turn.release()

    @contextlib.contextmanager
    def _spoken(self) -> Iterator[None]:
        """Errors of the driver in words of our own. They name neither the statement nor its values."""
        try:
            yield
        except (IntegrityError, DataError):
            raise
        except DBAPIError as error:
            cause = error.orig
            if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or _state(cause) == DISK_FULL:
                raise StorageFullError("The disk behind the database is full.") from error
            name = getattr(cause, "sqlite_errorname", None) or _state(cause) or type(cause).__name__
            raise DatabaseUnavailableError(f"The database does not answer as it should ({name}).") from error
        except PoolTimeoutError as error:
            raise DatabaseUnavailableError("Every connection to the database is in use.") from error


def _known(url: str) -> URL:
    """The parsed address with the driver we use. The message shows no part of it: it may hold a password."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError):
        backend = ""
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and parsed.database not in {None, "", ":memory:"}:
        return parsed
    raise InvalidError("A database address begins with postgresql:// or sqlite:///, and an SQLite one names a file.")


def _state(cause: BaseException | None) -> str | None:
    """PostgreSQL's five characters that say what went wrong."""
    return getattr(cause, "sqlstate", None)


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Readers beside a writer, and a commit that has reached the disk when it returns."""
    cursor = connection.cursor()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            # Processes that open a new file together meet here, and SQLite does not wait for this one statement.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _prepare_postgresql(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """The same durability whatever the server's default, and no endless wait for a lock."""
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SET synchronous_commit = on")
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute(f"SET lock_timeout = {round(PATIENCE_SECONDS * 1000)}")
    connection.commit()


def _connect(_: Dialect, __: ConnectionPoolEntry, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A connection that does not wait for ever."""
    from shelfwatch.audits.patient import PatientConnection  # the driver is installed on demand

    return PatientConnection.connect(*arguments, **options)


@contextlib.contextmanager
def _unhurried(connection: Connection) -> Iterator[None]:
    """Statements may take long meanwhile."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        yield
        return
    from shelfwatch.audits.patient import SILENCE_SECONDS, UPKEEP_SECONDS

    driver.silence_seconds = UPKEEP_SECONDS
    try:
        yield
    finally:
        driver.silence_seconds = SILENCE_SECONDS


def _begin(connection: Connection) -> None:
    """Begin by our own statement: the driver's would come late, and a late writer fails where it could have waited."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def dialect_of(session: Session) -> str:
    """`sqlite` or `postgresql`."""
    bind = session.get_bind()
    assert isinstance(bind, Engine | Connection)
    return bind.dialect.name
