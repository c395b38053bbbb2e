"""Every audit of a filter, with what was found in it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from audits.memories import NOON, Memory
from shelfwatch.audits.errors import InvalidError
from shelfwatch.audits.exports import walk as walking
from shelfwatch.audits.exports.walk import walk
from shelfwatch.audits.read import Filter, get_audit
from shelfwatch.audits.remove import delete


def test_all_come_newest_first_with_their_reports(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "STEP", 2)
    made = [memory.record(number, minutes=minute) for number, minute in enumerate([2, 5, 1, 4, 3])]
    found = list(walk(memory.database, Filter()))
    assert [audit.id for audit in found] == [made[number].id for number in (1, 3, 4, 0, 2)]
    assert all(audit.report == get_audit(memory.database, audit.id).report for audit in found)
    assert all(audit.detections is None for audit in found)
    whole = list(walk(memory.database, Filter(), detections=True))
    assert whole == [get_audit(memory.database, audit.id) for audit in found]


def test_it_is_narrowed(memory: Memory) -> None:
    for number in range(4):
        memory.record(number, store="AB"[number % 2], minutes=number)
    found = walk(memory.database, Filter("A", since=NOON + timedelta(minutes=1)))
    assert [audit.taken_at - NOON for audit in found] == [timedelta(minutes=2)]
    assert list(walk(memory.database, Filter("C"))) == []


def test_what_is_deleted_meanwhile_is_left_out(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "STEP", 1)
    made = [memory.record(number, minutes=-number) for number in range(3)]
    found = walk(memory.database, Filter())
    assert next(found).id == made[0].id
    delete(memory.database, made[1].id)
    memory.record(9, minutes=30)
    assert [audit.id for audit in found] == [made[2].id]


def test_what_is_wrong_is_told_at_once(memory: Memory) -> None:
    with pytest.raises(InvalidError, match=r"^since: "):
        walk(memory.database, Filter(since=datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))))
