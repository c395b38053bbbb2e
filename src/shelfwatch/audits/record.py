"""Record an audit: first the photo is durable, then its row, then it is acknowledged."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shelfwatch.audits.alerts import evaluate
from shelfwatch.audits.audit import Audit, find_audit, to_audit
from shelfwatch.audits.bays import bay_of, insert_missing, show_latest
from shelfwatch.audits.database import Database
from shelfwatch.audits.entry import Entry, clean_key, clean_name
from shelfwatch.audits.errors import ConflictError, DatabaseUnavailableError, UnavailableError
from shelfwatch.audits.ids import new_id
from shelfwatch.audits.metadata import strip
from shelfwatch.audits.photos import Claim, PhotoStore, digest
from shelfwatch.audits.remove import lock_photo, remove_unreferenced
from shelfwatch.audits.tables import AuditRow, Bay, Findings, Store, StoredPhoto
from shelfwatch.inference.image import UnsupportedFormatError, sniff_format


@dataclass(frozen=True)
class Recorded:
    """The audit, and whether it was made now: False for a request that was answered before."""

    audit: Audit
    made: bool


def record(database: Database, photos: PhotoStore, data: bytes, entry: Entry) -> Recorded:
    """Store a photo (JPEG, PNG or WebP, without its metadata) and what was found in it; durable once this returns.

    Raises `InvalidError` or `ImageError` for what cannot be stored, `ConflictError` as `earlier`,
    `UnavailableError` where the database or the photo store cannot take it. What raises is not listed, unless the
    database went away while it answered: with an idempotency key, sending it again tells.
    """
    now = datetime.now(UTC)
    entry = entry.checked(now)
    data = strip(data)
    sha256 = digest(data)
    found = _earlier(database, sha256, entry)
    if found is not None:
        return Recorded(found, made=False)
    claim = photos.claim(sha256, data)
    try:
        audit = _insert(database, photos, data, claim, entry, now)
    except IntegrityError as error:  # another request with the same key was faster
        _undo(database, photos, claim)
        found = _earlier(database, sha256, entry)
        if found is None:
            raise DatabaseUnavailableError("The database refused the audit.") from error
        return Recorded(found, made=False)
    except BaseException:
        _undo(database, photos, claim)
        raise
    with contextlib.suppress(UnavailableError):  # acknowledged all the same; what remains is swept
        claim.release()
    claim.abandon()
    return Recorded(audit, made=True)


def earlier(database: Database, data: bytes, store: str, bay: str, idempotency_key: str | None) -> Audit | None:
    """The audit that this key has already made, so that a repeated request costs no inference.

    Raises `ConflictError` where the key was used with another photo or its audit is deleted, and as `record`.
    """
    key = clean_key(idempotency_key)
    store, bay = clean_name(store, "store"), clean_name(bay, "bay")
    if key is None:
        return None
    with database.read() as session:
        row = _of_key(session, store, bay, key)
        return None if row is None else _same(session, row, digest(strip(data)))


def _earlier(database: Database, sha256: str, entry: Entry) -> Audit | None:
    """As `earlier`. Asks the database in any case: where it is away, no photo is written for nothing."""
    if entry.idempotency_key is None:
        database.check()
        return None
    with database.read() as session:
        row = _of_key(session, entry.store, entry.bay, entry.idempotency_key)
        return None if row is None else _same(session, row, sha256)


def _of_key(session: Session, store: str, bay: str, key: str) -> AuditRow | None:
    return session.scalar(
        select(AuditRow)
        .join(Bay, Bay.id == AuditRow.bay_id)
        .join(Store, Store.id == Bay.store_id)
        .where(Store.name == store, Bay.name == bay, AuditRow.idempotency_key == key)
    )


def _same(session: Session, row: AuditRow, sha256: str) -> Audit | None:
    """The audit of a key, if the request is the one that made it. Raises `ConflictError`."""
    if row.photo != sha256:
        raise ConflictError("This idempotency key was used with another photo of the bay.")
    if row.deleted_at is not None:
        raise ConflictError("The audit of this idempotency key was deleted.")
    return find_audit(session, row.id)


def _insert(database: Database, photos: PhotoStore, data: bytes, claim: Claim, entry: Entry, now: datetime) -> Audit:
    kind = sniff_format(data)
    if kind is None or entry.taken_at is None:
        raise UnsupportedFormatError("The file is not a JPEG, PNG or WebP picture.")
    with database.write() as session:
        bay = bay_of(session, entry.store, entry.bay, now)
        lock_photo(session, claim.sha256)
        if photos.size(claim.sha256) != len(data):  # its last audit was pruned since we looked
            photos.claim(claim.sha256, data).release()
        insert_missing(session, StoredPhoto, sha256=claim.sha256, format=kind, size=len(data))
        row = AuditRow(
            id=new_id(),
            store_id=bay.store_id,
            bay_id=bay.id,
            taken_at=entry.taken_at,
            created_at=now,
            idempotency_key=entry.idempotency_key,
            note=entry.note,
            photo=claim.sha256,
            width=entry.width,
            height=entry.height,
            model=entry.model,
            count=len(entry.detections),
            facings=entry.report["facings"],
            fill_rate=entry.report["fill_rate"],
            gaps=len(entry.report["gaps"]),
        )
        session.add(row)
        session.flush()
        findings = Findings(audit_id=row.id, detections=entry.detections, report=entry.report)
        session.add(findings)
        show_latest(session, bay)
        evaluate(session, bay, now)
    return to_audit((row, entry.store, entry.bay, kind, len(data)), findings)


def _undo(database: Database, photos: PhotoStore, claim: Claim) -> None:
    """Remove the photo of an audit that was not made. Where even that fails, its claim stays for cleaning."""
    with contextlib.suppress(UnavailableError):
        remove_unreferenced(database, photos, claim.sha256)
        claim.release()
    claim.abandon()
