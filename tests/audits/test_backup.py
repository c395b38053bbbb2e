"""Backups restore all of it, into either kind of database."""

from __future__ import annotations

import contextlib
import io
import json
import stat
import tarfile
from pathlib import Path

import pytest

from audits.memories import NOON, Memory
from shelfwatch.audits.backup import backup, restore
from shelfwatch.audits.bays import Expectations, set_expectations
from shelfwatch.audits.database import Database
from shelfwatch.audits.errors import BackupError, DatabaseUnavailableError
from shelfwatch.audits.folder import FolderPhotos
from shelfwatch.audits.read import Filter, get_audit, list_audits, list_bays, list_stores
from shelfwatch.audits.remove import delete
from shelfwatch.audits.remove import restore as undelete
from shelfwatch.audits.tables import Alert, AuditRow, Webhook
from shelfwatch.audits.verify import verify


@pytest.fixture
def full(memory: Memory) -> Memory:
    """A memory with something in every kind of column."""
    for number in range(3):
        memory.record(number, minutes=number, note="Größe\n„L“", key=f"key {number}", fill_rate=None if number else 0.5)
    memory.record(0, store="Ulm", taken_at=NOON.replace(microsecond=123456))
    set_expectations(memory.database, "Ulm", "Cereal", Expectations(20, 0.5, 10, 3, 2))
    with memory.database.write() as session:
        row = session.query(AuditRow).first()
        assert row is not None
        session.add(
            Alert(
                bay_id=row.bay_id, kind="gaps", status="open", threshold=1.5, value=2, since=NOON, opened_at=NOON,
                audit_id=row.id,
            )
        )  # fmt: skip
        session.add(Webhook(url="http://127.0.0.1/", secret="s", enabled=True, created_at=NOON))
    return memory


def everything(memory: Memory) -> list[object]:
    audits = [get_audit(memory.database, item.id) for item in list_audits(memory.database, Filter()).items]
    bays = [bay for store in list_stores(memory.database) for bay in list_bays(memory.database, store.store)]
    return [*audits, *bays, *list_stores(memory.database)]


@pytest.fixture
def other(tmp_path: Path, request: pytest.FixtureRequest, kind: str) -> Memory:
    """An empty memory on the other kind of database, or where there is none, on SQLite again."""
    if kind == "postgresql":
        url = f"sqlite:///{tmp_path / 'other.db'}"
    else:
        from postgres import PostgresServer

        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.make(f"other_{tmp_path.name[-20:]}")
    return Memory(Database(url), FolderPhotos(tmp_path / "other photos"))


def test_all_of_it_comes_back_in_the_other_database(full: Memory, other: Memory, tmp_path: Path) -> None:
    delete(full.database, list_audits(full.database, Filter()).items[0].id)
    done = backup(full.database, full.photos, tmp_path / "backup.tar")
    assert (done.rows["audits"], done.rows["alerts"], done.rows["webhooks"], done.photos) == (4, 1, 1, 3)
    assert stat.S_IMODE((tmp_path / "backup.tar").stat().st_mode) == 0o600
    assert restore(other.database, other.photos, tmp_path / "backup.tar") == done
    with contextlib.closing(other):
        assert everything(other) == everything(full)
        assert verify(other.database, other.photos).clean
        with other.database.read() as session:
            gone = session.query(AuditRow).filter(AuditRow.deleted_at.is_not(None)).one()
        undelete(other.database, gone.id)
        other.record(9)


def test_a_backup_without_photos_needs_their_store(full: Memory, tmp_path: Path) -> None:
    done = backup(full.database, full.photos, tmp_path / "rows.tar", with_photos=False)
    assert done.photos == 0
    target = Database(f"sqlite:///{tmp_path / 'target.db'}")
    restore(target, full.photos, tmp_path / "rows.tar")
    assert verify(target, full.photos).clean


def test_a_backup_replaces_no_file_and_is_restored_over_nothing(full: Memory, tmp_path: Path) -> None:
    backup(full.database, full.photos, tmp_path / "backup.tar")
    with pytest.raises(BackupError, match="exists"):
        backup(full.database, full.photos, tmp_path / "backup.tar")
    with pytest.raises(BackupError, match="already"):
        restore(full.database, full.photos, tmp_path / "backup.tar")
    with pytest.raises(DatabaseUnavailableError, match="no database"):
        backup(Database(f"sqlite:///{tmp_path / 'none.db'}"), full.photos, tmp_path / "none.tar")
    assert not (tmp_path / "none.db").exists()


def test_a_backup_that_fails_leaves_no_file(full: Memory, tmp_path: Path) -> None:
    full.files()[0].unlink()
    with pytest.raises(BackupError, match="not in the store"):
        backup(full.database, full.photos, tmp_path / "backup.tar")
    assert list(tmp_path.glob("*backup*")) == []


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_damaged_backup_restores_no_row(full: Memory, tmp_path: Path) -> None:
    backup(full.database, full.photos, tmp_path / "backup.tar")
    whole = (tmp_path / "backup.tar").read_bytes()
    with tarfile.open(tmp_path / "backup.tar") as tar:
        photo = next(member for member in tar if member.name.startswith("photos/"))
        rows = tar.getmember("rows/audits.jsonl")
    damaged = {
        "photo": whole[: photo.offset_data] + b"\0" + whole[photo.offset_data + 1 :],
        "short": whole[: photo.offset_data + 700],
        "no rows": whole[: rows.offset],
        "rows": whole[: rows.offset_data] + b"}" + whole[rows.offset_data + 1 :],
        "nothing": b"",
        "text": b"not a backup" * 1000,
        "newer": renamed(whole, "format", 2),
        "later": renamed(whole, "revision", "9999"),
    }
    for name, data in damaged.items():
        (tmp_path / "damaged.tar").write_bytes(data)
        target = Database(f"sqlite:///{tmp_path / name}.db")
        with pytest.raises(BackupError):
            restore(target, FolderPhotos(tmp_path / name), tmp_path / "damaged.tar")
        assert list_stores(target) == []


def renamed(whole: bytes, field: str, value: object) -> bytes:
    """A backup with another value in its manifest."""
    changed = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(whole)) as source, tarfile.open(fileobj=changed, mode="w") as target:
        for member in source:
            content = source.extractfile(member)
            assert content is not None
            data = content.read()
            if member.name == "manifest.json":
                data = json.dumps(json.loads(data) | {field: value}).encode()
                member.size = len(data)
            target.addfile(member, io.BytesIO(data))
    return changed.getvalue()
