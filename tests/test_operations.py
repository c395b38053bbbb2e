"""docs/operations.md and docs/deploy.md are held to the code: tests, metrics and settings they name, sums they do."""

from __future__ import annotations

import ast
import contextlib
import io
import re

import pytest
import yaml

from support import ROOT

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
DEPLOY = (ROOT / "docs" / "deploy.md").read_text()


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next of any level."""
    return re.split(r"^#+ ", text.split(f"# {heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_each_failure_is_tried_by_a_test_that_exists() -> None:
    rows = section(OPERATIONS, "When something fails").split("| --- |")[-1].strip().splitlines()[1:]
    assert len(rows) > 20
    for row in rows:
        proofs = row.split("|")[4]
        named = re.findall(r"`([\w/.]*)::(\w+)`", proofs)
        assert named or "none:" in proofs, row
        file = ""
        for path, test in named:
            file = path or file  # a second test of one file stands without its name
            body = ast.parse((ROOT / file).read_text()).body
            assert test in {node.name for node in body if isinstance(node, ast.FunctionDef)}, f"{file} has no {test}"


def test_the_table_of_stores_is_what_its_code_prints() -> None:
    part = section(OPERATIONS, "For N stores")
    code = re.findall(r"```python\n(.+?)```", part, re.DOTALL)[0]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    rows = [line for line in part.splitlines() if re.match(r"\| [\d,]+ \|", line)]
    assert printed.getvalue().splitlines() == rows


def test_the_code_begins_with_figures_that_were_measured() -> None:
    serving = (ROOT / "docs" / "benchmarks.md").read_text().split("## Serving")[1]
    ratios = re.search(r"\| audit / prediction \| ([\d.]+) \| ([\d.]+) \|", OPERATIONS)
    assert ratios is not None
    for model, ratio in zip(("accurate", "fast"), ratios.groups(), strict=True):
        measured = re.search(rf"\| {model} \| ShelfWatch \| default \| ([\d.]+) \|", serving)
        assert measured is not None
        assert f'"{model}": {measured[1]} / {ratio}' in OPERATIONS, (
            f"`make bench-serve` says {measured[1]} photos a second"
        )


@pytest.mark.parametrize("text", [OPERATIONS, DEPLOY], ids=["operations", "deploy"])
def test_metrics_rules_and_settings_exist(text: str) -> None:
    metrics = (ROOT / "docs" / "metrics.md").read_text()
    for name in set(re.findall(r"\bshelfwatch_[a-z_]+", text)) - {"shelfwatch_data", *volumes()}:
        assert f"`{name}`" in metrics, f"there is no metric {name}"
    recorded = (ROOT / "infra" / "prometheus" / "rules" / "recording.yml").read_text()
    for name in re.findall(r"shelfwatch:\w+:\w+", text):
        assert f"record: {name}\n" in recorded, f"no rule records {name}"
    known = "".join(
        (ROOT / name).read_text() for name in ("docs/settings.md", ".env.example", "scripts/load/predict.js")
    )
    for name in re.findall(r"\bSHELFWATCH_[A-Z_]+[A-Z]\b", text):
        assert name in known or f"${{{name}" in (ROOT / "compose.yaml").read_text(), f"there is no setting {name}"


def volumes() -> set[str]:
    stack = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return {f"{stack['name']}_{volume}" for volume in stack["volumes"]}


def test_ports_and_volumes_are_those_of_the_stack() -> None:
    stack = yaml.safe_load((ROOT / "compose.yaml").read_text())
    published = {port for service in stack["services"].values() for port in service.get("ports", [])}
    told = re.findall(r"^\| (\d+) \| [^|]+ \| `(\w+)` \|$", DEPLOY, re.MULTILINE)
    assert {f"127.0.0.1:${{{variable}:-{port}}}:{port}" for port, variable in told} == published
    assert set(re.findall(r"`(shelfwatch_\w+)`", DEPLOY)) == volumes()


def test_what_is_said_of_the_chart_is_so() -> None:
    values = yaml.safe_load((ROOT / "infra" / "k8s" / "shelfwatch" / "values.yaml").read_text())
    millicores = int(values["resources"]["requests"]["cpu"].removesuffix("m"))
    assert (millicores, values["hpa"]["cpuPercent"]) == (200, 70)
    assert (values["hpa"]["min"], values["hpa"]["max"]) == (1, 3)
    assert values["resources"]["limits"] == {"memory": "1Gi"}
    assert (values["settings"]["SHELFWATCH_LANES"], values["settings"]["SHELFWATCH_THREADS"]) == ("2", "2")
    ports = re.search(r"reach DNS and the ports ([\d, and]+)", DEPLOY)
    assert ports is not None
    assert sorted(int(port) for port in re.findall(r"\d+", ports[1])) == sorted(values["networkPolicy"]["egressPorts"])
