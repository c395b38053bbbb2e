"""What people write beside an audit, once it is recorded."""

from __future__ import annotations

from shelfwatch.audits.audit import Audit, find_audit
from shelfwatch.audits.database import Database
from shelfwatch.audits.entry import clean_note
from shelfwatch.audits.errors import NotFoundError
from shelfwatch.audits.ids import known_id
from shelfwatch.audits.tables import AuditRow


def set_note(database: Database, audit_id: str, note: str | None) -> Audit:
    """Put a note in place of an audit's own; None removes it.

    Raises `InvalidError`, `NotFoundError`, `UnavailableError`.
    """
    note = clean_note(note)
    known = known_id(audit_id)
    with database.write() as session:
        row = session.get(AuditRow, known, with_for_update=True) if known else None
        if row is None or row.deleted_at is not None:
            raise NotFoundError("There is no such audit.")
        row.note = note
        session.flush()
        audit = find_audit(session, row.id)
    assert audit is not None
    return audit
