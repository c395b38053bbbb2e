"""Who may call: API keys, CORS, refusal to listen in the open."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import httpx
import pytest

from support import COMMAND, Service


@pytest.fixture(scope="module")
def key() -> str:
    return "a-key-made-for-this-test"


def test_with_keys_every_route_but_the_page_and_health_asks(run_service: Callable[..., Service], key: str) -> None:
    service = run_service(SHELFWATCH_API_KEYS=f"another,{key}")
    for path in ("/", "/health", "/health/live", "/health/ready", "/static/css/tokens.css", "/favicon.ico"):
        assert httpx.get(f"{service.url}{path}").status_code == 200, path
    for method, path in (("POST", "/predict"), ("GET", "/metrics"), ("GET", "/openapi.json"), ("GET", "/nothing")):
        answer = httpx.request(method, f"{service.url}{path}")
        assert answer.status_code == 401, path
        assert answer.json()["type"] == "/problems/unauthorized"
        assert answer.headers["www-authenticate"] == "Bearer"
    for wrong in (key[:-1], key + "x", "-", "another," + key, key.upper()):
        headers = {"Authorization": f"Bearer {wrong}"}
        assert httpx.get(f"{service.url}/metrics", headers=headers).status_code == 401
    assert httpx.get(f"{service.url}/metrics", headers={"Authorization": f"Basic {key}"}).status_code == 401
    for right in (key, "another"):
        headers = {"Authorization": f"Bearer {right}"}
        assert httpx.get(f"{service.url}/metrics", headers=headers).status_code == 200
    service.stop()
    assert key not in service.log.read_text()


def test_listening_in_the_open_without_keys_is_refused() -> None:
    done = subprocess.run([COMMAND, "serve", "--host", "0.0.0.0", "--port", "0"], capture_output=True, timeout=60)
    assert done.returncode == 1
    assert b"SHELFWATCH_API_KEYS" in done.stderr


def test_a_wrong_setting_is_named_without_a_traceback() -> None:
    done = subprocess.run([COMMAND, "serve", "--port", "99999"], capture_output=True, timeout=60)
    assert done.returncode == 1
    assert b"port" in done.stderr
    assert b"Traceback" not in done.stderr


def test_cors_is_closed_unless_origins_are_named(service: Service, run_service: Callable[..., Service]) -> None:
    ask = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in httpx.options(f"{service.url}/predict", headers=ask).headers
    opened = run_service(SHELFWATCH_CORS_ORIGINS="https://shop.example", SHELFWATCH_API_KEYS="k")
    answer = httpx.options(f"{opened.url}/predict", headers=ask)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    stranger = {**ask, "Origin": "https://elsewhere.example"}
    assert "access-control-allow-origin" not in httpx.options(f"{opened.url}/predict", headers=stranger).headers
