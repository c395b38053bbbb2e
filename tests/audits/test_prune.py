"""Retention."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from audits.memories import Memory
from shelfwatch.audits import prune as pruning
from shelfwatch.audits.audit import Audit
from shelfwatch.audits.prune import Pruned, Retention, prune, stored_bytes, sweep
from shelfwatch.audits.read import Filter, list_audits
from shelfwatch.audits.remove import delete, purge


@pytest.fixture
def audits(memory: Memory) -> list[Audit]:
    return [memory.record(number, minutes=number) for number in range(5)]


def left(memory: Memory) -> list[str]:
    return [audit.id for audit in list_audits(memory.database, Filter()).items][::-1]


def test_without_limits_nothing_goes(memory: Memory, audits: list[Audit]) -> None:
    assert prune(memory.database, memory.photos, Retention()) == Pruned()
    assert left(memory) == [audit.id for audit in audits]


def test_deleted_audits_go_once_they_can_no_longer_come_back(memory: Memory, audits: list[Audit]) -> None:
    delete(memory.database, audits[1].id)
    now = datetime.now(UTC)
    assert prune(memory.database, memory.photos, Retention(), now + timedelta(hours=23)).deleted == 0
    assert len(memory.files()) == 5
    assert prune(memory.database, memory.photos, Retention(), now + timedelta(hours=25)).deleted == 1
    assert len(memory.files()) == 4


def test_what_was_recorded_too_long_ago_goes(
    memory: Memory, audits: list[Audit], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By when it was recorded: all were taken long ago."""
    monkeypatch.setattr(pruning, "BATCH", 2)
    later = datetime.now(UTC) + timedelta(days=30)
    assert prune(memory.database, memory.photos, Retention(days=31), later).too_old == 0
    assert prune(memory.database, memory.photos, Retention(days=29), later).too_old == 5
    assert left(memory) == memory.files() == []


def test_the_oldest_go_until_the_rest_fits(memory: Memory, audits: list[Audit]) -> None:
    keep = sum(audit.size for audit in audits[3:])
    assert prune(memory.database, memory.photos, Retention(max_bytes=keep)).too_much == 3
    assert left(memory) == [audit.id for audit in audits[3:]]
    assert stored_bytes(memory.database) == keep
    assert prune(memory.database, memory.photos, Retention(max_bytes=0)).too_much == 2
    assert stored_bytes(memory.database) == 0


def test_claims_of_the_dead_are_swept(memory: Memory, audits: list[Audit]) -> None:
    known = audits[0].photo
    data = memory.photos.read(known)
    for name in (known, "f" * 64):
        memory.photos.remove(name)
        memory.photos.claim(name, data).abandon()
    (memory.photos.incoming / "check.0123").write_bytes(b"\0")
    assert sweep(memory.database, memory.photos) == 1
    assert memory.photos.read(known) == data
    assert memory.photos.size("f" * 64) is None
    assert list(memory.photos.incoming.iterdir()) == []


def test_a_photo_whose_purge_was_interrupted_goes(
    memory: Memory, audits: list[Audit], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("shelfwatch.audits.remove.remove_unreferenced", lambda *_: False)  # it dies before this
        purge(memory.database, memory.photos, audits[0].id)
    assert len(memory.files()) == 5
    assert prune(memory.database, memory.photos, Retention()).unknown_photos == 1
    assert len(memory.files()) == 4
