"""What can be asked about tasks."""

from __future__ import annotations

from typing import Literal, TypeAlias
from urllib.parse import quote

from shelfwatch.client.answers import parse
from shelfwatch.client.calls import Call, given
from shelfwatch.client.task_answers import TaskFeedback, TaskPage

TaskKind: TypeAlias = Literal["gap", "alert"]
TaskVerdict: TypeAlias = Literal["done", "false_alarm", "not_workable"]


def page(
    *, store: str | None, bay: str | None, kind: TaskKind | None, limit: int | None, cursor: str | None
) -> Call[TaskPage]:
    """What is to be done?"""
    query = given(store=store, bay=bay, kind=kind, limit=limit, cursor=cursor)
    return Call("GET", "/tasks", lambda response: parse(TaskPage, response.content), query)


def feedback(task_id: str, verdict: TaskVerdict, *, who: str | None, note: str | None) -> Call[TaskFeedback]:
    """What came of it. Each is kept, so it is not sent twice."""
    return Call(
        "POST",
        _path(task_id),
        lambda response: parse(TaskFeedback, response.content),
        body=given(verdict=verdict, who=who, note=note),
        statuses=frozenset({201}),
        repeatable=False,
    )


def take_back(task_id: str) -> Call[None]:
    """Forget what was said last. Sent twice, it would take back what was said before that as well."""
    return Call("DELETE", _path(task_id), lambda _: None, statuses=frozenset({204}), repeatable=False)


def _path(task_id: str) -> str:
    return f"/tasks/{quote(task_id, safe='')}/feedback"
