"""Backups: one tar file of rows as JSON lines and photos, which either kind of database can be restored from."""

from __future__ import annotations

import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Table, func, insert, select
from sqlalchemy.orm import Session

from shelfwatch.audits.audit import time_text
from shelfwatch.audits.database import Database
from shelfwatch.audits.errors import BackupError, NotFoundError
from shelfwatch.audits.migrate import newest, require, upgrade
from shelfwatch.audits.photos import NAME, PhotoStore, digest
from shelfwatch.audits.tables import Base, Store, StoredPhoto, UtcDateTime

FORMAT = 1  # of the tar file; another number is refused
ROWS = 500  # read or inserted at once
MANIFEST = "manifest.json"

Progress = Callable[[int, int], None]  # photos done, photos in all


@dataclass(frozen=True)
class Backup:
    """What a backup holds."""

    rows: dict[str, int]
    photos: int


def backup(
    database: Database,
    photos: PhotoStore,
    target: Path,
    *,
    with_photos: bool = True,
    progress: Progress = lambda done, total: None,
) -> Backup:
    """Write everything to a new tar file, which appears as a whole; the service may go on recording meanwhile.

    The rows are those of one moment. Without photos it holds the rows only, for a bucket that is backed up elsewhere.
    Raises `BackupError`, `UnavailableError`.
    """
    if target.exists():
        raise BackupError(f"{target} exists: name a new file.")
    require(database)
    with _written(target) as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        spooled: dict[str, IO[bytes]] = {}
        counts: dict[str, int] = {}
        with database.read() as session:
            for table in Base.metadata.sorted_tables:
                spooled[table.name], counts[table.name] = _spool(session, table, target.parent)
            names = (
                session.scalars(select(StoredPhoto.sha256).order_by(StoredPhoto.sha256)).all() if with_photos else []
            )
        manifest = {
            "format": FORMAT,
            "revision": newest(),
            "made_at": time_text(datetime.now(UTC)),
            "rows": counts,
            "photos": len(names) if with_photos else None,
        }
        _add(tar, MANIFEST, json.dumps(manifest, indent=2).encode())
        for done, sha256 in enumerate(names, 1):
            try:
                data = photos.read(sha256)
            except NotFoundError:
                raise BackupError(
                    f"Photo {sha256} is not in the store: if `shelfwatch db prune` ran meanwhile, run the backup "
                    "again, else see `shelfwatch db verify`."
                ) from None
            _add(tar, f"photos/{sha256}", data)
            progress(done, len(names))
        for name, lines in spooled.items():
            size = lines.seek(0, io.SEEK_END)
            lines.seek(0)
            _add(tar, f"rows/{name}.jsonl", lines, size)
            lines.close()
    return Backup(counts, len(names))


def restore(
    database: Database, photos: PhotoStore, source: Path, *, progress: Progress = lambda done, total: None
) -> Backup:
    """Fill an empty database, of either kind, and a photo store from a backup: all rows or none.

    Raises `BackupError` for a file that is none, is damaged or is of a newer version, or where there are rows already;
    `UnavailableError`.
    """
    upgrade(database)
    with database.read() as session:
        if session.scalar(select(func.count()).select_from(Store)):
            raise BackupError("There are audits already: restore into an empty database.")
    try:
        with tarfile.open(source, mode="r:") as tar:
            manifest = _manifest(tar)
            restored = 0
            for member in tar:
                folder, _, name = member.name.rpartition("/")
                if folder == "photos" and NAME.fullmatch(name):
                    data = _content(tar, member.name).read()
                    if digest(data) != name:
                        raise BackupError(f"Photo {name} is damaged in {source}.")
                    photos.claim(name, data).release()
                    restored += 1
                    progress(restored, manifest["photos"])
            if manifest["photos"] not in (None, restored):
                raise BackupError(f"{source} is cut short: it holds {restored} of {manifest['photos']} photos.")
            with database.write() as session:
                for table in Base.metadata.sorted_tables:
                    if table.name in manifest["rows"]:
                        _fill(session, table, _content(tar, f"rows/{table.name}.jsonl"), manifest["rows"][table.name])
    except (tarfile.TarError, EOFError, ValueError, OSError) as error:
        raise BackupError(f"{source} is no backup, or a damaged one: {error}") from error
    return Backup(manifest["rows"], restored)


def _manifest(tar: tarfile.TarFile) -> dict[str, Any]:
    manifest: dict[str, Any] = json.load(_content(tar, MANIFEST))
    if manifest.get("format") != FORMAT or manifest.get("revision", "") > newest():
        raise BackupError("The backup was made by a newer version of ShelfWatch: restore it with that.")
    return manifest


def _content(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        content = tar.extractfile(name)
    except KeyError:
        content = None
    if content is None:
        raise BackupError(f"The file is no backup, or is cut short: it holds no {name}.")
    return content


def _spool(session: Session, table: Table, folder: Path) -> tuple[IO[bytes], int]:
    """A table's rows as JSON lines in a file without a name, and how many they are."""
    lines = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed once it is in the tar
    count = 0
    for row in session.execute(select(table).execution_options(yield_per=ROWS)).mappings():
        values = {name: time_text(value) if isinstance(value, datetime) else value for name, value in row.items()}
        lines.write(json.dumps(values, separators=(",", ":")).encode() + b"\n")
        count += 1
    return lines, count


def _fill(session: Session, table: Table, lines: IO[bytes], expected: int) -> None:
    times = [column.name for column in table.columns if isinstance(column.type, UtcDateTime)]
    batch: list[dict[str, Any]] = []
    count = 0
    for line in lines:
        values = json.loads(line)
        for name in times:
            if values.get(name) is not None:
                values[name] = datetime.fromisoformat(values[name])
        batch.append(values)
        count += 1
        if len(batch) == ROWS:
            session.execute(insert(table), batch)
            batch = []
    if batch:
        session.execute(insert(table), batch)
    if count != expected:
        raise BackupError(f"The file is cut short: it holds {count} of {expected} rows of {table.name}.")


def _add(tar: tarfile.TarFile, name: str, content: bytes | IO[bytes], size: int = 0) -> None:
    member = tarfile.TarInfo(name)
    member.mode = 0o600
    if isinstance(content, bytes):
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    else:
        member.size = size
        tar.addfile(member, content)


@contextmanager
def _written(target: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name once it is whole and on the disk. Only its owner may read it: it holds secrets."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - Path.open takes no descriptor
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}.") from error
    finally:
        temporary.unlink(missing_ok=True)
