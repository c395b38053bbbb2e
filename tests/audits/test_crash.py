"""Killed at any moment, the memory keeps what it acknowledged and shows nothing by halves."""

from __future__ import annotations

import random
import time
from pathlib import Path

from audits.memories import Memory
from audits.workers import CONTEXT, record_forever
from shelfwatch.audits.database import Database
from shelfwatch.audits.folder import FolderPhotos
from shelfwatch.audits.photos import digest
from shelfwatch.audits.read import Filter, get_audit, list_audits
from shelfwatch.audits.verify import verify

KILLS = 30
LONGEST_SECONDS = 0.12  # from the first acknowledgement, or in every third round from the start, to the kill


def test_every_acknowledged_audit_outlives_kill_9(url: str, tmp_path: Path) -> None:
    chance = random.Random(5)
    acknowledged: dict[str, str] = {}
    for number in range(KILLS):
        receiver, sender = CONTEXT.Pipe(duplex=False)
        process = CONTEXT.Process(target=record_forever, args=(url, tmp_path / "photos", sender))
        process.start()
        sender.close()
        if number % 3:
            assert receiver.poll(60), "the process did not record"
        time.sleep(chance.uniform(0, LONGEST_SECONDS))
        process.kill()
        process.join()
        while True:
            try:
                audit_id, photo = receiver.recv()
            except EOFError:  # also in the middle of a message, which then was not acknowledged
                break
            acknowledged[audit_id] = photo

        memory = Memory(Database(url), FolderPhotos(tmp_path / "photos"))
        memory.start()  # as after a restart
        found = verify(memory.database, memory.photos, quick=True)
        assert found.clean, found
        assert found.audits >= len(acknowledged)
        memory.close()
    for audit_id, photo in acknowledged.items():
        audit = get_audit(memory.database, audit_id)
        assert audit.photo == photo == digest(memory.photos.read(photo))
    listed = 0
    cursor = None
    while True:
        page = list_audits(memory.database, Filter(), limit=200, cursor=cursor)
        for audit in page.items:
            assert get_audit(memory.database, audit.id).count == audit.count == 3
        listed += len(page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert listed == found.audits
    assert len(acknowledged) > KILLS
    memory.close()
