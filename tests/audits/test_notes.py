"""Notes are changed after an audit is recorded."""

from __future__ import annotations

import pytest

from audits.memories import Memory
from shelfwatch.audits.errors import InvalidError, NotFoundError
from shelfwatch.audits.ids import new_id
from shelfwatch.audits.notes import set_note
from shelfwatch.audits.read import get_audit
from shelfwatch.audits.remove import delete


def test_a_note_is_replaced_and_removed_and_nothing_else_changes(memory: Memory) -> None:
    before = get_audit(memory.database, memory.record(note="two doors open").id)
    after = set_note(memory.database, before.id, " after lunch\r\n")
    assert after == get_audit(memory.database, before.id)
    assert after.note == "after lunch"
    assert {**after.to_json(), "note": before.note} == before.to_json()
    assert set_note(memory.database, before.id, None).note is None
    with pytest.raises(InvalidError, match="note"):
        set_note(memory.database, before.id, "a\x07")


def test_a_deleted_audit_takes_no_note(memory: Memory) -> None:
    audit = memory.record()
    delete(memory.database, audit.id)
    for unknown in (audit.id, new_id(), "1"):
        with pytest.raises(NotFoundError):
            set_note(memory.database, unknown, "late")
