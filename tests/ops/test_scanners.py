"""checkov over what would be installed and built, gitleaks over every commit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.test_chart import CHART, SETS, helm
from support import ROOT

pytestmark = pytest.mark.ops


def tool(name: str) -> str:
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} is not installed; scripts/install-ops installs it")
    return found


def checkov(*arguments: str) -> tuple[int, list[str]]:
    """How many checks passed, and the names and places of those that did not."""
    options = ["--config-file", str(ROOT / ".checkov.yaml"), "--skip-download", "--output", "json", *arguments]
    done = subprocess.run([tool("checkov"), *options], cwd=ROOT, capture_output=True, text=True, timeout=300)
    report = json.loads(done.stdout)
    failed = [f"{each['check_id']} {each['resource']}" for each in report["results"]["failed_checks"]]
    return report["summary"]["passed"], failed


def test_checkov_finds_nothing_in_the_chart(tmp_path: Path) -> None:
    for values in SETS:
        done = helm("template", "shop", str(CHART), "--values", str(CHART / f"values-{values}.yaml"))
        (tmp_path / f"{values}.yaml").write_text(done.stdout)
    passed, failed = checkov("--directory", str(tmp_path), "--framework", "kubernetes")
    assert failed == []
    assert passed > 1000


def test_checkov_finds_nothing_in_the_images() -> None:
    passed, failed = checkov("--file", "Dockerfile", "Dockerfile.aws", "--framework", "dockerfile")
    assert (failed, passed > 100) == ([], True)


def test_gitleaks_finds_no_secret_in_any_commit() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    done = subprocess.run(
        [tool("gitleaks"), "detect", "--no-banner", "--redact"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
