"""The load profiles, run by k6 against the real service."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support import ROOT, Service

pytestmark = pytest.mark.skipif(
    not (Path(sys.executable).parent / "k6").exists() and shutil.which("k6") is None, reason="k6 is not installed"
)

CROSSED = 99  # k6's exit code where a threshold is crossed


def load(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / "load" / "run", *arguments],
        env={**os.environ, "SHELFWATCH_VENV": sys.prefix, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_smoke_passes_against_a_running_service(service: Service) -> None:
    done = load("smoke", service.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ products are found" in done.stdout
    assert "✓ /health/ready is 200" in done.stdout
    assert "✗" not in done.stdout


def test_a_wrong_answer_fails_the_run(run_service: Callable[..., Service]) -> None:
    service = run_service(SHELFWATCH_API_KEYS="a-key-made-for-this-test")
    assert load("smoke", service.url, SHELFWATCH_API_KEY="a-key-made-for-this-test").returncode == 0
    done = load("smoke", service.url)
    assert done.returncode == CROSSED, done.stdout + done.stderr
    assert "✗ status is 200" in done.stdout


def test_overload_is_refused_as_documented_by_a_service_of_its_own() -> None:
    done = load("overload", VUS="16", DURATION="1s")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ it says when to come again" in done.stdout
    assert "accepted_time" in done.stdout


def test_an_unknown_profile_is_refused() -> None:
    done = load("stampede")
    assert done.returncode == 2
    assert "saturation" in done.stderr
