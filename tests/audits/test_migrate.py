"""Tables come to be by migrations, and databases of every earlier version are brought along."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from shelfwatch.audits.alerts import list_alerts
from shelfwatch.audits.audit import time_text
from shelfwatch.audits.bays import Expectations, set_expectations
from shelfwatch.audits.corrections import get_correction
from shelfwatch.audits.database import Database
from shelfwatch.audits.errors import DatabaseUnavailableError
from shelfwatch.audits.feedback import list_feedback
from shelfwatch.audits.migrate import MIGRATIONS, newest, require, upgrade
from shelfwatch.audits.outbox import list_deliveries
from shelfwatch.audits.read import Filter, get_audit, get_bay, list_audits
from shelfwatch.audits.remove import restore
from shelfwatch.audits.tables import Base
from shelfwatch.audits.tasks import list_tasks
from shelfwatch.audits.verdicts import take_back

DATA = Path(__file__).parent / "data"
REVISIONS = sorted(script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions())


def test_the_migrations_make_the_tables_that_the_code_knows(url: str) -> None:
    with contextlib.closing(Database(url)) as database, database.connection() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_upgrading_twice_changes_nothing(empty: str) -> None:
    with contextlib.closing(Database(empty)) as database:
        assert upgrade(database) == upgrade(database) == newest()


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_each_version_is_upgraded(empty: str, kind: str, revision: str) -> None:
    """Where the file is missing: `scripts/make_migration_fixture.py` writes it once the migration is there."""
    dump = (DATA / f"{revision}.{kind}.sql").read_text()
    if kind == "sqlite":
        with contextlib.closing(sqlite3.connect(empty.removeprefix("sqlite:///"))) as connection:
            connection.executescript(dump)
    else:
        with psycopg.connect(empty) as connection:
            connection.execute(dump.encode())
    with contextlib.closing(Database(empty)) as database:
        assert upgrade(database) == newest()
        audits = [get_audit(database, audit.id) for audit in list_audits(database, Filter()).items]
        assert [(audit.store, audit.bay) for audit in audits] == [("Ulm", "Größe „L“"), ("Berlin 1", "Cereal")]
        assert (audits[1].note, audits[1].facings, audits[1].fill_rate) == ("two doors open", 1, 0.5)
        assert audits[1].detections is not None
        assert audits[1].detections[0]["box"] == [1.0, 2.0, 3.0, 4.0]
        bay = get_bay(database, "Berlin 1", "Cereal")
        assert bay.latest is not None
        assert (bay.latest.id, bay.expectations.expected_facings) == (audits[1].id, 12)
        with database.read() as session:
            deleted = (
                session.connection().exec_driver_sql("SELECT id FROM audits WHERE deleted_at IS NOT NULL").scalar()
            )
        restore(database, str(deleted))
        assert len(list_audits(database, Filter()).items) == 3
        if revision >= "0002":
            [alert] = list_alerts(database, "open", "Ulm").items
            assert (alert.kind, alert.value, alert.threshold) == ("fill_rate", 0.5, 0.6)
            assert [said.who for said in list_feedback(database, alert.id)] == ["Ada"]
            assert alert.id in [delivery.alert_id for delivery in list_deliveries(database, "pending")]
        if revision >= "0003":
            correction = get_correction(database, audits[0].id)
            assert (correction.who, correction.changes["moved"]) == ("Bo", 1)
            [task] = list_tasks(database, "Berlin 1", kind="gap").items
            assert time_text(task.since) == "2026-03-01T12:00:00.000000Z"
            assert list_tasks(database, "Ulm", kind="gap").items == []
            take_back(database, f"gap-{audits[0].id}-0")
            assert len(list_tasks(database, "Ulm", kind="gap").items) == 1
        set_expectations(database, "Berlin 1", "Cereal", Expectations(min_fill_rate=0.6))
        assert len(list_alerts(database, "open", "Berlin 1").items) == 1


def test_tables_of_a_newer_version_are_left_alone(empty: str) -> None:
    with contextlib.closing(Database(empty)) as database:
        upgrade(database)
        with database.connection() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        for use in (upgrade, require):
            with pytest.raises(DatabaseUnavailableError, match="9999"):
                use(database)


def test_an_upgrade_that_breaks_leaves_the_tables_as_they_were(empty: str) -> None:
    with contextlib.closing(Database(empty)) as database:
        with database.connection() as connection:
            connection.exec_driver_sql("CREATE TABLE deliveries (mine INTEGER)")  # the last table it makes
        with pytest.raises(DatabaseUnavailableError):
            upgrade(database)
        with pytest.raises(DatabaseUnavailableError, match="revision none"):
            require(database)
        with database.connection() as connection:
            connection.exec_driver_sql("DROP TABLE deliveries")
        assert upgrade(database) == newest()


def test_a_place_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DatabaseUnavailableError, match="cannot be made"):
        upgrade(Database.in_folder(tmp_path / "file" / "data"))
