"""Delete audits, take that back, and purge what is deleted for good."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete as delete_rows
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from shelfwatch.audits.alerts import evaluate
from shelfwatch.audits.bays import show_latest
from shelfwatch.audits.database import Database, dialect_of
from shelfwatch.audits.errors import NotFoundError
from shelfwatch.audits.ids import known_id
from shelfwatch.audits.photos import PhotoStore
from shelfwatch.audits.tables import AuditRow, Bay, StoredPhoto

LOCK_DIGITS = 15  # hex digits of a photo's name that make its lock: 60 of the 64 bits PostgreSQL takes


def delete(database: Database, audit_id: str) -> None:
    """Take an audit out of every list; `restore` brings it back until it is purged.

    Raises `NotFoundError` where there is none, `UnavailableError`.
    """
    _mark(database, audit_id, datetime.now(UTC))


def restore(database: Database, audit_id: str) -> None:
    """Take a deletion back; no fault if there was none. Raises as `delete`."""
    _mark(database, audit_id, None)


def purge(database: Database, photos: PhotoStore, audit_id: str) -> int:
    """Remove an audit for good, and its photo if no other shows it; bytes that freed. Raises `UnavailableError`."""
    with database.write() as session:
        found = _locked(session, audit_id)
        if found is None:
            return 0
        row, bay = found
        sha256 = row.photo
        size = session.get_one(StoredPhoto, sha256).size
        session.delete(row)
        show_latest(session, bay, purged=True)
    # In a transaction of its own: were it one, a crash in between would leave a row whose photo is gone.
    return size if remove_unreferenced(database, photos, sha256) else 0


def remove_unreferenced(database: Database, photos: PhotoStore, sha256: str) -> bool:
    """Remove a photo that no audit shows; whether there was none that does. Raises `UnavailableError`."""
    with database.write() as session:
        lock_photo(session, sha256)
        if session.scalar(select(AuditRow.id).where(AuditRow.photo == sha256).limit(1)) is not None:
            return False
        session.execute(delete_rows(StoredPhoto).where(StoredPhoto.sha256 == sha256))
        photos.remove(sha256)
        return True


def lock_photo(session: Session, sha256: str) -> None:
    """Until the transaction ends, nobody else records or removes this photo. SQLite has one writer anyway."""
    if dialect_of(session) == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": int(sha256[:LOCK_DIGITS], 16)})


def _mark(database: Database, audit_id: str, moment: datetime | None) -> None:
    known = known_id(audit_id)
    with database.write() as session:
        found = _locked(session, known) if known else None
        if found is None or (moment is not None and found[0].deleted_at is not None):
            raise NotFoundError("There is no such audit.")
        row, bay = found
        row.deleted_at = moment
        show_latest(session, bay)
        evaluate(session, bay, datetime.now(UTC))


def _locked(session: Session, audit_id: str) -> tuple[AuditRow, Bay] | None:
    """An audit and its bay, which nobody else changes until the transaction ends. The bay first, as in recording."""
    bay_id = session.scalar(select(AuditRow.bay_id).where(AuditRow.id == audit_id))
    if bay_id is None:
        return None
    bay = session.scalars(select(Bay).where(Bay.id == bay_id).with_for_update()).one()
    row = session.get(AuditRow, audit_id, with_for_update=True)
    return None if row is None else (row, bay)
