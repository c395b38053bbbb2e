"""An audit as it is read: one photo of a bay and what was found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from shelfwatch.audits.tables import AuditRow, Bay, Correction, Findings, Store, StoredPhoto


@dataclass(frozen=True)
class Corrected:
    """The newest correction of an audit in short: `count` boxes, at `created_at` (UTC)."""

    id: str
    created_at: datetime
    who: str
    count: int

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"created_at": time_text(self.created_at)}


@dataclass(frozen=True)
class Audit:
    """Times are UTC, `width` and `height` pixels of the upright photo, `size` bytes of the photo as stored.

    `detections` and `report` are None in lists, which do not read them.
    """

    id: str
    store: str
    bay: str
    taken_at: datetime
    created_at: datetime
    note: str | None
    photo: str  # SHA-256 of the stored bytes
    format: str  # JPEG, PNG or WEBP
    size: int
    width: int
    height: int
    model: dict[str, Any]
    count: int
    facings: int
    fill_rate: float | None
    gaps: int
    detections: list[dict[str, Any]] | None = None
    report: dict[str, Any] | None = None
    corrected: Corrected | None = None  # by the newest correction

    def to_json(self) -> dict[str, Any]:
        """JSON-ready; where the photo is to be had is for the caller to add to `image`."""
        answer: dict[str, Any] = {
            "id": self.id,
            "store": self.store,
            "bay": self.bay,
            "taken_at": time_text(self.taken_at),
            "created_at": time_text(self.created_at),
            "note": self.note,
            "image": {"width": self.width, "height": self.height},
            "model": self.model,
            "count": self.count,
            "corrected": self.corrected and self.corrected.to_json(),
        }
        if self.detections is None or self.report is None:
            # What a list shows of the report; the whole is in the audit itself.
            return answer | {"report": {"facings": self.facings, "fill_rate": self.fill_rate, "gap_count": self.gaps}}
        return answer | {"detections": self.detections, "report": self.report}


def time_text(moment: datetime) -> str:
    """ISO 8601 in UTC, to the microsecond: `2026-03-01T08:00:00.000000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def audits() -> Select[*tuple[Any, ...]]:
    """Every audit that is not deleted, to be narrowed and read with `to_audit`."""
    of_audit = aliased(Correction)
    newest = select(func.max(of_audit.number)).where(of_audit.audit_id == AuditRow.id).correlate(AuditRow)
    correction = (Correction.id, Correction.created_at, Correction.who, Correction.count)
    return (
        select(AuditRow, Store.name, Bay.name, StoredPhoto.format, StoredPhoto.size, *correction)
        .join(Bay, Bay.id == AuditRow.bay_id)
        .join(Store, Store.id == AuditRow.store_id)
        .join(StoredPhoto, StoredPhoto.sha256 == AuditRow.photo)
        .outerjoin(Correction, (Correction.audit_id == AuditRow.id) & (Correction.number == newest.scalar_subquery()))
        .where(AuditRow.deleted_at.is_(None))
    )


def to_audit(found: Sequence[Any], findings: Findings | None = None) -> Audit:
    """One row of `audits()`, or the first five values of one that has no correction."""
    row, store, bay, kind, size, *correction = found
    return Audit(
        id=row.id,
        store=store,
        bay=bay,
        taken_at=row.taken_at,
        created_at=row.created_at,
        note=row.note,
        photo=row.photo,
        format=kind,
        size=size,
        width=row.width,
        height=row.height,
        model=row.model,
        count=row.count,
        facings=row.facings,
        fill_rate=row.fill_rate,
        gaps=row.gaps,
        detections=findings.detections if findings else None,
        report=findings.report if findings else None,
        corrected=Corrected(*correction) if correction and correction[0] else None,
    )


def find_audit(session: Session, audit_id: str) -> Audit | None:
    """One audit in full, None where there is none or it is deleted."""
    found = session.execute(audits().where(AuditRow.id == audit_id)).one_or_none()
    return None if found is None else to_audit(found, session.get_one(Findings, audit_id))
