"""The Compose file as Compose itself reads it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import ROOT

pytestmark = pytest.mark.ops


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """The files Compose reads, in a folder where an .env may be written."""
    shutil.copy(ROOT / "compose.yaml", tmp_path)
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "make-env", tmp_path / "scripts")
    return tmp_path


def compose(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    found = shutil.which("docker-compose", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if found is None:
        pytest.skip("docker-compose 2 is not installed; scripts/install-ops installs it")
    clean = {
        name: value for name, value in os.environ.items() if not re.match("SHELFWATCH|GRAFANA|POSTGRES|COMPOSE", name)
    }
    return subprocess.run([found, *arguments], cwd=folder, env=clean, capture_output=True, text=True, timeout=60)


def config(folder: Path, *profiles: str) -> dict[str, Any]:
    done = compose(folder, *profiles, "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def test_without_secrets_nothing_starts(stack: Path) -> None:
    done = compose(stack, "config", "--quiet")
    assert done.returncode != 0
    assert "scripts/make-env" in done.stderr


@pytest.mark.parametrize("database", [False, True], ids=["sqlite", "postgres"])
def test_with_them_everything_is_bound_to_loopback_and_waits_for_health(stack: Path, database: bool) -> None:
    subprocess.run([stack / "scripts" / "make-env", *(["--postgres"] if database else [])], check=True)
    assert (stack / ".env").stat().st_mode & 0o077 == 0
    services = config(stack)["services"]
    assert set(services) == {"app", "prometheus", "alertmanager", "grafana"} | ({"postgres"} if database else set())
    for name, service in services.items():
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1", name
        assert re.search(r":[\w.-]*\d", service["image"]) or name == "app", service["image"]
    assert services["prometheus"]["depends_on"]["app"]["condition"] == "service_healthy"
    assert services["grafana"]["depends_on"]["prometheus"]["condition"] == "service_healthy"
    if database:
        url = services["app"]["environment"]["SHELFWATCH_DATABASE_URL"]
        assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] in url
        assert services["app"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    metrics = dict(line.split("=", 1) for line in (stack / ".env").read_text().splitlines())["SHELFWATCH_METRICS_KEY"]
    assert f"prometheus={metrics}" in services["app"]["environment"]["SHELFWATCH_API_KEYS"]
    # What copies a secret into a container cannot have a read-only root.
    for name, service in services.items():
        assert not (service.get("secrets") and service.get("read_only")), name


def test_an_env_that_is_there_is_left_alone(stack: Path) -> None:
    (stack / ".env").write_text("mine")
    assert subprocess.run([stack / "scripts" / "make-env"], capture_output=True).returncode == 1
    assert (stack / ".env").read_text() == "mine"


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "compose.yaml").read_text()
    for name, default in re.findall(r"\$\{(\w*(?:KEY|PASSWORD|KEYS))(:?-[^}]*)?", text):
        assert default in ("", ":-"), name
    example = (ROOT / ".env.example").read_text()
    assert not re.search(r"^\w*(KEY|PASSWORD|KEYS)=\S", example, re.MULTILINE)
    assert set(re.findall(r"\$\{(\w+)", text)) <= set(re.findall(r"^#? ?(\w+)=", example, re.MULTILINE)) | {
        "SHELFWATCH_VERSION", "SHELFWATCH_PORT", "PROMETHEUS_PORT", "ALERTMANAGER_PORT", "GRAFANA_PORT",
    }  # fmt: skip


def test_the_stack_scrapes_every_quarter_minute() -> None:
    assert yaml.safe_load((ROOT / "infra/prometheus/prometheus.yml").read_text())["global"]["scrape_interval"] == "15s"
