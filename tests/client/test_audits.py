"""Audits through both clients, on the real service and on a scripted server."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from service.audit_calls import QUICK, photo
from shelfwatch.client import (
    Audit,
    Conflict,
    InvalidRequest,
    NotFound,
    RetryPolicy,
    StorageUnavailable,
    UnexpectedAnswer,
    UnsupportedFormat,
)
from shelfwatch.service.audit_schemas import AUDIT
from support import Service, start_service

Connect = Callable[..., Any]  # of the fixture `connect`
Script = Any  # the fixture `script`, a `Script` of conftest.py

MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = start_service(tmp_path_factory.mktemp("kept") / "service.log", **QUICK)
    yield service
    service.process.kill()
    service.process.wait()


@pytest.fixture
def store(request: pytest.FixtureRequest) -> str:
    """A store that no other test knows, and with a name that an address must spell out."""
    return f"Köln 1/{request.node.name} 100%"


def test_an_audit_is_recorded_read_deleted_and_restored(
    connect: Connect, kept: Service, store: str, sample: bytes
) -> None:
    client = connect(kept.url)
    noon = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=1)))
    done = client.record_audit(
        photo(0, sample), store, "Tee", taken_at=noon, note="after lunch", confidence=0.5, max_detections=30
    )
    made = done.audit
    assert done.made is True
    assert isinstance(made, Audit)
    assert (made.store, made.bay, made.note) == (store, "Tee", "after lunch")
    assert made.taken_at == noon
    assert made.taken_at.tzinfo is UTC
    assert made.count == len(made.detections) == 30
    assert all(product.confidence >= 0.5 for product in made.detections)
    assert any(product.row is not None and product.position is not None for product in made.detections)
    assert made.report.facings == sum(row.facings for row in made.report.rows)
    assert client.audit(made.id) == made

    full = Image.open(io.BytesIO(client.audit_image(made.id)))
    small = Image.open(io.BytesIO(client.audit_image(made.id, size="thumbnail")))
    assert full.size == (made.image.width, made.image.height)
    assert (small.format, max(small.size)) == ("WEBP", 320)

    assert client.delete_audit(made.id) is None
    assert list(client.audits(store=store)) == []
    for ask in (client.audit, client.delete_audit):
        with pytest.raises(NotFound):
            ask(made.id)
    assert client.restore_audit(made.id) == made
    assert [audit.id for audit in client.audits(store=store)] == [made.id]


def test_the_same_key_makes_one_audit(connect: Connect, kept: Service, store: str, sample: bytes) -> None:
    client = connect(kept.url)
    first, again = (client.record_audit(photo(1, sample), store, "A", idempotency_key="phone-7/1") for _ in range(2))
    assert (first.made, again.made) == (True, False)
    assert first.audit == again.audit
    with pytest.raises(Conflict):
        client.record_audit(photo(2, sample), store, "A", idempotency_key="phone-7/1")
    [found] = client.audits(store=store, bay="A", idempotency_key="phone-7/1")
    assert (found.id, found.count) == (first.audit.id, first.audit.count)
    assert client.audit_page(store=store, bay="A", idempotency_key="phone-7/2").items == ()
    assert client.audit_page(store=store, bay="B", idempotency_key="phone-7/1").items == ()
    for wrong in ({"store": store}, {"store": store, "bay": "A", "limit": 0}, {}):
        with pytest.raises(InvalidRequest):
            client.audit_page(**wrong, idempotency_key="phone-7/1" if "limit" not in wrong else "line\nbreak")
    # Without a key each call is an audit of its own.
    assert client.record_audit(photo(1, sample), store, "A").made is True
    assert len(list(client.audits(store=store, bay="A"))) == 2


def test_lists_are_walked_to_their_end(
    connect: Connect, kept: Service, store: str, sample: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shelfwatch.client.audits.MAX_PAGE", 2)
    client = connect(kept.url)
    made = [
        client.record_audit(photo(number, sample), store, "AB"[number % 2], taken_at=MORNING + timedelta(hours=number))
        for number in range(5)
    ]
    newest_first = [done.audit.id for done in reversed(made)]
    assert [audit.id for audit in client.audits(store=store)] == newest_first
    assert [audit.id for audit in client.audits(store=store, bay="A")] == newest_first[::2]
    within = client.audits(store=store, since=MORNING + timedelta(hours=1), until=MORNING + timedelta(hours=3))
    assert [audit.id for audit in within] == newest_first[2:4]
    page = client.audit_page(store=store, limit=3)
    assert [audit.id for audit in page.items] == newest_first[:3]
    rest = client.audit_page(store=store, limit=3, cursor=page.next_cursor)
    assert ([audit.id for audit in rest.items], rest.next_cursor) == (newest_first[3:], None)
    assert page.items[0].report.facings == made[4].audit.report.facings
    with pytest.raises(InvalidRequest, match="store"):
        next(client.audits(bay="A"))


def test_two_audits_are_compared(connect: Connect, kept: Service, store: str, sample: bytes) -> None:
    client = connect(kept.url)
    earlier, later = (
        client.record_audit(sample, store, "A", taken_at=MORNING + timedelta(hours=hours)).audit for hours in (0, 1)
    )
    found = client.compare_audits(later.id, earlier.id)
    assert (found.earlier, found.later, found.registered) == (earlier.id, later.id, True)
    assert (found.left, found.came, found.change.count) == ((), (), 0)
    assert len(found.stayed) > 20
    assert found.stayed[0].earlier == pytest.approx(found.stayed[0].later, abs=1)
    assert found.transform[2] == pytest.approx((0, 0, 1))
    elsewhere = client.record_audit(photo(0, sample), store, "B").audit
    with pytest.raises(InvalidRequest):
        client.compare_audits(elsewhere.id, earlier.id)


def test_exports_are_written_to_files(
    connect: Connect, kept: Service, store: str, sample: bytes, tmp_path: Path
) -> None:
    client = connect(kept.url)
    made = client.record_audit(photo(0, sample), store, "A", taken_at=MORNING).audit
    lines, book = tmp_path / "audits.csv", tmp_path / "audits.xlsx"
    lines.write_text("what was there before")
    assert client.audits_csv(lines, store=store) is None
    client.audits_xlsx(str(book), store=store)
    [line] = csv.DictReader(io.StringIO(lines.read_text("utf-8-sig")))
    assert made.id in line.values()
    assert store in line.values()
    assert "xl/workbook.xml" in zipfile.ZipFile(book).namelist()
    client.audits_csv(lines, store=store, since=MORNING + timedelta(hours=1))
    assert list(csv.DictReader(io.StringIO(lines.read_text("utf-8-sig")))) == []
    with pytest.raises(InvalidRequest):
        client.audits_csv(lines, bay="A")
    with pytest.raises(FileNotFoundError):
        client.audits_csv(tmp_path / "nowhere" / "audits.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["audits.csv", "audits.xlsx"]


def test_refused_photos_make_no_audit(connect: Connect, kept: Service, store: str, tmp_path: Path) -> None:
    client = connect(kept.url)
    with pytest.raises(UnsupportedFormat):
        client.record_audit(b"no picture", store, "A")
    with pytest.raises(InvalidRequest, match=r"body\.store"):
        client.record_audit(b"no picture", "", "A")
    with pytest.raises(FileNotFoundError):
        client.record_audit(tmp_path / "missing.jpg", store, "A")
    assert list(client.audits(store=store)) == []


# The scripted server


def test_a_recording_is_sent_again_under_one_key(connect: Connect, script: Script) -> None:
    waits: list[float] = []
    script.problem(503, "storage-unavailable", Retry_After="3")
    script.hang_up()
    script.answer(200, json.dumps(AUDIT).encode())
    done = connect(script.url, sleep=waits.append).record_audit(b"photo", "Berlin 1", "Cereal")
    assert (done.made, done.audit.id) == (False, AUDIT["id"])
    assert len(waits) == 2
    assert len({request.body for request in script.received}) == 1
    key = script.received[0].body.partition(b'name="idempotency_key"\r\n\r\n')[2].partition(b"\r\n")[0]
    assert len(key) == 32
    assert b"taken_at" not in script.received[0].body
    script.answer(201, json.dumps(AUDIT).encode())
    assert connect(script.url).record_audit(b"photo", "Berlin 1", "Cereal").made is True
    assert key not in script.received[-1].body


def test_a_deletion_whose_answer_was_lost_is_done(connect: Connect, script: Script) -> None:
    script.hang_up()
    script.problem(404, "not-found")
    assert connect(script.url, sleep=lambda _: None).delete_audit("a") is None
    for first in (lambda: script.problem(503, "overloaded"), lambda: None):  # which has certainly not deleted it
        first()
        script.problem(404, "not-found")
        with pytest.raises(NotFound):
            connect(script.url, sleep=lambda _: None).delete_audit("a")
    assert [request.path for request in script.received] == ["/audits/a"] * 5


def test_a_download_that_breaks_off_begins_again_and_leaves_no_half(
    connect: Connect, script: Script, tmp_path: Path
) -> None:
    target = tmp_path / "audits.csv"
    client = connect(script.url, sleep=lambda _: None, retries=RetryPolicy(attempts=2))
    script.hang_up(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhalf,\r\n")
    script.answer(200, b"whole\r\n", "text/csv")
    client.audits_csv(target)
    assert target.read_bytes() == b"whole\r\n"
    script.hang_up(HEAD + b"Content-Length: 99\r\n\r\nhalf")
    script.problem(503, "storage-unavailable")
    with pytest.raises(StorageUnavailable):
        client.audits_csv(target)
    script.answer(200, b"<html>", "text/html")
    with pytest.raises(UnexpectedAnswer, match="text/html, not text/csv"):
        client.audits_csv(target)
    assert target.read_bytes() == b"whole\r\n"
    assert [path.name for path in tmp_path.iterdir()] == ["audits.csv"]


def test_names_cannot_lead_elsewhere(connect: Connect, script: Script) -> None:
    client = connect(f"{script.url}/base")
    for ask in (lambda: client.audit("../stores"), lambda: client.bay("..", "a/b?c#d"), lambda: client.bay(".", "%2F")):
        script.problem(404, "not-found")
        with pytest.raises(NotFound):
            ask()
    assert [request.path for request in script.received] == [
        "/base/audits/..%2Fstores",
        "/base/stores/%2E%2E/bays/a%2Fb%3Fc%23d",
        "/base/stores/%2E/bays/%252F",
    ]
