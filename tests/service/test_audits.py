"""`/audits` on the real process: what is acknowledged is there, once, and found again."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.audit_calls import QUICK, get, photo, post
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.read import Filter, list_audits
from support import Service


def test_an_audit_goes_round(run_service: Callable[..., Service], empty: str, tmp_path: Path, sample: bytes) -> None:
    service = run_service(**QUICK, SHELFWATCH_DATABASE_URL=empty, SHELFWATCH_PHOTO_STORE=str(tmp_path / "photos"))
    sent = post(service, sample, " Berlin 1 ", "Cereal", taken_at="2026-03-01T09:00:00+01:00", note="after lunch")
    assert sent.status_code == 201
    audit = sent.json()
    assert sent.headers["location"] == f"/audits/{audit['id']}"
    assert (audit["store"], audit["bay"], audit["note"]) == ("Berlin 1", "Cereal", "after lunch")
    assert audit["taken_at"] == "2026-03-01T08:00:00.000000Z"
    assert audit["model"]["name"] == "fast"
    assert audit["count"] == len(audit["detections"]) > 50
    assert audit["report"]["facings"] == sum(row["facings"] for row in audit["report"]["rows"])
    assert {found["row"] for found in audit["detections"]} == {row["index"] for row in audit["report"]["rows"]}
    assert get(service, f"/audits/{audit['id']}").json() == audit
    (listed,) = get(service, "/audits", store="Berlin 1", bay="Cereal").json()["items"]
    assert listed["id"] == audit["id"]
    assert listed["report"]["facings"] == audit["report"]["facings"]
    image = get(service, listed["image"]["url"])
    assert (image.status_code, image.headers["content-type"]) == (200, "image/jpeg")

    assert httpx.delete(f"{service.url}/audits/{audit['id']}").status_code == 204
    assert httpx.delete(f"{service.url}/audits/{audit['id']}").status_code == 404
    for path in (f"/audits/{audit['id']}", audit["image"]["url"]):
        assert get(service, path).json()["type"] == "/problems/not-found"
    assert get(service, "/audits").json() == {"items": [], "next_cursor": None}
    assert httpx.post(f"{service.url}/audits/{audit['id']}/restore").json() == audit
    assert get(service, f"/audits/{audit['id']}").json() == audit


def test_what_was_acknowledged_outlives_kill_9(
    run_service: Callable[..., Service], tmp_path: Path, sample: bytes
) -> None:
    """While others are being recorded; the memory's own test kills at any moment."""
    service = run_service(**QUICK, SHELFWATCH_DATA_DIR=str(tmp_path / "data"))
    acknowledged: list[str] = []
    enough = threading.Event()

    def send(number: int) -> None:
        try:
            answer = post(service, photo(number, sample))
        except httpx.TransportError:
            return
        if answer.status_code == 201:
            acknowledged.append(answer.json()["id"])
            if len(acknowledged) == 3:
                enough.set()

    with ThreadPoolExecutor(4) as pool:
        for number in range(30):
            pool.submit(send, number)
        assert enough.wait(60)
        service.process.kill()
    assert len(acknowledged) < 30
    service = run_service(**QUICK, SHELFWATCH_DATA_DIR=str(tmp_path / "data"))
    for audit_id in acknowledged:
        audit = get(service, f"/audits/{audit_id}").json()
        assert get(service, audit["image"]["url"]).status_code == 200
    listed = get(service, "/audits", limit=200).json()["items"]
    assert set(acknowledged) <= {audit["id"] for audit in listed}


def test_an_idempotency_key_makes_one_audit(service: Service, sample: bytes) -> None:
    image = photo(1, sample)

    def send(number: int) -> httpx.Response:
        key: dict[str, Any] = {"idempotency_key": "one"} if number % 2 else {"headers": {"Idempotency-Key": "one"}}
        return post(service, image, "Keys", **key)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert len(get(service, "/audits", store="Keys").json()["items"]) == 1
    other = post(service, photo(2, sample), "Keys", idempotency_key="one")
    assert (other.status_code, other.json()["type"]) == (409, "/problems/conflict")
    assert post(service, photo(2, sample), "Keys", "Tea", idempotency_key="one").status_code == 201


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"store": ""}, "body.store"),
        ({"store": "a\x07b"}, "body.store"),
        ({"bay": " "}, "body.bay"),
        ({"bay": "x" * 201}, "body.bay"),
        ({"taken_at": "yesterday"}, "body.taken_at"),
        ({"taken_at": "1970-01-01T00:00:00Z"}, "taken_at"),
        ({"taken_at": "2999-01-01T00:00:00Z"}, "taken_at"),
        ({"note": "x" * 5000}, "note"),
        ({"idempotency_key": "é"}, "idempotency_key"),
        ({"idempotency_key": "a", "headers": {"Idempotency-Key": "b"}}, "idempotency_key"),
        ({"taken": "2026-03-01"}, "'taken'"),
        ({"query": {"confidence": 2}}, "query.confidence"),
        ({"query": {"model": "none"}}, "query.model"),
    ],
)
def test_bad_fields_are_refused_before_any_work(
    service: Service, sample: bytes, fields: dict[str, Any], word: str
) -> None:
    answer = post(service, sample, **{"store": "Refused", **fields})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
    assert word in answer.json()["detail"]
    assert get(service, "/audits", store="Refused").json()["items"] == []


@pytest.mark.parametrize("image", [b"no picture", b"\xff\xd8\xff broken"])
def test_what_is_no_photo_leaves_nothing(service: Service, image: bytes) -> None:
    for key in ({}, {"idempotency_key": "no-photo"}):
        assert post(service, image, "No photo", **key).status_code in {400, 415}
    assert "No photo" not in {store["store"] for store in get(service, "/stores").json()["items"]}


@pytest.mark.parametrize("audit_id", ["01968bd1-7c3e-7a52-9d1f-3b0c5a8e4f21", "1", "é", "x" * 3000])
def test_unknown_audits_are_not_found(service: Service, audit_id: str) -> None:
    address = f"{service.url}/audits/{audit_id}"
    for method, path in (("GET", ""), ("GET", "/image"), ("DELETE", ""), ("POST", "/restore")):
        answer = httpx.request(method, f"{address}{path}")
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


def test_pages_cover_everything_once(service: Service, sample: bytes) -> None:
    taken = datetime(2026, 3, 1, tzinfo=UTC)
    image = photo(3, sample)
    made = [
        post(service, image, "Pages", taken_at=(taken + timedelta(hours=number // 2)).isoformat()).json()["id"]
        for number in range(7)
    ]
    found: list[str] = []
    cursor: dict[str, str] = {}
    sizes = []
    while True:
        page = get(service, "/audits", store="Pages", limit=3, **cursor).json()
        found += [audit["id"] for audit in page["items"]]
        sizes.append(len(page["items"]))
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
        made.append(post(service, image, "Pages").json()["id"])  # newer than the page: it moves nothing
    assert sizes == [3, 3, 1]
    assert found == made[:7][::-1]
    window = get(service, "/audits", store="Pages", since="2026-03-01T01:00:00Z", until="2026-03-01T02:00:00+01:00")
    assert window.json()["items"] == []
    window = get(service, "/audits", store="Pages", since="2026-03-01T01:00:00Z", until="2026-03-01T03:00:00")
    assert [audit["id"] for audit in window.json()["items"]] == made[2:6][::-1]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0}, {"limit": 201}, {"cursor": "x"}, {"bay": "Cereal"}, {"since": "1"}, {"since": "soon"},
        {"until": "0001-01-01T00:00:00+14:00"},
    ],
)  # fmt: skip
def test_bad_questions_are_refused(service: Service, query: dict[str, Any]) -> None:
    answer = get(service, "/audits", **query)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")


def test_a_stopping_service_finishes_what_it_accepted(
    run_service: Callable[..., Service], tmp_path: Path, sample: bytes
) -> None:
    service = run_service("--lanes", "1", **QUICK, SHELFWATCH_DATA_DIR=str(tmp_path / "data"))
    with ThreadPoolExecutor(6) as pool:
        first = threading.Event()

        def send(number: int) -> httpx.Response:
            answer = post(service, photo(number, sample))
            first.set()
            return answer

        answers = [pool.submit(send, number) for number in range(6)]
        assert first.wait(60)
        service.process.send_signal(signal.SIGTERM)
        codes = [answer.result().status_code for answer in answers]
    assert service.process.wait(timeout=30) == 0
    assert set(codes) <= {201, 503}
    memory = Memory.at(tmp_path / "data")
    assert len(list_audits(memory.database, Filter()).items) == codes.count(201) >= 2
    memory.close()
