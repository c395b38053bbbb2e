"""Tasks on the real process."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from service.audit_calls import get, post
from support import Service


def to_do(service: Service, store: str, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = get(service, "/tasks", store=store, **query).json()["items"]
    return items


def test_gaps_are_to_do_until_someone_has_seen_to_them(service: Service, emptied: bytes) -> None:
    first = post(service, emptied, "To do", taken_at="2026-03-01T08:00:00Z").json()
    second = post(service, emptied, "To do", taken_at="2026-03-01T09:00:00Z").json()
    tasks = to_do(service, "To do")
    assert {task["id"] for task in tasks} == {f"gap-{second['id']}-{n}" for n in range(len(second["report"]["gaps"]))}
    assert {task["since"] for task in tasks} == {first["taken_at"]}
    assert get(service, tasks[0]["image_url"]).headers["content-type"] == "image/jpeg"
    page = get(service, "/tasks", store="To do", limit=1).json()
    assert page["items"] == tasks[:1]
    if len(tasks) > 1:
        assert to_do(service, "To do", cursor=page["next_cursor"]) == tasks[1:]
    address = f"{service.url}/tasks/{tasks[0]['id']}/feedback"
    said = httpx.post(address, json={"verdict": "done", "who": "Ada"})
    assert (said.status_code, said.json()["task_id"], said.json()["note"]) == (201, tasks[0]["id"], None)
    assert to_do(service, "To do") == tasks[1:]
    assert httpx.delete(address).status_code == 204
    assert to_do(service, "To do") == tasks
    assert httpx.delete(address).json()["type"] == "/problems/not-found"


def test_alerts_are_to_do_with_their_picture(service: Service, emptied: bytes) -> None:
    post(service, emptied, "Alerted")
    httpx.put(f"{service.url}/stores/Alerted/bays/Cereal", json={"min_facings": 1000})
    [task] = to_do(service, "Alerted", kind="alert")
    assert task["alert"]["threshold"] == 1000
    assert (task["row"], task["width_facings"], task["severity"]) == (None, None, "major")
    assert get(service, task["image_url"]).status_code == 200
    said = httpx.post(f"{service.url}/tasks/{task['id']}/feedback", json={"verdict": "not_workable"})
    assert said.status_code == 201
    assert to_do(service, "Alerted", kind="alert") == []


@pytest.mark.parametrize("query", [{"kind": "x"}, {"bay": "Cereal"}, {"limit": 0}, {"cursor": "x"}])
def test_bad_questions_are_refused(service: Service, query: dict[str, Any]) -> None:
    assert get(service, "/tasks", **query).json()["type"] == "/problems/invalid-request"


def test_what_is_no_verdict_is_refused(service: Service) -> None:
    address = f"{service.url}/tasks/gap-01968bd1-7c3e-7a52-9d1f-3b0c5a8e4f21-0/feedback"
    assert httpx.post(address, json={"verdict": "restocked"}).json()["type"] == "/problems/invalid-request"
    assert httpx.post(address, json={"verdict": "done"}).json()["type"] == "/problems/not-found"
    assert httpx.post(f"{service.url}/tasks/1/feedback", json={"verdict": "done"}).status_code == 404
