"""Corrections on the real process."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import httpx
import pytest

from service.audit_calls import get, post
from support import Service


@pytest.fixture(scope="module")
def audit(service: Service, sample: bytes) -> dict[str, Any]:
    found: dict[str, Any] = post(service, sample, "Corrected").json()
    return found


def save(service: Service, audit: dict[str, Any], **changes: Any) -> httpx.Response:
    boxes = [
        {"box": found["box"], "label": found["label"], "source": number}
        for number, found in enumerate(audit["detections"][2:], 2)
    ]
    content = {"who": "Ada", "note": None, "base": None, "detections": boxes, **changes}
    return httpx.post(f"{service.url}/audits/{audit['id']}/corrections", json=content, timeout=30)


def test_a_correction_is_saved_read_and_taken_along(service: Service, audit: dict[str, Any]) -> None:
    address = f"/audits/{audit['id']}"
    assert audit["corrected"] is None
    assert get(service, f"{address}/corrections").json() == {"items": []}
    for path in (f"{address}/corrections/latest", f"{address}/export?corrected=true"):
        assert httpx.get(f"{service.url}{path}").json()["type"] == "/problems/not-found"
    saved = save(service, audit)
    assert saved.status_code == 201
    correction = saved.json()
    assert correction["changes"] == {"added": 0, "removed": 2, "moved": 0, "relabelled": 0}
    assert get(service, saved.headers["location"]).json() == correction
    assert get(service, f"{address}/corrections/latest").json() == correction
    again = save(service, audit)
    assert (again.status_code, again.json()) == (200, correction)
    conflict = save(service, audit, who="Bo")
    assert (conflict.status_code, conflict.json()["type"]) == (409, "/problems/conflict")
    [listed] = get(service, f"{address}/corrections").json()["items"]
    assert {**listed, "detections": correction["detections"]} == correction
    shown = get(service, address).json()
    assert shown["corrected"] == {name: correction[name] for name in ("id", "created_at", "who", "count")}
    assert {**shown, "corrected": None} == audit
    lines = get(service, f"{address}/export", corrected="true").text.splitlines()
    assert len(lines) == 1 + audit["count"] - 2
    names = zipfile.ZipFile(io.BytesIO(get(service, "/corrections.zip", store="Corrected").content)).namelist()
    assert set(names) == {f"labels/train/{audit['id']}.txt", f"images/train/{audit['id']}.jpg", "data.yaml"}
    assert get(service, "/corrections.zip", bay="Cereal").status_code == 422


@pytest.mark.parametrize(
    "changes",
    [
        {"who": ""}, {"who": "\x07"}, {"base": "newest"}, {"detections": [{"box": [0, 0, 1], "label": "x"}]},
        {"detections": [{"box": [0, 0, 1e9, 9], "label": "x", "source": None}]}, {"detections": None}, {"by": "Ada"},
        {"detections": [{"box": [0, 0, 9, 9], "label": "", "source": None}]},
        {"detections": [{"box": [0, 0, 9, 9], "label": "x", "source": 99999}]},
    ],
)  # fmt: skip
def test_what_is_no_correction_is_refused(service: Service, audit: dict[str, Any], changes: dict[str, Any]) -> None:
    answer = save(service, audit, **changes)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
