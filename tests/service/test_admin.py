"""Reloading models on the running service: nothing dropped, nothing half-changed."""

from __future__ import annotations

import dataclasses
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import onnx
import pytest

from shelfwatch.inference.detector import packaged_models
from shelfwatch.inference.model import Model
from shelfwatch.service.app import create_app
from shelfwatch.service.settings import Settings
from support import Service


def write_model(path: Path, version: str) -> None:
    """The small packaged model under another version; put in place at once, as a careful operator does."""
    source = packaged_models()["fast"]
    graph = onnx.load(source)
    info = dataclasses.replace(Model(source).info, version=version)
    del graph.metadata_props[:]
    onnx.helper.set_model_props(graph, info.to_metadata())
    onnx.save(graph, path.with_suffix(".new"))
    path.with_suffix(".new").rename(path)


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    paths = {version: folder / f"{version}.onnx" for version in ("1.0.0", "2.0.0")}
    for version, path in paths.items():
        write_model(path, version)
    return paths


@pytest.fixture
def model(versions: dict[str, Path], tmp_path: Path) -> Path:
    """The file that is served, at first in version 1.0.0."""
    path = tmp_path / "model.onnx"
    shutil.copy(versions["1.0.0"], path)
    return path


def replace(model: Path, by: Path) -> None:
    shutil.copy(by, model.with_suffix(".new"))
    model.with_suffix(".new").rename(model)


def served(service: Service) -> str:
    return str(httpx.get(f"{service.url}/health").json()["models"][0]["version"])


def test_models_change_under_load_and_no_request_is_dropped(
    run_service: Callable[..., Service], sample: bytes, model: Path, versions: dict[str, Path]
) -> None:
    service = run_service(SHELFWATCH_MODELS=str(model))
    seen: list[tuple[int, str]] = []
    stop = threading.Event()

    def ask() -> None:
        with httpx.Client(timeout=60) as client:
            while not stop.is_set():
                answer = client.post(f"{service.url}/predict", files={"image": sample})
                seen.append((answer.status_code, answer.json().get("model", {}).get("version", "")))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    replace(model, versions["2.0.0"])
    answer = httpx.post(f"{service.url}/admin/reload", timeout=60)
    assert answer.status_code == 200
    assert answer.json()["models"] == [{"name": "fast", "version": "2.0.0", "precision": "int8"}]
    mark = len(seen)
    deadline = time.monotonic() + 30
    while len(seen) < mark + 12 and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    assert {status for status, _ in seen} == {200}
    assert seen[0][1] == "1.0.0"
    assert seen[-1][1] == "2.0.0"
    metrics = httpx.get(f"{service.url}/metrics").text
    assert 'version="2.0.0"' in metrics
    assert 'version="1.0.0"' not in metrics


def test_a_file_that_does_not_load_changes_nothing(
    run_service: Callable[..., Service], sample: bytes, model: Path, versions: dict[str, Path]
) -> None:
    service = run_service(SHELFWATCH_MODELS=str(model))
    model.write_bytes(b"half a model")
    answer = httpx.post(f"{service.url}/admin/reload", timeout=60)
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/conflict"
    assert "model.onnx" in answer.json()["detail"]
    assert httpx.post(f"{service.url}/predict", files={"image": sample}, timeout=60).status_code == 200
    service.process.send_signal(signal.SIGHUP)
    wait_for(lambda: service.log.read_text().count("The models were not changed") == 1)
    assert served(service) == "1.0.0"
    replace(model, versions["2.0.0"])
    service.process.send_signal(signal.SIGHUP)
    wait_for(lambda: served(service) == "2.0.0")
    assert service.stop() == 0


def test_a_service_that_failed_to_start_is_mended_by_a_reload(
    run_service: Callable[..., Service], sample: bytes, model: Path, versions: dict[str, Path]
) -> None:
    model.write_bytes(b"half a model")
    service = run_service(wait_ready=False, SHELFWATCH_MODELS=str(model))
    wait_for(lambda: status(service) == "failed")
    refused = httpx.post(f"{service.url}/predict", files={"image": sample})
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/model-failed")
    assert "retry-after" not in refused.headers
    replace(model, versions["1.0.0"])
    assert httpx.post(f"{service.url}/admin/reload", timeout=60).status_code == 200
    assert status(service) == "ok"
    assert httpx.post(f"{service.url}/predict", files={"image": sample}, timeout=60).status_code == 200


def test_admin_asks_for_a_key_where_there_are_keys(run_service: Callable[..., Service], model: Path) -> None:
    service = run_service(SHELFWATCH_MODELS=str(model), SHELFWATCH_API_KEYS="a-key-made-for-this-test")
    assert httpx.post(f"{service.url}/admin/reload").status_code == 401
    right = {"Authorization": "Bearer a-key-made-for-this-test"}
    assert httpx.post(f"{service.url}/admin/reload", headers=right, timeout=60).status_code == 200


def test_beyond_loopback_admin_is_closed_without_keys(run_service: Callable[..., Service], model: Path) -> None:
    service = run_service("--host", "0.0.0.0", "--insecure", SHELFWATCH_MODELS=str(model))
    answer = httpx.post(f"{service.url}/admin/reload")
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthorized")


def test_the_openapi_document_names_what_can_come() -> None:
    operation = create_app(Settings()).openapi()["paths"]["/admin/reload"]["post"]
    assert {"200", "401", "409"} <= set(operation["responses"])


def status(service: Service) -> str:
    try:
        return str(httpx.get(f"{service.url}/health").json()["status"])
    except httpx.TransportError:
        return ""


def wait_for(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)
