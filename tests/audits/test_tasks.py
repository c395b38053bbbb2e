"""What is to be done, what was said of it, and in which order."""

from __future__ import annotations

import pytest

from audits.memories import NOON, Memory
from audits.test_places import BELOW, LEFT, RIGHT, shelf
from shelfwatch.audits.alerts import acknowledge, list_alerts
from shelfwatch.audits.backup import backup, restore
from shelfwatch.audits.bays import Expectations, set_expectations
from shelfwatch.audits.database import Database
from shelfwatch.audits.errors import InvalidError, NotFoundError
from shelfwatch.audits.feedback import list_feedback
from shelfwatch.audits.ids import new_id
from shelfwatch.audits.remove import delete
from shelfwatch.audits.tasks import TaskPage, list_tasks
from shelfwatch.audits.verdicts import judge, take_back


def ids(page: TaskPage) -> list[str]:
    return [task.id for task in page.items]


def test_gaps_of_the_newest_audit_and_open_alerts_are_to_do(memory: Memory) -> None:
    shelf(memory, 0, LEFT, RIGHT)
    audit = shelf(memory, 1, RIGHT)
    set_expectations(memory.database, "Berlin 1", "Cereal", Expectations(max_gaps=0))
    [alert] = list_alerts(memory.database).items
    gap, told = list_tasks(memory.database).items
    assert (gap.id, told.id) == (f"gap-{audit}-0", f"alert-{alert.id}")
    assert gap.to_json() == {
        "id": f"gap-{audit}-0", "kind": "gap", "store": "Berlin 1", "bay": "Cereal",
        "since": "2026-03-01T12:00:00.000000Z", "audit_id": audit, "row": 0, "box": RIGHT, "severity": "major",
        "width_facings": 1.6, "alert": None,
    }  # fmt: skip
    assert told.to_json()["alert"] == {"kind": "gaps", "value": 1, "threshold": 0, "status": "open"}
    assert ids(list_tasks(memory.database, kind="gap")) == [gap.id]
    assert ids(list_tasks(memory.database, "Berlin 1", "Cereal", "alert")) == [told.id]
    assert ids(list_tasks(memory.database, "Ulm")) == []


def test_a_verdict_takes_a_gap_off_until_a_later_audit_shows_it_again(memory: Memory) -> None:
    first = shelf(memory, 0, LEFT, RIGHT, BELOW)
    for number, verdict in enumerate(["done", "not_workable", "false_alarm"]):
        said = judge(memory.database, f"gap-{first}-{number}", verdict, " Ada ", "seen\r\n")
        assert (said.verdict, said.who, said.note) == (verdict, "Ada", "seen")
    assert ids(list_tasks(memory.database)) == []
    second = shelf(memory, 1, RIGHT, LEFT, BELOW)
    assert ids(list_tasks(memory.database)) == [f"gap-{second}-0", f"gap-{second}-1"]
    judge(memory.database, f"gap-{first}-2", "done")  # what was said last counts
    assert len(ids(list_tasks(memory.database))) == 3
    take_back(memory.database, f"gap-{first}-2")
    assert len(ids(list_tasks(memory.database))) == 2
    take_back(memory.database, f"gap-{first}-2")
    assert len(ids(list_tasks(memory.database))) == 3
    with pytest.raises(NotFoundError):
        take_back(memory.database, f"gap-{first}-2")


def test_the_same_word_sent_again_is_kept_once(memory: Memory) -> None:
    """An answer may get lost on the way; one undo then takes back all of it."""
    set_expectations(memory.database, "Berlin 1", "Cereal", Expectations(max_gaps=0))
    shelf(memory, 0, LEFT)
    for task_id in ids(list_tasks(memory.database)):
        first = judge(memory.database, task_id, "done", "Ada")
        assert judge(memory.database, task_id, "done", "Ada") == first
        assert task_id not in ids(list_tasks(memory.database))
        take_back(memory.database, task_id)
        assert task_id in ids(list_tasks(memory.database))
        judge(memory.database, task_id, "done", "Ada")
    assert ids(list_tasks(memory.database)) == []
    audit = shelf(memory, 1, LEFT)
    gap, told = sorted(ids(list_tasks(memory.database)), reverse=True)
    assert gap == f"gap-{audit}-0"
    judge(memory.database, told, "done", "Ada")  # of a newer photo: it is not the same word any more
    assert ids(list_tasks(memory.database)) == [gap]


def test_a_verdict_on_an_alert_is_its_feedback(memory: Memory) -> None:
    set_expectations(memory.database, "Berlin 1", "Cereal", Expectations(max_gaps=0))
    shelf(memory, 0, LEFT)
    [task_id] = ids(list_tasks(memory.database, kind="alert"))
    said = judge(memory.database, task_id, "done", "Ada")
    assert (said.task_id, said.verdict) == (task_id, "done")
    assert [given.verdict for given in list_feedback(memory.database, task_id.removeprefix("alert-"))] == ["restocked"]
    assert ids(list_tasks(memory.database, kind="alert")) == []
    shelf(memory, 1, LEFT)
    assert ids(list_tasks(memory.database, kind="alert")) == [task_id]
    judge(memory.database, task_id, "false_alarm")
    shelf(memory, 2, LEFT)
    assert ids(list_tasks(memory.database, kind="alert")) == []
    take_back(memory.database, task_id)
    assert ids(list_tasks(memory.database, kind="alert")) == [task_id]
    shelf(memory, 3)
    assert ids(list_tasks(memory.database)) == []  # resolved


def test_the_most_urgent_comes_first_and_pages_do_not_overlap(memory: Memory) -> None:
    for number in range(3):
        memory.record(number, bay=f"Bay {number}", minutes=9 - number, gaps=0, fill_rate=0.1)
        set_expectations(memory.database, "Berlin 1", f"Bay {number}", Expectations(min_fill_rate=0.5))
    acknowledge(memory.database, next(a.id for a in list_alerts(memory.database).items if a.bay == "Bay 2"))
    old = shelf(memory, 0, LEFT, severity="minor")
    tasks = list_tasks(memory.database).items
    assert [task.bay for task in tasks] == ["Bay 1", "Bay 0", "Bay 2", "Cereal"]
    critical = shelf(memory, 20, RIGHT, severity="critical")
    assert ids(list_tasks(memory.database))[0] == f"gap-{critical}-0"
    delete(memory.database, critical)
    seen: list[str] = []
    cursor = None
    while True:
        page = list_tasks(memory.database, limit=1, cursor=cursor)
        seen += ids(page)
        cursor = page.next_cursor
        if cursor is None:
            break
        judge(memory.database, page.items[0].id, "done")  # what is done meanwhile moves nothing
    assert seen == [task.id for task in tasks]
    assert seen[-1] == f"gap-{old}-0"


def test_what_is_no_task_or_question_is_refused(memory: Memory) -> None:
    audit = shelf(memory, 0, LEFT)
    gone = shelf(memory, 1, LEFT)
    delete(memory.database, gone)
    for unknown in (f"gap-{audit}-1", f"gap-{audit}-01", f"gap-{new_id()}-0", f"gap-{gone}-0", f"alert-{new_id()}", "1",
                    f"gap-{'-' * 36}-0"):  # fmt: skip
        with pytest.raises(NotFoundError):
            judge(memory.database, unknown, "done")
        with pytest.raises(NotFoundError):
            take_back(memory.database, unknown)
    with pytest.raises(InvalidError, match="verdict"):
        judge(memory.database, f"gap-{audit}-0", "restocked")
    with pytest.raises(InvalidError, match="who"):
        judge(memory.database, f"gap-{audit}-0", "done", "a\nb")
    for question in ({"kind": "x"}, {"bay": "Cereal"}, {"limit": 0}, {"limit": 201}, {"cursor": "AAAA"}):
        with pytest.raises(InvalidError):
            list_tasks(memory.database, **question)  # type: ignore[arg-type]


def test_verdicts_and_places_are_in_backups(memory: Memory, tmp_path: object) -> None:
    audit = shelf(memory, 0, LEFT, RIGHT)
    judge(memory.database, f"gap-{audit}-0", "false_alarm")
    backup(memory.database, memory.photos, tmp_path / "backup.tar")  # type: ignore[operator]
    other = Database(f"sqlite:///{tmp_path}/other.db")
    restore(other, memory.photos, tmp_path / "backup.tar")  # type: ignore[operator]
    [task] = list_tasks(other).items
    assert (task.id, task.since) == (f"gap-{audit}-1", NOON)
    other.close()
