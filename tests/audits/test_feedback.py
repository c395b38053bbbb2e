"""What people say of alerts, and the precision that follows."""

from __future__ import annotations

import pytest

from audits.memories import Memory
from shelfwatch.audits.alerts import get_alert, list_alerts
from shelfwatch.audits.bays import Expectations, set_expectations
from shelfwatch.audits.errors import InvalidError, NotFoundError
from shelfwatch.audits.feedback import give_feedback, list_feedback, precision
from shelfwatch.audits.ids import new_id


def raised(memory: Memory, count: int, **expected: float) -> list[str]:
    for number in range(count):
        bay = f"{next(iter(expected))} {number}"
        set_expectations(memory.database, "Berlin 1", bay, Expectations(**expected))  # type: ignore[arg-type]
        memory.record(number, bay=bay, fill_rate=0.1, facings=1, gaps=5)
    return [alert.id for alert in list_alerts(memory.database).items][:count]


def test_feedback_is_kept_with_who_and_when(memory: Memory) -> None:
    [alert_id] = raised(memory, 1, min_fill_rate=0.6)
    before = get_alert(memory.database, alert_id)
    given = give_feedback(memory.database, alert_id, "not_workable", " Ada ", "no stock\r\n")
    assert (given.verdict, given.who, given.note) == ("not_workable", "Ada", "no stock")
    later = give_feedback(memory.database, alert_id, "restocked")
    assert list_feedback(memory.database, alert_id) == [given, later]
    assert given.to_json()["created_at"].endswith("Z")
    assert get_alert(memory.database, alert_id) == before  # whether it is over, the next photo tells


def test_what_is_no_feedback_is_refused(memory: Memory) -> None:
    [alert_id] = raised(memory, 1, min_fill_rate=0.6)
    with pytest.raises(InvalidError, match="verdict"):
        give_feedback(memory.database, alert_id, "fine")
    with pytest.raises(InvalidError, match="who"):
        give_feedback(memory.database, alert_id, "restocked", who="a\nb")
    for unknown in (new_id(), "1"):
        with pytest.raises(NotFoundError):
            give_feedback(memory.database, unknown, "restocked")
        with pytest.raises(NotFoundError):
            list_feedback(memory.database, unknown)


def test_precision_counts_each_alert_by_the_last_that_was_said_of_it(memory: Memory) -> None:
    by_fill = raised(memory, 5, min_fill_rate=0.6)
    give_feedback(memory.database, by_fill[0], "false_alarm")
    for number, verdict in enumerate(["restocked", "restocked", "false_alarm", "not_workable"]):
        give_feedback(memory.database, by_fill[number], verdict)
    by_gaps = raised(memory, 1, max_gaps=1)
    give_feedback(memory.database, by_gaps[0], "not_workable")
    fill, facings, gaps = precision(memory.database)
    assert fill.to_json() == {
        "kind": "fill_rate",
        "alerts": 5,
        "restocked": 2,
        "false_alarm": 1,
        "not_workable": 1,
        "precision": 2 / 3,
    }
    assert (facings.kind, facings.alerts, facings.precision) == ("facings", 0, None)
    assert (gaps.alerts, gaps.not_workable, gaps.precision) == (1, 1, None)
