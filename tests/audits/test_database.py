"""The database: what it promises, and what it says when it is away."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from audits.memories import Memory
from audits.workers import CONTEXT, start_up
from postgres import NotInstalledError, PostgresServer
from shelfwatch.audits.database import Database
from shelfwatch.audits.errors import DatabaseUnavailableError, InvalidError, StorageFullError
from shelfwatch.audits.folder import FolderPhotos
from shelfwatch.audits.migrate import require, upgrade
from shelfwatch.audits.prune import sweep
from shelfwatch.audits.read import Filter, list_audits


@pytest.mark.parametrize("url", ["", "mysql://host/name", "sqlite://", "sqlite:///:memory:", "http://user:pw@host"])
def test_an_address_of_another_kind_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(InvalidError) as error:
        Database(url)
    assert "pw" not in str(error.value)


def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InvalidError, match=r"shelfwatch\[postgres\]"):
        Database("postgresql://host/name")


def test_a_commit_has_reached_the_disk(url: str) -> None:
    with contextlib.closing(Database(url)) as database, database.read() as session:
        if database.embedded:
            assert session.scalar(text("PRAGMA journal_mode")) == "wal"
            assert session.scalar(text("PRAGMA synchronous")) == 2  # FULL
            assert session.scalar(text("PRAGMA foreign_keys")) == 1
        else:
            assert session.scalar(text("SHOW synchronous_commit")) == "on"
            assert session.scalar(text("SHOW timezone")) == "UTC"


def test_a_reader_sees_one_state_while_others_write(memory: Memory) -> None:
    memory.record(1)
    with memory.database.read() as session:
        before = session.scalar(text("SELECT count(*) FROM audits"))
        memory.record(2)
        assert session.scalar(text("SELECT count(*) FROM audits")) == before == 1
    assert len(list_audits(memory.database, Filter()).items) == 2


def test_many_writers_wait_for_each_other(memory: Memory) -> None:
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda number: memory.record(number, bay=f"Bay {number % 3}"), range(36)))
    assert len(list_audits(memory.database, Filter(), limit=100).items) == 36


def test_processes_that_start_together_make_the_tables_once(empty: str) -> None:
    barrier = CONTEXT.Barrier(4)
    processes = [CONTEXT.Process(target=start_up, args=(empty, barrier)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    with contextlib.closing(Database(empty)) as database:
        require(database)


def test_a_locked_file_is_told_and_recovers(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'shelfwatch.db'}", patience_seconds=0.2)
    upgrade(database)
    memory = Memory(database, FolderPhotos(tmp_path / "photos"))
    memory.record(1)
    with contextlib.closing(sqlite3.connect(tmp_path / "shelfwatch.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailableError, match="SQLITE_BUSY"):
            memory.record(2)
        assert len(list_audits(database, Filter()).items) == 1  # reading goes on
        other.execute("ROLLBACK")
    memory.record(2)
    assert sweep(database, memory.photos) == 0  # the claim of the first attempt is all that was left
    assert len(memory.files()) == 2


def test_a_server_that_stops_is_told_and_recovers(tmp_path: Path) -> None:
    try:
        server = PostgresServer()
    except NotInstalledError as error:
        pytest.skip(str(error))
    try:
        memory = Memory(Database(server.url(), patience_seconds=2), FolderPhotos(tmp_path))
        memory.check()
        memory.record(1)
        server.stop()
        for use in (memory.check, lambda: memory.record(2), lambda: list_audits(memory.database, Filter())):
            with pytest.raises(DatabaseUnavailableError):
                use()
        assert len(memory.files()) == 1  # no photo was written for an audit that could not be
        server.start()
        memory.check()
        memory.record(2)
        assert len(list_audits(memory.database, Filter()).items) == 2
    finally:
        memory.close()
        server.close()


def test_a_server_that_was_never_there_is_waited_for_no_longer_than_said() -> None:
    database = Database("postgresql://nobody:secret@127.0.0.1:9/none", patience_seconds=2)
    start = time.monotonic()
    with pytest.raises(DatabaseUnavailableError) as error:
        database.check()
    assert time.monotonic() - start < 10
    assert "secret" not in str(error.value)


def test_a_full_disk_is_told_and_nothing_is_left_behind(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'shelfwatch.db'}")
    upgrade(database)
    memory = Memory(database, FolderPhotos(tmp_path / "photos"))
    audit = memory.record(1)
    with database.connection() as connection:  # the one connection of the pool: no page more than now
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(StorageFullError):
        memory.record(2, note="x" * 2000, facings=200)
    with database.connection() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert [path.name for path in memory.files()] == [audit.photo]
    assert [item.id for item in list_audits(database, Filter()).items] == [audit.id]
    memory.record(2)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "shelfwatch.db").write_bytes(b"this is no database" * 1000)
    with pytest.raises(DatabaseUnavailableError, match="NOTADB"):
        upgrade(Database.in_folder(tmp_path))
