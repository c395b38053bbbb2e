"""What is refused before anything is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from audits.memories import NOON, entry
from shelfwatch.audits.errors import InvalidError


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"store": "  "}, "store"),
        ({"bay": "a" * 201}, "bay"),
        ({"bay": "a\0b"}, "bay"),
        ({"note": "bell \a"}, "note"),
        ({"key": ""}, "idempotency_key"),
        ({"key": "ü"}, "idempotency_key"),
        ({"taken_at": datetime(1970, 1, 1)}, "taken_at"),
        ({"taken_at": datetime.now(UTC) + timedelta(days=2)}, "taken_at"),
        ({"fill_rate": float("nan")}, "fill_rate"),
    ],
)
def test_what_cannot_be_stored_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError, match=f"^{field}: "):
        entry(**changes).checked(NOON)


def test_blanks_are_trimmed_and_times_become_utc() -> None:
    there = timezone(timedelta(hours=5, minutes=30))
    checked = entry(store=" Pune ", note=" \n", taken_at=datetime(2026, 3, 1, 9, tzinfo=there)).checked(NOON)
    assert (checked.store, checked.note) == ("Pune", None)
    assert checked.taken_at == datetime(2026, 3, 1, 3, 30, tzinfo=UTC)
    assert checked.taken_at.tzinfo is UTC


def test_a_time_without_a_zone_is_utc_and_none_is_now() -> None:
    assert entry(taken_at=datetime(2026, 3, 1, 9)).checked(NOON).taken_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert entry(taken_at=None).checked(NOON).taken_at == NOON
