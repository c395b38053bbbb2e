"""Recording: a photo and its row, together or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from audits.memories import NOON, Memory, entry, photo
from shelfwatch.audits.errors import ConflictError, DatabaseUnavailableError, InvalidError, PhotosUnavailableError
from shelfwatch.audits.photos import digest
from shelfwatch.audits.read import Filter, get_audit, list_audits, list_bays, list_stores
from shelfwatch.audits.record import earlier, record
from shelfwatch.audits.remove import delete
from shelfwatch.inference.image import UnsupportedFormatError


def test_an_audit_is_what_was_recorded(memory: Memory) -> None:
    audit = memory.record(facings=4, gaps=2, note=" two doors open \r\n")
    found = get_audit(memory.database, audit.id)
    assert found == audit
    assert (found.store, found.bay, found.taken_at, found.note) == ("Berlin 1", "Cereal", NOON, "two doors open")
    assert (found.width, found.height, found.format, found.count, found.facings, found.gaps) == (
        48,
        64,
        "JPEG",
        4,
        4,
        2,
    )
    wanted = entry(facings=4, gaps=2)
    assert (found.detections, found.report, found.model) == (wanted.detections, wanted.report, wanted.model)
    stored = memory.photos.read(found.photo)
    assert (digest(stored), len(stored)) == (found.photo, found.size)
    assert [path.name for path in memory.files()] == [found.photo]  # nothing else is left in the store
    assert abs(found.created_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_answer_is_ready_for_json(memory: Memory) -> None:
    answer = memory.record(facings=1, gaps=0, fill_rate=None).to_json()
    assert answer["taken_at"] == "2026-03-01T12:00:00.000000Z"
    assert answer["image"] == {"width": 48, "height": 64}
    assert answer["count"] == len(answer["detections"]) == 1
    assert answer["report"]["gaps"] == []
    [listed] = [audit.to_json() for audit in list_audits(memory.database, Filter()).items]
    assert listed["report"] == {"facings": 1, "fill_rate": None, "gap_count": 0}
    assert "detections" not in listed


def test_the_same_key_gives_the_same_audit(memory: Memory) -> None:
    first = record(memory.database, memory.photos, photo(1), entry(key="a"))
    again = record(memory.database, memory.photos, photo(1), entry(key="a", facings=9))
    assert (first.made, again.made) == (True, False)
    assert again.audit == first.audit
    assert earlier(memory.database, photo(1), "Berlin 1", "Cereal", "a") == first.audit
    assert earlier(memory.database, photo(1), "Berlin 1", "Cereal", "b") is None
    assert record(memory.database, memory.photos, photo(1), entry(key="a", bay="Milk")).made
    assert len(list_audits(memory.database, Filter()).items) == 2


def test_one_key_for_two_photos_is_a_conflict(memory: Memory) -> None:
    audit = memory.record(1, key="a")
    with pytest.raises(ConflictError, match="another photo"):
        memory.record(2, key="a")
    with pytest.raises(ConflictError, match="another photo"):
        earlier(memory.database, photo(2), "Berlin 1", "Cereal", "a")
    assert [path.name for path in memory.files()] == [audit.photo]


def test_the_key_of_a_deleted_audit_does_not_bring_it_back(memory: Memory) -> None:
    delete(memory.database, memory.record(1, key="a").id)
    with pytest.raises(ConflictError, match="deleted"):
        memory.record(1, key="a")


def test_requests_at_once_make_one_store_one_bay_and_one_audit_a_key(memory: Memory) -> None:
    def send(number: int) -> bool:
        return record(memory.database, memory.photos, photo(number % 4), entry(key=str(number % 4))).made

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(send, range(16)))
    assert sum(made) == 4
    [store] = list_stores(memory.database)
    assert (store.store, store.bays) == ("Berlin 1", 1)
    assert len(list_audits(memory.database, Filter()).items) == len(memory.files()) == 4


def test_one_photo_in_two_audits_is_kept_once(memory: Memory) -> None:
    first, second = memory.record(1), memory.record(1, bay="Milk")
    assert first.photo == second.photo
    assert len(memory.files()) == 1


def test_a_photo_taken_earlier_does_not_become_the_bays_newest(memory: Memory) -> None:
    newest = memory.record(1, minutes=10, facings=5)
    memory.record(2, minutes=5, facings=9)
    [bay] = list_bays(memory.database, "Berlin 1")
    assert bay.latest is not None
    assert (bay.latest.id, bay.latest.facings) == (newest.id, 5)


def test_what_cannot_be_stored_leaves_nothing_behind(memory: Memory) -> None:
    with pytest.raises(InvalidError, match=r"^bay: "):
        memory.record(bay="")
    assert memory.files() == []
    assert list_stores(memory.database) == []


def test_what_is_no_photo_is_not_stored(memory: Memory) -> None:
    with pytest.raises(UnsupportedFormatError):
        record(memory.database, memory.photos, b"GIF89a", entry())
    assert memory.files() == []


def test_names_are_one_however_their_accents_are_written(memory: Memory) -> None:
    memory.record(1, bay="Caf\u00e9")
    memory.record(2, bay=" Cafe\u0301 ")
    assert [bay.bay for bay in list_bays(memory.database, "Berlin 1")] == ["Caf\u00e9"]


def test_a_row_that_is_refused_leaves_no_photo(memory: Memory) -> None:
    with memory.database.connection() as connection:
        connection.exec_driver_sql("ALTER TABLE findings RENAME TO elsewhere")
    with pytest.raises(DatabaseUnavailableError):
        memory.record()
    with memory.database.connection() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO findings")
    assert memory.files() == []
    assert list_stores(memory.database) == []


def test_a_photo_store_that_cannot_be_written_acknowledges_nothing(memory: Memory) -> None:
    memory.photos.folder.write_bytes(b"a file where the folder should be")
    with pytest.raises(PhotosUnavailableError, match="Not a directory"):
        memory.record()
    assert list_stores(memory.database) == []
