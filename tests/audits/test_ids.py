"""Ids that sort by time."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from shelfwatch.audits.ids import first_id, known_id, new_id


def test_ids_are_uuids_of_version_7_and_grow() -> None:
    made = [new_id() for _ in range(5000)]
    assert made == sorted(set(made))
    assert all(uuid.UUID(one).version == 7 and uuid.UUID(one).variant == uuid.RFC_4122 for one in made[:50])


def test_threads_never_share_an_id() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: new_id(), range(4000)))
    assert len(set(made)) == 4000


def test_a_moment_lies_between_ids_made_before_and_after() -> None:
    before = new_id()
    now = datetime.now(UTC)
    assert first_id(now - timedelta(minutes=1)) < before < first_id(now + timedelta(minutes=1))
    assert first_id(datetime(1900, 1, 1, tzinfo=UTC)) == "00000000-0000-7000-8000-000000000000"


def test_other_text_is_no_id() -> None:
    made = new_id()
    assert known_id(made) == known_id(made.upper()) == known_id(made.replace("-", "")) == made
    assert known_id("") is known_id("../etc") is known_id("1") is None
