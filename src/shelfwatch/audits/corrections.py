"""Corrections of audits: kept one after the other beside the model's answer, which never changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from shelfwatch.audits.audit import time_text
from shelfwatch.audits.corrected import checked, compare
from shelfwatch.audits.database import Database
from shelfwatch.audits.entry import clean_name, clean_note
from shelfwatch.audits.errors import ConflictError, InvalidError, NotFoundError
from shelfwatch.audits.ids import known_id, new_id
from shelfwatch.audits.tables import AuditRow, Findings
from shelfwatch.audits.tables import Correction as CorrectionRow

LATEST = "latest"  # in place of a correction's id


@dataclass(frozen=True)
class Correction:
    """One person's corrected boxes of an audit; `created_at` is UTC, `detections` None in lists.

    `base` is the correction it began with, None for the model's answer; `changes` counts from the model's answer.
    """

    id: str
    audit_id: str
    created_at: datetime
    who: str
    note: str | None
    base: str | None
    count: int
    changes: dict[str, int]
    detections: list[dict[str, Any]] | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        answer = asdict(self) | {"created_at": time_text(self.created_at)}
        if self.detections is None:
            del answer["detections"]
        return answer


@dataclass(frozen=True)
class Corrected:
    """The correction, and whether it was made now: False for a request that was answered before."""

    correction: Correction
    made: bool


def correct(
    database: Database,
    audit_id: str,
    who: str,
    detections: Sequence[Mapping[str, Any]],
    note: str | None = None,
    base: str | None = None,
) -> Corrected:
    """Keep corrected boxes of an audit (see `corrected.checked`); durable once this returns.

    `base` is the newest correction's id, None where there was none. Sent again with the same content, it gives the
    correction that is there. Raises `ConflictError` where another one came first, `InvalidError`, `NotFoundError`,
    `UnavailableError`.
    """
    who, note = clean_name(who, "who"), clean_note(note)
    start = known_id(base) if base is not None else None
    if base is not None and start is None:
        raise InvalidError("base: the id of the newest correction, or null")
    with database.write() as session:
        audit = _audit(session, audit_id, lock=True)
        model = session.get_one(Findings, audit.id).detections
        boxes = checked(detections, audit.width, audit.height, len(model))
        newest = session.scalar(_of(audit.id).limit(1).options(undefer(CorrectionRow.detections)))
        if newest is not None and newest.id != start:
            if (newest.base, newest.who, newest.note, newest.detections) == (start, who, note, boxes):
                return Corrected(_read(newest, boxes), made=False)
            raise ConflictError("Someone else saved meanwhile: look at the newest correction first.")
        if newest is None and start is not None:
            raise ConflictError("The correction this one began with is not there.")
        row = CorrectionRow(
            id=new_id(),
            audit_id=audit.id,
            number=newest.number + 1 if newest else 1,
            base=start,
            created_at=datetime.now(UTC),
            who=who,
            note=note,
            count=len(boxes),
            changes=compare(model, boxes).to_json(),
            detections=boxes,
        )
        session.add(row)
        session.flush()
        return Corrected(_read(row, boxes), made=True)


def list_corrections(database: Database, audit_id: str) -> list[Correction]:
    """All corrections of an audit, newest first, without boxes. Raises `NotFoundError`, `UnavailableError`."""
    with database.read() as session:
        audit = _audit(session, audit_id)
        return [_read(row) for row in session.scalars(_of(audit.id))]


def get_correction(database: Database, audit_id: str, correction_id: str = LATEST) -> Correction:
    """One correction in full, by its id or the newest. Raises `NotFoundError`, `UnavailableError`."""
    with database.read() as session:
        audit = _audit(session, audit_id)
        wanted = _of(audit.id).limit(1).options(undefer(CorrectionRow.detections))
        if correction_id != LATEST:
            wanted = wanted.where(CorrectionRow.id == known_id(correction_id))
        row = session.scalar(wanted)
        if row is None:
            raise NotFoundError("There is no such correction.")
        return _read(row, row.detections)


def _of(audit_id: str) -> Any:
    newest = CorrectionRow.number.desc()
    return select(CorrectionRow).where(CorrectionRow.audit_id == audit_id).order_by(newest)


def _audit(session: Session, audit_id: str, *, lock: bool = False) -> AuditRow:
    """An audit that is not deleted, with `lock` alone with it until the transaction ends. Raises `NotFoundError`."""
    known = known_id(audit_id)
    row = session.get(AuditRow, known, with_for_update=lock or None) if known else None
    if row is None or row.deleted_at is not None:
        raise NotFoundError("There is no such audit.")
    return row


def _read(row: CorrectionRow, detections: list[dict[str, Any]] | None = None) -> Correction:
    return Correction(
        row.id, row.audit_id, row.created_at, row.who, row.note, row.base, row.count, row.changes, detections
    )
