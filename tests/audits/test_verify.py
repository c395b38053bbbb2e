"""Every way in which rows and photos may disagree is found, and told apart."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from audits.memories import Memory
from shelfwatch.audits.photos import digest
from shelfwatch.audits.verify import Verified, repair, verify


def look(memory: Memory, quick: bool = False) -> Verified:
    return verify(memory.database, memory.photos, quick=quick)


def test_what_was_recorded_is_clean(memory: Memory) -> None:
    for number in range(3):
        memory.record(number)
    memory.record(0, bay="Milk")
    for quick in (False, True):
        found = look(memory, quick)
        assert found.clean
        assert (found.audits, found.photos) == (4, 3)


def test_missing_and_damaged_photos_are_found_and_never_repaired_away(memory: Memory) -> None:
    missing, short, altered, good = (memory.record(number).photo for number in range(4))
    paths = {path.name: path for path in memory.files()}
    paths[missing].unlink()
    paths[short].write_bytes(paths[short].read_bytes()[:-1])
    data = bytearray(paths[altered].read_bytes())
    data[100] ^= 1
    paths[altered].write_bytes(data)
    found = look(memory)
    assert (found.missing, sorted(found.corrupt)) == ([missing], sorted([short, altered]))
    assert not found.clean
    assert look(memory, quick=True).corrupt == [short]
    assert repair(memory.database, memory.photos, found) == 0
    again = look(memory)
    assert (again.missing, sorted(again.corrupt)) == (found.missing, sorted(found.corrupt))
    assert good in paths


def test_what_nobody_needs_is_found_and_repaired(memory: Memory) -> None:
    memory.record(1)
    memory.photos.claim(digest(b"orphan"), b"orphan").release()
    memory.photos.claim(digest(b"half"), b"half").abandon()
    found = look(memory)
    assert (found.orphans, found.half_written) == ([digest(b"orphan")], [digest(b"half")])
    assert repair(memory.database, memory.photos, found) == 2
    assert look(memory).clean
    assert len(memory.files()) == 1


def test_a_photo_that_is_being_recorded_is_no_fault(memory: Memory) -> None:
    claim = memory.photos.claim(digest(b"new"), b"new")
    assert look(memory).clean
    claim.release()
    assert look(memory).orphans == [digest(b"new")]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_database_is_asked_too(memory: Memory) -> None:
    memory.record(1)
    with contextlib.closing(sqlite3.connect(str(memory.database.file), isolation_level=None)) as other:
        other.execute("DELETE FROM bays")  # a program that does not ask for foreign keys
    [fault] = look(memory).database
    assert fault == "a row of audits refers to one of bays that is not there"
