"""Deleting, taking that back, purging."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from audits.memories import Memory
from shelfwatch.audits.errors import NotFoundError
from shelfwatch.audits.ids import new_id
from shelfwatch.audits.read import Filter, get_audit, get_bay, history, list_audits
from shelfwatch.audits.remove import delete, purge, restore
from shelfwatch.audits.verify import verify


def latest(memory: Memory) -> str | None:
    point = get_bay(memory.database, "Berlin 1", "Cereal").latest
    return point and point.id


def test_a_deleted_audit_is_in_no_list_and_can_come_back(memory: Memory) -> None:
    first, second = memory.record(1), memory.record(2, minutes=1)
    delete(memory.database, second.id)
    with pytest.raises(NotFoundError):
        get_audit(memory.database, second.id)
    assert [audit.id for audit in list_audits(memory.database, Filter()).items] == [first.id]
    assert [point.id for point in history(memory.database, "Berlin 1", "Cereal").points] == [first.id]
    assert latest(memory) == first.id
    assert len(memory.files()) == 2
    restore(memory.database, second.id)
    assert get_audit(memory.database, second.id) == second
    assert latest(memory) == second.id


def test_what_is_not_there_cannot_be_deleted(memory: Memory) -> None:
    audit = memory.record()
    delete(memory.database, audit.id)
    for audit_id in (audit.id, new_id(), "1"):
        with pytest.raises(NotFoundError):
            delete(memory.database, audit_id)
    with pytest.raises(NotFoundError):
        restore(memory.database, new_id())


def test_a_purged_audit_takes_its_photo_with_it_unless_another_shows_it(memory: Memory) -> None:
    first, second = memory.record(1), memory.record(1, bay="Milk")
    memory.photos.set_thumbnail(first.photo, b"small")
    assert purge(memory.database, memory.photos, first.id) == 0
    assert len(memory.files()) == 2
    assert latest(memory) is None
    assert purge(memory.database, memory.photos, second.id) == second.size
    assert memory.files() == []
    assert purge(memory.database, memory.photos, second.id) == 0
    with pytest.raises(NotFoundError):
        restore(memory.database, first.id)


def test_recording_and_purging_one_photo_at_once_never_loses_it(memory: Memory) -> None:
    """Whoever comes last: an audit that is there has its photo."""
    stop = threading.Event()

    def purging() -> None:
        while not stop.is_set():
            for audit in list_audits(memory.database, Filter()).items:
                purge(memory.database, memory.photos, audit.id)

    with ThreadPoolExecutor(5) as threads:
        purger = threads.submit(purging)
        recorders = [threads.submit(lambda: [memory.record(1) for _ in range(8)]) for _ in range(4)]
        try:
            made = [audit.id for recorder in recorders for audit in recorder.result()]
        finally:
            stop.set()
        purger.result()
    assert len(set(made)) == 32
    memory.record(1)
    found = verify(memory.database, memory.photos)
    assert found.clean, found
    assert found.photos == 1
