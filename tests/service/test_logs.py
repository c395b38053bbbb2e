"""Log lines: what a request's holds, what it never holds, and that nobody can forge one."""

from __future__ import annotations

import json
import logging
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shelfwatch.inference.detector import packaged_models
from shelfwatch.service import logs
from support import ROOT, Service, start_service

HOSTILE = [
    "/a\nfake",
    "/a\r\nfake",
    "/\x1b[2J\x1b[31mred",
    "/\u2028next\u0085line",
    "/\u202egnp.exe",
    '/"},{"event":"x"}',
]
FAST = packaged_models()["fast"]  # alone it loads soonest
AGENT = b"a\tb\x85c"  # the second control character is one of Latin-1


def request_lines(service: Service) -> list[dict[str, Any]]:
    return [line for line in service.lines() if line["logger"] == "shelfwatch.request"]


def quote(path: str) -> str:
    return "".join(f"%{byte:02x}" if byte != 0x2F else "/" for byte in path.encode())


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, sample: bytes) -> Service:
    """A service that was asked a few things, good and hostile, and has stopped."""
    service = start_service(tmp_path_factory.mktemp("logs") / "service.log", SHELFWATCH_API_KEYS="a-secret-of-the-shop")
    key = {"Authorization": "Bearer a-secret-of-the-shop", "Cookie": "a-secret-crumb"}
    try:
        with httpx.Client(base_url=service.url, headers=key, timeout=60) as client:
            given = {"X-Request-ID": "photo-1", "User-Agent": "till/7"}
            assert client.post("/predict", files={"image": sample}, headers=given).status_code == 200
            assert client.post("/predict", files={"image": b"no picture"}).status_code == 415
            assert client.get("/nothing?key=a-secret-in-a-query").status_code == 404
            assert client.get("/metrics").status_code == 200
            assert client.get("/predict", headers={"Authorization": "Bearer a-secret-guess"}).status_code == 401
            client.get(f"/{'x' * 5000}", headers={"User-Agent": "y" * 5000})
            for path in HOSTILE:
                client.get(quote(path), headers={"X-Request-ID": "{} x", "User-Agent": AGENT})
        assert service.stop() == 0
    finally:
        service.process.kill()
    return service


def test_a_request_is_one_line_with_its_stages(asked: Service, sample: bytes) -> None:
    photo, text, nothing, refused = request_lines(asked)[:4]  # health and metrics at debug level only
    assert set(photo) <= {"event", "level", "logger", "timestamp", *logs.REQUEST_FIELDS}
    assert (photo["method"], photo["route"], photo["status"]) == ("POST", "/predict", 200)
    assert (photo["request_id"], photo["model"], photo["user_agent"]) == ("photo-1", "accurate", "till/7")
    assert photo["detections"] > 0
    assert photo["bytes_in"] > len(sample)
    assert photo["bytes_out"] > 1000
    stages = [photo[f"{stage}_ms"] for stage in ("upload", "queue", "decode", "inference")]
    assert all(taken >= 0 for taken in stages)
    assert photo["inference_ms"] > 0
    assert sum(stages) <= photo["duration_ms"]
    assert 0.1 < photo["brightness"] < 0.9
    assert photo["sharpness"] > 0
    assert (text["status"], text["problem"]) == (415, "unsupported-format")
    assert "model" not in text
    assert (nothing["status"], nothing["route"], nothing["path"]) == (404, "other", "/nothing")
    assert (refused["status"], refused["problem"]) == (401, "unauthorized")


def test_no_secret_is_in_the_log(asked: Service) -> None:
    assert "a-secret" not in asked.log.read_text()


def test_libraries_write_the_same_lines(asked: Service) -> None:
    written = asked.lines()
    assert {"shelfwatch.request", "uvicorn.error"} == {line["logger"] for line in written}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", line["timestamp"]) for line in written)


def test_debug_shows_probes_but_no_bytes_of_photos(run_service: Callable[..., Service]) -> None:
    service = run_service("--log-level", "debug", "--models", str(FAST))
    httpx.post(f"{service.url}/predict", files={"image": b"bytes of a photo"})
    service.stop()
    assert any(line["route"] == "/health/ready" for line in request_lines(service))
    assert "bytes of a photo" not in service.log.read_text()


def test_a_caller_cannot_forge_a_json_line(asked: Service) -> None:
    hostile = request_lines(asked)[-len(HOSTILE) :]
    assert [line["path"] for line in hostile] == HOSTILE
    assert all(re.fullmatch("[0-9a-f]{32}", line["request_id"]) for line in hostile)
    assert {line["user_agent"] for line in hostile} == {"a\tb\x85c"}
    assert asked.log.read_text().isascii()


def test_a_caller_cannot_forge_a_console_line(run_service: Callable[..., Service]) -> None:
    service = run_service("--log-format", "console", "--models", str(FAST))
    for path in HOSTILE:
        httpx.get(service.url + quote(path), headers={"User-Agent": AGENT})
    service.stop()
    text = service.log.read_text()
    assert all(char.isprintable() or char == "\n" for char in text)
    written = [line for line in text.splitlines() if not line.startswith("ShelfWatch is at")]
    assert all(re.match(r"\d{4}-\d\d-\d\dT", line) for line in written)
    assert sum("[shelfwatch.request]" in line for line in written) == len(HOSTILE)
    assert "\\x1b[2J" in text


def test_long_paths_and_agents_are_cut(asked: Service) -> None:
    line = request_lines(asked)[4]
    assert line["path"] == "/" + "x" * 199
    assert line["user_agent"] == "y" * 200


FAILING = """
import logging
from shelfwatch.service import logs
logs.configure({form!r}, "info")
key = "a-secret-in-a-local-variable"
try:
    int("7\\n2026-01-01T00:00:00Z [info] forged \\x1b[31m")
except ValueError:
    logging.getLogger("shelfwatch").exception("request failed", extra={{"request_id": "abc"}})
import warnings
warnings.warn("careful")
"""


def failing(form: str) -> str:
    done = subprocess.run([sys.executable, "-c", FAILING.format(form=form)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    return done.stderr


def test_an_exception_is_structured_without_local_variables() -> None:
    written = failing("json")
    error, warning = (json.loads(line) for line in written.splitlines())
    assert (error["level"], error["request_id"]) == ("error", "abc")
    (exception,) = error["exception"]
    assert exception["exc_type"] == "ValueError"
    assert exception["frames"][0]["lineno"] == 7
    assert "a-secret" not in written
    assert (warning["logger"], warning["level"]) == ("py.warnings", "warning")


def test_what_an_exception_quotes_passes_for_no_line() -> None:
    written = failing("console")
    assert "\x1b" not in written
    assert "forged" in written
    starts = [line for line in written.splitlines() if re.match(r"\d{4}-", line)]
    assert len(starts) == 2  # the error and the warning


@pytest.mark.parametrize("terminal", [True, False])
def test_auto_is_for_people_on_a_terminal_and_json_elsewhere(terminal: bool) -> None:
    code = (
        "import logging; from shelfwatch.service import logs; logs.configure('auto', 'info'); logging.warning('hello')"
    )
    reader, writer = pty.openpty() if terminal else os.pipe()
    subprocess.run([sys.executable, "-c", code], stderr=writer, timeout=60, check=True)
    written = os.read(reader, 10_000).decode()
    for end in (reader, writer):
        os.close(end)
    assert ("\x1b[" in written) == terminal  # colours
    assert written.startswith("{") != terminal


def test_escaping_keeps_what_prints() -> None:
    assert logs.visible("Müsli 5 × 3 – 店") == "Müsli 5 × 3 – 店"
    assert logs.visible("a\n\x1b\u202e\ud800") == "a\\n\\x1b\\u202e\\ud800"


def test_every_field_is_documented_with_the_same_words() -> None:
    page = (ROOT / "docs" / "observability.md").read_text()
    for name, meaning in logs.REQUEST_FIELDS.items():
        assert f"| `{name}` | {meaning} |" in page, name
    assert not {*logs.REQUEST_FIELDS} & set(vars(logging.makeLogRecord({})))  # those a record cannot take
