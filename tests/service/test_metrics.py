"""The metrics text, as Prometheus' own tools read it."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from shelfwatch.inference.model import ModelInfo
from shelfwatch.service.metrics import SECONDS, Metrics
from support import Service


def test_promtool_finds_nothing_to_say(service: Service, sample: bytes) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; it comes with Prometheus")
    httpx.post(f"{service.url}/predict", files={"image": sample}, timeout=60)
    text = httpx.get(f"{service.url}/metrics").content
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_photo_feeds_the_drift_signals(service: Service, sample: bytes) -> None:
    def totals() -> dict[str, float]:
        families = text_string_to_metric_families(httpx.get(f"{service.url}/metrics").text)
        return {s.name: s.value for family in families for s in family.samples if not s.labels}

    before = totals()
    httpx.post(f"{service.url}/predict", files={"image": sample}, timeout=60)
    after = totals()
    for name in ("brightness", "sharpness"):
        assert after[f"shelfwatch_photo_{name}_count"] == before[f"shelfwatch_photo_{name}_count"] + 1
        assert after[f"shelfwatch_photo_{name}_sum"] > before[f"shelfwatch_photo_{name}_sum"]


def test_buckets_fit_and_every_series_is_whole() -> None:
    assert (SECONDS[0], SECONDS[-1]) == (0.005, 10)
    metrics = Metrics(lambda: 3)
    metrics.request_seconds.labels("/predict").observe(0.07)
    for value in (0.0, 0.5, 1.0):
        metrics.photo_brightness.observe(value)
    families = {family.name: family for family in text_string_to_metric_families(metrics.render().decode())}
    assert families["shelfwatch_queue_depth"].samples[0].value == 3
    for family in families.values():
        if family.type == "histogram":
            bounds = [float(s.labels["le"]) for s in family.samples if s.name.endswith("_bucket")]
            assert (bounds == sorted(bounds) and math.inf in bounds) or not bounds, family.name
    counts = {s.labels["le"]: s.value for s in families["shelfwatch_photo_brightness"].samples if "le" in s.labels}
    assert (counts["0.05"], counts["0.5"], counts["+Inf"]) == (1, 2, 3)


SHARED = """
import sys
from types import SimpleNamespace
from shelfwatch.service import metrics
metrics.count_as(0)
counts = metrics.Metrics(lambda: 2)
def show(*versions):
    infos = [SimpleNamespace(name="m", version=version, precision="int8") for version in versions]
    counts.show_models({info.version: SimpleNamespace(info=info) for info in infos})
show("1", "2")
show("2", "3")
counts.requests.labels("/predict", "200").inc()
sys.stdout.buffer.write(counts.render())
"""


def test_models_no_longer_served_are_not_named() -> None:
    models = [ModelInfo(f"m{i}", "1", "int8", ("product",), 64, 32, 0.5, 0.5) for i in range(3)]
    detectors = {info.name: SimpleNamespace(info=info) for info in models}
    metrics = Metrics(lambda: 0)
    metrics.show_models({name: detectors[name] for name in ("m0", "m1")})  # type: ignore[misc]
    metrics.show_models({name: detectors[name] for name in ("m1", "m2")})  # type: ignore[misc]
    text = metrics.render().decode()
    assert re.findall(r'model_info\{name="(m\d)"', text) == ["m1", "m2"]


def test_a_worker_goes_on_with_the_counts_of_the_one_before(tmp_path: Path) -> None:
    def run() -> str:
        done = subprocess.run(
            [sys.executable, "-c", SHARED],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    first, files = run(), sorted(file.name for file in tmp_path.iterdir())
    second = run()
    assert 'shelfwatch_requests_total{endpoint="/predict",status="200"} 1.0' in first
    assert 'shelfwatch_requests_total{endpoint="/predict",status="200"} 2.0' in second
    assert "shelfwatch_queue_depth 2.0" in second
    assert set(re.findall(r'model_info\{.*version="(\d)"', second)) == {"2", "3"}
    assert 'process_resident_memory_bytes{worker="0"}' in second
    assert sorted(file.name for file in tmp_path.iterdir()) == files  # they do not pile up
