"""Where gaps are, and since when, from audit to audit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from audits.memories import NOON, Memory, entry, photo
from shelfwatch.audits.audit import time_text
from shelfwatch.audits.places import places, same_place
from shelfwatch.audits.record import record
from shelfwatch.audits.remove import delete, purge, restore
from shelfwatch.audits.tables import Bay
from shelfwatch.audits.tasks import list_tasks

LEFT, RIGHT, BELOW = [2.0, 2.0, 12.0, 22.0], [20.0, 2.0, 30.0, 22.0], [2.0, 34.0, 12.0, 54.0]


def shelf(memory: Memory, minutes: int, *boxes: list[float], scale: float = 1, severity: str = "major") -> str:
    """An audit whose gaps have these boxes, in a photo of 48 × 64 px times `scale`."""
    made = entry(minutes=minutes)
    gaps = [
        {"row": 0, "box": [side * scale for side in box], "width_facings": 1.6, "severity": severity} for box in boxes
    ]
    report = {**made.report, "gaps": gaps}
    made = replace(made, width=int(48 * scale), height=int(64 * scale), report=report)
    return record(memory.database, memory.photos, photo(minutes), made).audit.id


def since(memory: Memory) -> list[int]:
    """Since how many minutes after noon each gap of the newest audit is there."""
    with memory.database.read() as session:
        [bay] = session.query(Bay).all()
    moments = [datetime.fromisoformat(gap["since"]) for gap in bay.latest_places or []]
    tasks = list_tasks(memory.database, kind="gap", limit=200).items
    assert sorted(moments) == sorted(task.since for task in tasks)
    return [(moment - NOON) // timedelta(minutes=1) for moment in moments]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ([0.1, 0.1, 0.3, 0.3], True),
        ([0.18, 0.12, 0.4, 0.3], True),
        ([0.21, 0.1, 0.41, 0.3], False),  # beside it
        ([0.1, 0.25, 0.3, 0.45], False),  # in the row below
        ([0.15, 0.15, 0.2, 0.2], True),  # within it
        ([0.3, 0.1, 0.5, 0.3], False),  # they touch
    ],
)
def test_one_place_is_a_row_and_a_stretch_of_it(other: list[float], same: bool) -> None:
    assert same_place([0.1, 0.1, 0.3, 0.3], other) == same_place(other, [0.1, 0.1, 0.3, 0.3]) == same


def test_places_are_shares_of_the_photo() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    gap = {"row": 1, "box": [10.0, 20.0, 30.0, 40.0], "width_facings": 2.0, "severity": "minor"}
    assert places({"gaps": [gap]}, 100, 200, moment) == [
        {**gap, "share": [0.1, 0.1, 0.3, 0.2], "since": time_text(moment)}
    ]


def test_a_gap_is_there_since_the_first_audit_of_its_run(memory: Memory) -> None:
    shelf(memory, 0, LEFT)
    shelf(memory, 1, RIGHT)
    shelf(memory, 2, LEFT, RIGHT)
    assert since(memory) == [2, 1]
    shelf(memory, 3, BELOW, RIGHT, LEFT, scale=2)  # another camera
    assert since(memory) == [3, 1, 2]
    shelf(memory, 4)
    assert since(memory) == []
    shelf(memory, 5, LEFT)
    assert since(memory) == [5]


def test_what_comes_late_or_goes_is_taken_into_account(memory: Memory) -> None:
    shelf(memory, 0, LEFT)
    full = shelf(memory, 2)
    newest = shelf(memory, 4, LEFT, RIGHT)
    assert since(memory) == [4, 4]
    shelf(memory, 3, LEFT)
    assert since(memory) == [3, 4]
    delete(memory.database, full)
    assert since(memory) == [0, 4]
    delete(memory.database, newest)
    assert since(memory) == [0]
    restore(memory.database, newest)
    restore(memory.database, full)
    assert since(memory) == [3, 4]


def test_what_is_purged_was_seen_all_the_same(memory: Memory) -> None:
    first = shelf(memory, 0, LEFT)
    newest = [shelf(memory, minutes, LEFT) for minutes in (1, 2)]
    purge(memory.database, memory.photos, first)
    assert since(memory) == [0]
    purge(memory.database, memory.photos, newest[1])
    assert since(memory) == [1]  # looked up anew among what is left


def test_gaps_recorded_before_places_were_kept_are_looked_up(memory: Memory) -> None:
    for minutes in range(12):  # more than are read at once
        shelf(memory, minutes, LEFT)
    with memory.database.connection() as connection:
        connection.exec_driver_sql("UPDATE bays SET latest_places = NULL")
    [task] = list_tasks(memory.database).items
    assert task.since == NOON
    shelf(memory, 12, LEFT)
    assert since(memory) == [0]
