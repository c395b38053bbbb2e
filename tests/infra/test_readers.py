"""Workflows, scripts, YAML and Dockerfiles, read by the tools that are made to find fault with them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import ROOT

WORKFLOWS = {file.stem: yaml.safe_load(file.read_text()) for file in (ROOT / ".github" / "workflows").glob("*.yml")}


def jobs() -> list[tuple[str, str, dict[str, Any]]]:
    return [(name, job, spec) for name, flow in WORKFLOWS.items() for job, spec in flow["jobs"].items()]


def test_the_readers_find_nothing() -> None:
    done = subprocess.run(
        [ROOT / "scripts" / "lint-infra"],
        env={"SHELFWATCH_VENV": str(Path(sys.executable).parent.parent), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    if "not a git repository" in done.stderr:
        pytest.skip("the shell scripts are listed by git, and this is no checkout")
    assert done.returncode == 0, done.stdout + done.stderr


def test_actions_are_pinned_by_commit_with_their_version_beside() -> None:
    for file in (ROOT / ".github" / "workflows").glob("*.yml"):
        for line in re.findall(r"uses: (.+)", file.read_text()):
            assert line.startswith("./") or re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v[\d.]+", line), line


def test_jobs_have_only_the_rights_they_name_and_an_end() -> None:
    for flow in WORKFLOWS.values():
        assert flow["permissions"] == {}
    for name, job, spec in jobs():
        assert spec["permissions"], (name, job)
        writes = {right for right, level in spec["permissions"].items() if level == "write"}
        assert writes <= {"id-token", "attestations"}, (name, job)
        assert name == "deploy" or not writes
        assert "uses" in spec or spec["timeout-minutes"] <= 90
        for step in spec.get("steps", []):
            if str(step.get("uses", "")).startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            assert "${{" not in step.get("run", ""), step  # what others write would run as a command


def test_no_key_of_aws_is_kept() -> None:
    for file in (ROOT / ".github" / "workflows").glob("*.yml"):
        assert not re.search(r"secrets\.|aws-access-key|AWS_SECRET", file.read_text())


def test_every_python_that_is_promised_is_tried() -> None:
    matrix = WORKFLOWS["ci"]["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()


def test_nothing_is_pushed_before_it_was_checked_and_scanned() -> None:
    deploy = WORKFLOWS["deploy"]["jobs"]
    assert deploy["image"]["needs"] == "ci"
    assert deploy["rollout"]["needs"] == "image"
    steps = deploy["image"]["steps"]
    names = [step.get("id") or step.get("uses", "").partition("@")[0] or step["name"] for step in steps]
    assert names.index("aquasecurity/trivy-action") < names.index("push")
    scan = steps[names.index("aquasecurity/trivy-action")]["with"]
    assert (scan["exit-code"], scan["severity"]) == ("1", "HIGH,CRITICAL")


def test_a_rollout_that_fails_is_taken_back() -> None:
    steps = WORKFLOWS["deploy"]["jobs"]["rollout"]["steps"]
    runs = [step.get("run", "") for step in steps]
    assert any("--atomic" in run and "helm upgrade" in run for run in runs)
    assert steps[-1]["if"].startswith("failure()")
    assert "helm rollback" in steps[-1]["run"]
    assert any("helm test" in run for run in runs[:-1])
