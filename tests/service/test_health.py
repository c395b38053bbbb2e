"""Health, readiness, metrics and the life cycle, on the real process."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

import shelfwatch
from shelfwatch.inference.detector import packaged_models
from shelfwatch.inference.model import Model
from support import Service

CONTRACT = {
    "shelfwatch_requests": ("counter", {"endpoint", "status"}),
    "shelfwatch_request_seconds": ("histogram", {"endpoint"}),
    "shelfwatch_queue_seconds": ("histogram", set()),
    "shelfwatch_decode_seconds": ("histogram", set()),
    "shelfwatch_inference_seconds": ("histogram", set()),
    "shelfwatch_in_flight_requests": ("gauge", set()),
    "shelfwatch_queue_depth": ("gauge", set()),
    "shelfwatch_rejected": ("counter", {"reason"}),
    "shelfwatch_detections_per_image": ("histogram", set()),
    "shelfwatch_detection_confidence": ("histogram", set()),
    "shelfwatch_model_info": ("gauge", {"name", "version", "precision"}),
    "process_cpu_seconds": ("counter", set()),
    "process_resident_memory_bytes": ("gauge", set()),
}


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def test_health_describes_the_models_from_their_metadata(service: Service) -> None:
    answer = httpx.get(f"{service.url}/health")
    assert answer.status_code == 200
    health = answer.json()
    assert health["status"] == "ok"
    assert health["version"] == shelfwatch.__version__
    assert [model["name"] for model in health["models"]] == list(packaged_models()) == ["accurate", "fast"]
    for model, path in zip(health["models"], packaged_models().values(), strict=True):
        info = Model(path).info
        assert model["name"] == info.name
        assert model["version"] == info.version
        assert model["precision"] == info.precision == "int8"
        assert model["classes"] == list(info.classes)
        assert model["input_size"] == info.input_size
        assert model["operating_threshold"] == info.operating_threshold
        assert "ONNX Runtime" in model["runtime"]


def test_live_and_ready(service: Service) -> None:
    for path in ("/", "/health", "/health/live", "/health/ready"):
        assert httpx.head(f"{service.url}{path}").status_code == 200, path
    assert httpx.get(f"{service.url}/health/live").status_code == 200
    assert httpx.get(f"{service.url}/health/ready").status_code == 200


def test_metrics_follow_the_contract(service: Service, sample: bytes) -> None:
    httpx.post(f"{service.url}/predict", files={"image": sample}, timeout=60)
    httpx.post(f"{service.url}/predict", files={"image": b"no picture"})
    answer = httpx.get(f"{service.url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    for name, (kind, labels) in CONTRACT.items():
        assert families[name].type == kind, name
        seen = set().union(*(sample.labels for sample in families[name].samples)) - {"le"}
        assert seen == labels, name
    counts = {
        (sample.labels["endpoint"], sample.labels["status"]): sample.value
        for sample in families["shelfwatch_requests"].samples
        if sample.name.endswith("_total")
    }
    assert counts["/predict", "200"] >= 1
    assert counts["/predict", "415"] >= 1


def test_paths_a_caller_invents_share_one_label(service: Service) -> None:
    for i in range(5):
        httpx.get(f"{service.url}/invented/{i}")
        httpx.get(f"{service.url}/static/invented-{i}.js")
    assert "invented" not in httpx.get(f"{service.url}/metrics").text


def test_sigterm_finishes_what_was_accepted_and_exits_clean(run_service: Callable[..., Service], sample: bytes) -> None:
    service = run_service("--lanes", "1")
    answers: list[int] = []

    def send() -> None:
        answers.append(httpx.post(f"{service.url}/predict", files={"image": sample}, timeout=60).status_code)

    threads = [threading.Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    wait_until(lambda: re.search(r"shelfwatch_queue_depth [2-4]", httpx.get(f"{service.url}/metrics").text) is not None)
    service.process.send_signal(signal.SIGTERM)
    wait_until(lambda: httpx.get(f"{service.url}/health/ready").status_code == 503)
    assert httpx.get(f"{service.url}/health").json()["status"] == "draining"
    assert httpx.get(f"{service.url}/health/live").status_code == 200
    late = httpx.post(f"{service.url}/predict", files={"image": sample}, timeout=60)
    assert late.status_code == 503
    assert late.json()["type"] == "/problems/draining"
    assert int(late.headers["retry-after"]) >= 1
    for thread in threads:
        thread.join()
    assert set(answers) <= {200, 503}  # what came after the signal is refused
    assert answers.count(200) >= 3  # one in a lane and those that waited
    assert service.process.wait(timeout=30) == 0


def test_photos_of_clients_that_left_leave_the_queue(run_service: Callable[..., Service], sample: bytes) -> None:
    service = run_service()

    def leave() -> None:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{service.url}/predict", files={"image": sample}, timeout=httpx.Timeout(60, read=0.02))

    threads = [threading.Thread(target=leave) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: "shelfwatch_queue_depth 0.0" in httpx.get(f"{service.url}/metrics").text)
    assert httpx.post(f"{service.url}/predict", files={"image": sample}, timeout=60).status_code == 200
    text = httpx.get(f"{service.url}/metrics").text
    counts = {
        sample.labels["status"]: sample.value
        for family in text_string_to_metric_families(text)
        if family.name == "shelfwatch_requests"
        for sample in family.samples
        if sample.name.endswith("_total") and sample.labels["endpoint"] == "/predict"
    }
    assert counts["499"] >= 8  # one or two may have been in the lane already
    assert "shelfwatch_inference_seconds_count 10.0" not in text
    assert "shelfwatch_inference_seconds_count 11.0" not in text


def test_a_model_that_cannot_be_loaded_is_unhealthy_not_dead(
    run_service: Callable[..., Service], sample: bytes, tmp_path: Path
) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"not a model")
    service = run_service(wait_ready=False, SHELFWATCH_MODELS=str(tmp_path / "broken.onnx"))
    deadline = time.monotonic() + 60
    status = ""
    while status != "failed" and time.monotonic() < deadline:
        try:
            status = httpx.get(f"{service.url}/health").json()["status"]
        except httpx.TransportError:
            time.sleep(0.1)
    assert status == "failed"
    assert httpx.get(f"{service.url}/health").status_code == 503
    assert httpx.get(f"{service.url}/health/ready").status_code == 503
    assert httpx.get(f"{service.url}/health/live").status_code == 200
    answer = httpx.post(f"{service.url}/predict", files={"image": sample})
    assert answer.status_code == 503
    assert "Traceback" not in answer.text
    assert "broken.onnx" in service.log.read_text()


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/metrics"])
def test_wrong_methods_are_problems(service: Service, path: str) -> None:
    answer = httpx.post(f"{service.url}{path}")
    assert answer.status_code == 405
    assert answer.json()["type"] == "/problems/method-not-allowed"
