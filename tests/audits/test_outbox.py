"""The outbox: every receiver's delivery, taken by one at a time, tried again and at last given up."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from audits.memories import Memory
from audits.test_alerts import HIGH, LOW, expect
from shelfwatch.audits.alerts import acknowledge, list_alerts
from shelfwatch.audits.errors import ConflictError, InvalidError, NotFoundError
from shelfwatch.audits.ids import new_id
from shelfwatch.audits.outbox import (
    Claimed,
    Retries,
    claim,
    count_deliveries,
    finish,
    forget,
    is_due,
    list_deliveries,
    retry,
)
from shelfwatch.audits.webhooks import register

AT_ONCE = Retries(lease_seconds=60, first_wait_seconds=0)


def raised(memory: Memory, receivers: int = 1, bays: int = 1) -> None:
    for number in range(receivers):
        register(memory.database, f"https://hooks.example/{number}")
    for number in range(bays):
        expect(memory, bay=f"Bay {number}")
        memory.record(0, bay=f"Bay {number}", fill_rate=LOW)


def taken(memory: Memory, retries: Retries = AT_ONCE) -> Claimed:
    found = claim(memory.database, retries)
    assert found is not None
    return found


def test_each_receiver_gets_each_event_and_letters_leave_out_what_people_did(memory: Memory) -> None:
    raised(memory, receivers=2)
    register(memory.database, "mailto:team@example.org")
    [alert] = list_alerts(memory.database).items
    acknowledge(memory.database, alert.id)
    memory.record(1, bay="Bay 0", minutes=1, fill_rate=HIGH)
    kinds: dict[str, list[str]] = {}
    while (found := claim(memory.database, AT_ONCE)) is not None:
        kinds.setdefault(found.url, []).append(found.kind)
    everything = ["alert.opened", "alert.acknowledged", "alert.resolved"]
    assert kinds == {
        "https://hooks.example/0": everything,
        "https://hooks.example/1": everything,
        "mailto:team@example.org": ["alert.resolved"],  # it was not there before
    }


def test_a_delivery_belongs_to_one_until_its_lease_ends(memory: Memory) -> None:
    raised(memory, receivers=4, bays=4)
    with ThreadPoolExecutor(8) as threads:
        found = [claimed.id for claimed in threads.map(lambda _: claim(memory.database, AT_ONCE), range(24)) if claimed]
    # PostgreSQL skips what another holds at the moment, so some who asked went away with nothing.
    while len(found) <= 16 and (more := claim(memory.database, AT_ONCE)) is not None:
        found.append(more.id)
    assert len(found) == len(set(found)) == 16
    assert not is_due(memory.database)


def test_a_lease_that_ends_leaves_the_delivery_to_the_next(memory: Memory) -> None:
    raised(memory)
    short = Retries(lease_seconds=0.05, first_wait_seconds=600)
    first = taken(memory, short)
    time.sleep(0.06)
    second = taken(memory)
    assert (second.id, second.event_id, second.attempt) == (first.id, first.event_id, 2)
    finish(memory.database, first, short, "too late")  # the second is at it: nothing changes
    [delivery] = list_deliveries(memory.database)
    assert (delivery.attempts, delivery.last_error) == (2, None)
    assert finish(memory.database, second, AT_ONCE, None) == "delivered"
    [delivery] = list_deliveries(memory.database, "delivered")
    assert delivery.delivered_at is not None
    assert not is_due(memory.database)


def test_a_receiver_that_is_busy_holds_up_none_but_itself(memory: Memory) -> None:
    raised(memory, receivers=2, bays=2)
    first = taken(memory)
    second = claim(memory.database, AT_ONCE, {first.webhook_id})
    assert second is not None
    assert second.webhook_id != first.webhook_id
    assert claim(memory.database, AT_ONCE, {first.webhook_id, second.webhook_id}) is None
    assert not is_due(memory.database, {first.webhook_id, second.webhook_id})
    assert is_due(memory.database)


def test_waits_double_up_to_a_bound_and_are_spread() -> None:
    retries = Retries()
    assert [retries.wait(attempts, 1.0) for attempts in (1, 2, 3, 9, 10, 5000)] == [10, 20, 40, 2560, 3600, 3600]
    assert retries.wait(3, 0.0) == 20


def test_after_a_day_it_is_given_up_seen_and_tried_once_more_if_asked(memory: Memory) -> None:
    raised(memory)
    assert finish(memory.database, taken(memory), AT_ONCE, "answered 500") == "pending"
    assert count_deliveries(memory.database) == {"pending": 1, "failed": 0}
    over = Retries(first_wait_seconds=0, give_up_seconds=0)
    assert finish(memory.database, taken(memory), over, "answered 502" + "x" * 1000) == "failed"
    assert claim(memory.database, AT_ONCE) is None
    assert count_deliveries(memory.database) == {"pending": 0, "failed": 1}
    [delivery] = list_deliveries(memory.database, "failed")
    assert (delivery.attempts, delivery.kind, delivery.state) == (2, "alert.opened", "failed")
    assert delivery.last_error is not None
    assert delivery.last_error.startswith("answered 502")
    assert delivery.to_json()["next_attempt_at"] is None
    retry(memory.database, delivery.id)
    again = taken(memory)
    assert (again.id, again.attempt) == (delivery.id, 3)
    finish(memory.database, again, AT_ONCE, None)
    with pytest.raises(ConflictError):
        retry(memory.database, delivery.id)
    with pytest.raises(NotFoundError):
        retry(memory.database, new_id())
    with pytest.raises(InvalidError):
        list_deliveries(memory.database, "lost")


def test_what_was_told_is_forgotten_and_what_waits_is_not(memory: Memory) -> None:
    raised(memory, bays=2)
    told = taken(memory)
    finish(memory.database, told, AT_ONCE, None)
    assert forget(memory.database, datetime.now(UTC) - timedelta(days=1)) == 0
    assert forget(memory.database, datetime.now(UTC)) == 1
    [delivery] = list_deliveries(memory.database)
    assert (delivery.state, delivery.event_id != told.event_id) == ("pending", True)
    assert len(list_alerts(memory.database).items) == 2
