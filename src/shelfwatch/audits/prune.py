"""Retention: purge what was deleted, what is too old and, oldest first, what is too much; sweep after crashes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, func, select

from shelfwatch.audits.database import Database
from shelfwatch.audits.ids import first_id
from shelfwatch.audits.outbox import forget
from shelfwatch.audits.photos import NAME, PhotoStore
from shelfwatch.audits.remove import purge, remove_unreferenced
from shelfwatch.audits.tables import AuditRow, StoredPhoto

UNDO_HOURS = 24.0  # how long a deletion can be taken back
TOLD_DAYS = 30  # how long what was told of alerts, or was given up, is kept
BATCH = 200  # audits looked up at once


@dataclass(frozen=True)
class Retention:
    """What is kept: audits recorded in the last `days` days, at most `max_bytes` of photos; None is without end.

    `undo_hours` is how long a deleted audit can be brought back.
    """

    days: float | None = None
    max_bytes: int | None = None
    undo_hours: float = UNDO_HOURS


@dataclass
class Pruned:
    """How many audits went and why, and how many photos that nobody knew of."""

    deleted: int = 0
    too_old: int = 0
    too_much: int = 0
    unknown_photos: int = 0


def prune(database: Database, photos: PhotoStore, retention: Retention, now: datetime | None = None) -> Pruned:
    """Remove what retention does not keep. May run beside a service that records; raises `UnavailableError`."""
    now = now or datetime.now(UTC)
    pruned = Pruned(unknown_photos=sweep(database, photos) + remove_unshown(database, photos))
    forget(database, now - timedelta(days=TOLD_DAYS))
    undo = now - timedelta(hours=retention.undo_hours)
    for audit_id in _each(database, select(AuditRow.id).where(AuditRow.deleted_at < undo)):
        purge(database, photos, audit_id)
        pruned.deleted += 1
    if retention.days is not None:
        oldest = first_id(now - timedelta(days=retention.days))
        for audit_id in _each(database, select(AuditRow.id).where(AuditRow.id < oldest)):
            purge(database, photos, audit_id)
            pruned.too_old += 1
    if retention.max_bytes is not None:
        size = stored_bytes(database)
        for audit_id in _each(database, select(AuditRow.id)):
            if size <= retention.max_bytes:
                break
            size -= purge(database, photos, audit_id)
            pruned.too_much += 1
    return pruned


def sweep(database: Database, photos: PhotoStore) -> int:
    """Finish what processes that died left half done; how many photos went that no audit shows.

    Quick, whatever the store's size: to be called at every start. Raises `UnavailableError`.
    """
    removed = 0
    for claim in photos.leftovers():
        try:
            if NAME.fullmatch(claim.sha256):
                removed += photos.size(claim.sha256) is not None and remove_unreferenced(database, photos, claim.sha256)
            claim.release()
        finally:
            claim.abandon()
    return removed


def remove_unshown(database: Database, photos: PhotoStore) -> int:
    """Remove photos whose last audit was purged by a process that died before it came to them; how many.

    Looks at every photo's row. Raises `UnavailableError`.
    """
    shown = select(AuditRow.id).where(AuditRow.photo == StoredPhoto.sha256).exists()
    with database.read() as session:
        found = session.scalars(select(StoredPhoto.sha256).where(~shown)).all()
    return sum(remove_unreferenced(database, photos, sha256) for sha256 in found)


def stored_bytes(database: Database) -> int:
    """Bytes of all photos, each counted once, thumbnails left out. Raises `UnavailableError`."""
    with database.read() as session:
        return int(session.scalar(select(func.sum(StoredPhoto.size))) or 0)


def _each(database: Database, query: Select[str]) -> Iterator[str]:
    """The ids of a query, oldest first, looked up anew for each batch: what was purged is not met again."""
    while True:
        with database.read() as session:
            found = session.scalars(query.order_by(AuditRow.id).limit(BATCH)).all()
        if not found:
            return
        yield from found
