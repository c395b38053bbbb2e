"""Tasks through both clients, on the real service and on a scripted server."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from shelfwatch.client import InvalidRequest, NotFound, Unreachable
from shelfwatch.service.task_schemas import VERDICT
from support import Service

Connect = Callable[..., Any]  # of the fixture `connect`
Script = Any  # the fixture `script`, a `Script` of conftest.py


def test_tasks_are_listed_finished_and_taken_back(
    connect: Connect,
    service: Service,
    emptied: bytes,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setattr("shelfwatch.client.tasks.MAX_PAGE", 1)
    client, store = connect(service.url), request.node.name
    audit = client.record_audit(emptied, store, "Tee").audit
    client.put_bay(store, "Tee", min_facings=100_000)
    tasks = [*client.tasks(store=store)]
    gaps = [*client.tasks(store=store, bay="Tee", kind="gap")]
    [alert] = client.tasks(store=store, kind="alert")
    assert len(gaps) == len(audit.report.gaps) > 0
    assert {task.id for task in tasks} == {task.id for task in [*gaps, alert]}
    assert {task.audit_id for task in tasks} == {audit.id}
    assert (alert.alert.kind, alert.alert.threshold, alert.row) == ("facings", 100_000, None)
    assert {(task.row, task.box, task.severity) for task in gaps} == {
        (gap.row, gap.box, gap.severity) for gap in audit.report.gaps
    }
    assert gaps[0].since == audit.taken_at
    assert Image.open(io.BytesIO(client.gap_image(audit.id, 0))).format == "JPEG"
    with pytest.raises(NotFound):
        client.gap_image(audit.id, 1000)
    page = client.task_page(store=store, limit=1)
    assert page.items == (tasks[0],)
    assert client.task_page(store=store, cursor=page.next_cursor).items == tuple(tasks[1:])

    said = client.finish_task(tasks[0].id, who="Ada", note="two cases left")
    assert (said.task_id, said.verdict, said.who, said.note) == (tasks[0].id, "done", "Ada", "two cases left")
    assert [*client.tasks(store=store)] == tasks[1:]
    assert client.reopen_task(tasks[0].id) is None
    assert [*client.tasks(store=store)] == tasks
    with pytest.raises(NotFound):
        client.reopen_task(tasks[0].id)
    with pytest.raises(InvalidRequest, match="verdict"):
        client.finish_task(tasks[0].id, "bought")


def test_what_is_kept_or_taken_back_each_time_is_not_sent_twice(connect: Connect, script: Script) -> None:
    """Unless it was certainly not begun with."""
    waits: list[float] = []
    client = connect(script.url, sleep=waits.append)
    for ask in (lambda: client.finish_task("a"), lambda: client.reopen_task("a")):
        script.hang_up()
        with pytest.raises(Unreachable):
            ask()
    assert (len(script.received), waits) == (2, [])
    script.problem(503, "overloaded")
    script.answer(201, json.dumps(VERDICT).encode())
    assert client.finish_task("a").verdict == "done"
    assert len(waits) == 1
