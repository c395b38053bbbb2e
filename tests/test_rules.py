"""The alert rules, checked by Prometheus' own tool, and the runbooks beside them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from support import ROOT

PROMETHEUS = ROOT / "infra" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))


def promtool(*arguments: str | Path) -> str:
    """What promtool says; the test is skipped where it is not installed."""
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def alerts() -> dict[str, dict[str, object]]:
    groups = yaml.safe_load((PROMETHEUS / "rules" / "alerts.yml").read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def test_rules_are_sound() -> None:
    assert "SUCCESS" in promtool("check", "rules", *RULES)


def test_alerts_fire_where_they_should_and_not_before() -> None:
    assert "SUCCESS" in promtool("test", "rules", PROMETHEUS / "tests" / "alerts.yml")
    tried = set(re.findall(r"ShelfWatch\w+", (PROMETHEUS / "tests" / "alerts.yml").read_text()))
    assert tried == set(alerts())


def test_each_alert_has_a_runbook_and_each_runbook_an_alert() -> None:
    headings = set(re.findall(r"^## (ShelfWatch\w+)$", (ROOT / "docs" / "runbooks.md").read_text(), re.MULTILINE))
    assert headings == set(alerts())
    for name, rule in alerts().items():
        assert rule["annotations"]["runbook_url"].endswith(f"docs/runbooks.md#{name.lower()}")  # type: ignore[index]


def test_rules_read_metrics_that_the_service_has() -> None:
    named = set(re.findall(r"shelfwatch_[a-z_]+", "".join(file.read_text() for file in RULES)))
    documented = set(re.findall(r"`(shelfwatch_[a-z_]+)`", (ROOT / "docs" / "metrics.md").read_text()))
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in named} <= documented
