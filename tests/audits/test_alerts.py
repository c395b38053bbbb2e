"""Alerts open, close and are told of in the transaction that changes the audits, whatever order those come in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from audits.memories import NOON, Memory
from shelfwatch.audits import outbox
from shelfwatch.audits.alert import Alert
from shelfwatch.audits.alerts import acknowledge, get_alert, list_alerts
from shelfwatch.audits.bays import Expectations, set_expectations
from shelfwatch.audits.errors import ConflictError, DatabaseUnavailableError, InvalidError, NotFoundError
from shelfwatch.audits.ids import new_id
from shelfwatch.audits.read import Filter, get_bay, list_audits
from shelfwatch.audits.remove import delete, purge, restore
from shelfwatch.audits.tables import Event

LOW, BAND, HIGH = 0.4, 0.62, 0.9  # against a threshold of 0.6


def expect(memory: Memory, bay: str = "Cereal", **changes: Any) -> None:
    set_expectations(memory.database, "Berlin 1", bay, Expectations(**{"min_fill_rate": 0.6, **changes}))


def told(memory: Memory) -> list[str]:
    with memory.database.read() as session:
        return list(session.scalars(select(Event.kind).order_by(Event.id)))


def alerts(memory: Memory, status: str | None = None) -> list[Alert]:
    return list_alerts(memory.database, status).items


def test_an_alert_says_since_when_how_much_and_where(memory: Memory) -> None:
    expect(memory, alert_after=2)
    memory.record(0, minutes=0, fill_rate=HIGH)
    memory.record(1, minutes=10, fill_rate=0.5)
    assert alerts(memory) == []
    newest = memory.record(2, minutes=20, fill_rate=LOW)
    [alert] = alerts(memory)
    assert (alert.store, alert.bay, alert.kind, alert.status) == ("Berlin 1", "Cereal", "fill_rate", "open")
    assert (alert.value, alert.threshold, alert.since) == (LOW, 0.6, NOON + timedelta(minutes=10))
    assert (alert.audit_id, alert.box) == (newest.id, [1.0, 2.0, 3.0, 4.0])
    assert alert.acknowledged_at is alert.resolved_at is None
    assert get_alert(memory.database, alert.id) == alert
    assert get_bay(memory.database, "Berlin 1", "Cereal").open_alerts == 1
    with memory.database.read() as session:
        [event] = session.scalars(select(Event))
    assert event.body == {
        "id": event.id,
        "type": "alert.opened",
        "created_at": event.body["created_at"],
        "alert": alert.to_json(),
    }
    assert event.body["alert"]["since"] == "2026-03-01T12:10:00.000000Z"


def test_one_alert_stays_open_through_the_margin_and_closes_beyond_it(memory: Memory) -> None:
    expect(memory)
    for minutes, fill_rate in enumerate([LOW, BAND, LOW, BAND]):
        memory.record(minutes, minutes=minutes, fill_rate=fill_rate)
    [alert] = alerts(memory, "open")
    assert (alert.value, alert.since) == (BAND, NOON)
    memory.record(4, minutes=4, fill_rate=HIGH)
    [alert] = alerts(memory)
    assert (alert.status, alert.value) == ("resolved", HIGH)
    assert alert.resolved_at is not None
    memory.record(5, minutes=5, fill_rate=LOW)
    assert [found.status for found in alerts(memory)] == ["open", "resolved"]
    assert told(memory) == ["alert.opened", "alert.resolved", "alert.opened"]


def test_each_kind_has_an_alert_of_its_own(memory: Memory) -> None:
    expect(memory, min_facings=3, max_gaps=1)
    memory.record(0, fill_rate=LOW, facings=2, gaps=2)
    assert sorted(alert.kind for alert in alerts(memory)) == ["facings", "fill_rate", "gaps"]
    memory.record(1, minutes=1, fill_rate=LOW, facings=9, gaps=0)
    assert [alert.kind for alert in alerts(memory, "open")] == ["fill_rate"]


def test_an_audit_without_a_fill_rate_says_nothing_of_it(memory: Memory) -> None:
    expect(memory, alert_after=2)
    for minutes, fill_rate in enumerate([LOW, None, LOW, None]):
        memory.record(minutes, minutes=minutes, fill_rate=fill_rate, gaps=0)
    [alert] = alerts(memory)
    assert (alert.since, alert.value, alert.box) == (NOON, LOW, None)


def test_photos_that_come_late_count_by_when_they_were_taken(memory: Memory) -> None:
    expect(memory, alert_after=2)
    memory.record(1, minutes=30, fill_rate=LOW)
    memory.record(2, minutes=20, fill_rate=LOW)  # makes two in a row
    [alert] = alerts(memory)
    assert (alert.since, alert.value) == (NOON + timedelta(minutes=20), LOW)
    memory.record(3, minutes=10, fill_rate=LOW)  # it had begun before
    [alert] = alerts(memory, "open")
    assert alert.since == NOON + timedelta(minutes=10)
    memory.record(4, minutes=5, fill_rate=HIGH)  # clear, but before all that
    assert len(alerts(memory, "open")) == 1
    memory.record(5, minutes=25, fill_rate=HIGH)  # in between: they were not two in a row
    assert [found.status for found in alerts(memory)] == ["resolved"]


def test_what_was_over_before_we_heard_of_it_is_not_told(memory: Memory) -> None:
    expect(memory)
    memory.record(1, minutes=30, fill_rate=HIGH)
    memory.record(2, minutes=20, fill_rate=LOW)
    assert alerts(memory) == []
    assert told(memory) == []


def test_deleting_and_bringing_back_count_as_the_audits_that_remain(memory: Memory) -> None:
    expect(memory)
    first = memory.record(1, minutes=0, fill_rate=LOW)
    memory.record(2, minutes=1, fill_rate=BAND)
    delete(memory.database, first.id)
    assert [alert.status for alert in alerts(memory)] == ["resolved"]
    restore(memory.database, first.id)
    assert [alert.status for alert in alerts(memory)] == ["open", "resolved"]
    cleared = memory.record(3, minutes=2, fill_rate=HIGH)
    assert alerts(memory, "open") == []
    delete(memory.database, cleared.id)
    [alert] = alerts(memory, "open")
    assert (alert.since, alert.value) == (NOON, BAND)


def test_retention_does_not_end_an_alert(memory: Memory) -> None:
    expect(memory, alert_after=2)
    old = [memory.record(number, minutes=number, fill_rate=LOW) for number in range(2)]
    [alert] = alerts(memory)
    for audit in old:
        purge(memory.database, memory.photos, audit.id)
    memory.record(2, minutes=2, fill_rate=BAND)
    [found] = alerts(memory, "open")
    assert (found.id, found.since, found.value) == (alert.id, NOON, BAND)
    memory.record(3, minutes=3, fill_rate=HIGH)
    assert alerts(memory, "open") == []


def test_other_thresholds_are_judged_at_once(memory: Memory) -> None:
    memory.record(0, fill_rate=LOW)
    assert alerts(memory) == []
    expect(memory)
    [alert] = alerts(memory, "open")
    expect(memory, min_fill_rate=0.5)
    assert get_alert(memory.database, alert.id).threshold == 0.5
    expect(memory, min_fill_rate=0.3)
    assert alerts(memory, "open") == []
    expect(memory)
    expect(memory, min_fill_rate=None)
    assert alerts(memory, "open") == []
    assert told(memory) == ["alert.opened", "alert.resolved"] * 2


def test_an_alert_is_acknowledged_once_and_resolves_all_the_same(memory: Memory) -> None:
    expect(memory)
    memory.record(0, fill_rate=LOW)
    [alert] = alerts(memory)
    done = acknowledge(memory.database, alert.id)
    assert done.status == "acknowledged"
    assert acknowledge(memory.database, alert.id) == done
    memory.record(1, minutes=1, fill_rate=LOW)
    assert [found.id for found in alerts(memory, "acknowledged")] == [alert.id]
    memory.record(2, minutes=2, fill_rate=HIGH)
    assert get_alert(memory.database, alert.id).acknowledged_at == done.acknowledged_at
    with pytest.raises(ConflictError, match="resolved"):
        acknowledge(memory.database, alert.id)
    assert told(memory) == ["alert.opened", "alert.acknowledged", "alert.resolved"]
    for alert_id in (new_id(), "1"):
        with pytest.raises(NotFoundError):
            acknowledge(memory.database, alert_id)
        with pytest.raises(NotFoundError):
            get_alert(memory.database, alert_id)


def test_audits_that_come_at_once_open_one_alert(memory: Memory) -> None:
    expect(memory)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: memory.record(number, minutes=number, fill_rate=LOW), range(16)))
    [alert] = alerts(memory)
    assert (alert.since, told(memory)) == (NOON, ["alert.opened"])


def test_audit_alert_and_event_are_there_together_or_not_at_all(memory: Memory) -> None:
    expect(memory)
    with memory.database.connection() as connection:
        connection.exec_driver_sql("ALTER TABLE events RENAME TO elsewhere")
    with pytest.raises(DatabaseUnavailableError):
        memory.record(0, fill_rate=LOW)
    with memory.database.connection() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO events")
    assert list_audits(memory.database, Filter()).items == []
    assert alerts(memory) == []
    memory.record(0, fill_rate=LOW)
    assert len(alerts(memory)) == 1
    assert outbox.list_deliveries(memory.database) == []  # nobody is to be told


def test_a_list_is_narrowed_and_paged(memory: Memory) -> None:
    for bay in ("A", "B", "C"):
        expect(memory, bay=bay)
        memory.record(0, bay=bay, fill_rate=LOW)
    memory.record(1, bay="B", minutes=1, fill_rate=HIGH)
    first = list_alerts(memory.database, limit=2)
    assert [alert.bay for alert in first.items] == ["C", "B"]
    second = list_alerts(memory.database, limit=2, cursor=first.next_cursor)
    assert ([alert.bay for alert in second.items], second.next_cursor) == (["A"], None)
    assert [alert.bay for alert in list_alerts(memory.database, "resolved").items] == ["B"]
    assert [alert.bay for alert in list_alerts(memory.database, store="Berlin 1", bay="A").items] == ["A"]
    assert list_alerts(memory.database, store="Ulm").items == []
    for wrong in ({"status": "new"}, {"bay": "A"}, {"limit": 0}, {"cursor": "x"}):
        with pytest.raises(InvalidError):
            list_alerts(memory.database, **wrong)  # type: ignore[arg-type]


def test_a_long_stretch_in_the_margin_does_not_end_an_alert(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shelfwatch.audits.alerts.LOOK_BACK", 8)
    expect(memory)
    for minutes, fill_rate in enumerate([LOW] + [BAND] * 12):
        memory.record(0, minutes=minutes, fill_rate=fill_rate)
    [alert] = alerts(memory, "open")
    assert (alert.since, alert.value) == (NOON, BAND)
