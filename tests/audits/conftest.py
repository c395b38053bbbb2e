"""Memories for tests: SQLite and PostgreSQL, each with photos in a folder."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from audits.memories import Memory
from postgres import PostgresServer
from shelfwatch.audits.database import Database
from shelfwatch.audits.folder import FolderPhotos
from shelfwatch.audits.migrate import upgrade
from shelfwatch.audits.tables import Base


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with tables and no rows, to be copied."""
    file = tmp_path_factory.mktemp("tables") / "tables.db"
    with contextlib.closing(Database(f"sqlite:///{file}")) as database:
        upgrade(database)
    return file


@pytest.fixture(scope="session")
def postgres_tables(postgres: PostgresServer) -> str:
    """The address of a PostgreSQL database with tables."""
    url = postgres.make("tables")
    with contextlib.closing(Database(url)) as database:
        upgrade(database)
    return url


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with tables and no rows. In PostgreSQL it is one database: making one is slow."""
    if kind == "sqlite":
        file = tmp_path / "shelfwatch.db"
        shutil.copyfile(request.getfixturevalue("sqlite_tables"), file)
        return f"sqlite:///{file}"
    address: str = request.getfixturevalue("postgres_tables")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {', '.join(Base.metadata.tables)}")
    return address


@pytest.fixture
def memory(url: str, tmp_path: Path) -> Iterator[Memory]:
    """A memory with nothing in it."""
    with contextlib.closing(Database(url, patience_seconds=5)) as database:
        yield Memory(database, FolderPhotos(tmp_path / "photos"))
