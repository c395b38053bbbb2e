"""Stores and bays through both clients, on the real service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.audit_calls import QUICK, photo
from shelfwatch.client import InvalidRequest, NotFound
from support import Service

MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("store", ["Köln 1/2 100%", "..", "a b+c"])
def test_a_bay_is_expected_seen_and_remembered(
    connect: Callable[..., Any], run_service: Callable[..., Service], sample: bytes, store: str
) -> None:
    client = connect(run_service(**QUICK).url)
    assert client.stores() == ()
    bay = client.put_bay(store, "Tee/lose", expected_facings=140, min_fill_rate=0.8, max_gaps=5, alert_after=2)
    assert (bay.store, bay.bay, bay.expected_facings, bay.min_fill_rate) == (store, "Tee/lose", 140, 0.8)
    assert (bay.min_facings, bay.max_gaps, bay.alert_after, bay.latest, bay.stock) == (None, 5, 2, None, None)
    made = [
        client.record_audit(photo(hour, sample), store, "Tee/lose", taken_at=MORNING + timedelta(hours=hour)).audit
        for hour in range(3)
    ]
    bay = client.bay(store, "Tee/lose")
    assert client.bays(store) == (bay,)
    assert (bay.latest.id, bay.latest.taken_at) == (made[2].id, made[2].taken_at)
    assert bay.latest.facings == made[2].report.facings
    [there] = client.stores()
    assert (there.store, there.bays, there.latest_taken_at) == (store, 1, made[2].taken_at)
    history = client.history(store, "Tee/lose")
    assert ([point.id for point in history.points], history.truncated) == ([audit.id for audit in made], False)
    assert [point.id for point in client.history(store, "Tee/lose", since=MORNING, until=MORNING).points] == []
    within = client.history(store, "Tee/lose", since=made[1].taken_at, until=made[2].taken_at)
    assert [point.id for point in within.points] == [made[1].id]
    bay = client.put_bay(store, "Tee/lose")  # expects nothing any more
    assert (bay.expected_facings, bay.min_fill_rate, bay.max_gaps, bay.alert_after) == (None, None, None, 1)
    with pytest.raises(InvalidRequest, match="min_fill_rate"):
        client.put_bay(store, "Tee/lose", min_fill_rate=2)
    for ask in (lambda: client.bays("nowhere"), lambda: client.bay(store, "none"), lambda: client.history("no", "x")):
        with pytest.raises(NotFound):
            ask()
