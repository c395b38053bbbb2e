"""What every answer tells a browser not to do with it."""

from __future__ import annotations

import httpx
import pytest

from support import Service


def directives(answer: httpx.Response) -> dict[str, str]:
    pairs = (part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";"))
    return {name: values for name, _, values in pairs}


@pytest.mark.parametrize("path", ["/", "/static/js/app.js", "/favicon.ico"])
def test_the_page_may_load_its_own_files_only(service: Service, path: str) -> None:
    policy = directives(httpx.get(f"{service.url}{path}"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["worker-src"] == policy["manifest-src"] == "'self'"
    assert "unsafe" not in str(policy)
    assert "http" not in str(policy)


@pytest.mark.parametrize("path", ["/health", "/metrics", "/openapi.json", "/nothing"])
def test_data_loads_nothing_and_is_not_stored(service: Service, path: str) -> None:
    answer = httpx.get(f"{service.url}{path}")
    assert directives(answer) == {"default-src": "'none'", "frame-ancestors": "'none'"}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/health"), ("POST", "/predict"), ("PUT", "/predict")]
)
def test_every_answer_is_guarded_whatever_its_status(service: Service, method: str, path: str) -> None:
    headers = httpx.request(method, f"{service.url}{path}").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "server" not in headers
    assert "x-powered-by" not in headers
