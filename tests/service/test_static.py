"""The page's files: served, nothing beside them."""

from __future__ import annotations

import httpx
import pytest

from support import ROOT, Service


def test_the_page_is_served(service: Service) -> None:
    answer = httpx.get(service.url)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.content == (ROOT / "ui" / "index.html").read_bytes()


def test_static_files_are_revalidated(service: Service) -> None:
    first = httpx.get(f"{service.url}/static/js/app.js")
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-cache"
    again = httpx.get(f"{service.url}/static/js/app.js", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/static/../pyproject.toml", "/static/%2e%2e/pyproject.toml", "/static/nothing.js"])
def test_nothing_outside_the_folder_is_reached(service: Service, path: str) -> None:
    answer = httpx.get(f"{service.url}{path}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/not-found"
    assert "hatchling" not in answer.text


def test_the_openapi_document_names_every_problem_of_predict(service: Service) -> None:
    document = httpx.get(f"{service.url}/openapi.json").json()
    operation = document["paths"]["/predict"]["post"]
    statuses = {"200", "400", "401", "403", "408", "413", "415", "422", "429", "503"}
    assert set(operation["responses"]) == statuses
    assert "multipart/form-data" in operation["requestBody"]["content"]
