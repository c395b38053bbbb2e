"""The dashboards: as the code makes them, on a tidy grid, about metrics that there are."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.__main__ import BOARDS, FOLDER, expressions, main, written
from infra.monitoring import program
from support import ROOT

DASHBOARDS = {name: json.loads((FOLDER / f"{name}.json").read_text()) for name in BOARDS}
MAX_CONFIG_MAP = 900_000  # bytes; Kubernetes takes 1 MiB with everything around


def filled(expression: str) -> str:
    """An expression as Grafana would send it for everything."""
    for name, value in {
        "$__rate_interval": "1m",
        "$__range": "5m",
        "$job": "shelfwatch",
        "$instance": ".*",
        "$store": ".*",
    }.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def test_files_are_what_the_code_makes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().out
    assert {file.name for file in FOLDER.iterdir()} == {file.name for file in written()}
    assert sum(len(text.encode()) for text in written().values()) < MAX_CONFIG_MAP


def test_drift_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("dashboards.__main__.FOLDER", tmp_path)
    assert main([]) == 0
    assert main(["--check"]) == 0
    (tmp_path / "stock.json").write_text("{}")
    assert main(["--check"]) == 1
    assert "stock.json" in capsys.readouterr().out


@pytest.mark.parametrize("name", BOARDS)
def test_panels_fill_the_grid_and_none_covers_another(name: str) -> None:
    board = DASHBOARDS[name]
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        spot = panel["gridPos"]
        cells = {
            (x, y) for x in range(spot["x"], spot["x"] + spot["w"]) for y in range(spot["y"], spot["y"] + spot["h"])
        }
        assert not taken & cells, panel["title"]
        taken |= cells
    height = max(y for _, y in taken) + 1
    assert taken == {(x, y) for x in range(24) for y in range(height)}
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", BOARDS)
def test_each_panel_says_what_it_shows_and_asks_the_chosen_source(name: str) -> None:
    for panel in panels(DASHBOARDS[name]):
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["targets"]
        for holder in (panel, *panel["targets"]):
            assert holder["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_every_name_is_a_metric_or_a_recording_rule() -> None:
    documented = set(re.findall(r"`(shelfwatch_[a-z_]+)`", (ROOT / "docs" / "metrics.md").read_text()))
    groups = yaml.safe_load((ROOT / "infra" / "prometheus" / "rules" / "recording.yml").read_text())["groups"]
    recorded = {rule["record"] for group in groups for rule in group["rules"]}
    for board in DASHBOARDS.values():
        for title, expression in expressions(board):
            for name in re.findall(r"shelfwatch[_:][a-z0-9_:]+", expression):
                plain = re.sub("_(bucket|sum|count)$", "", name)
                assert {name, plain} & (documented | recorded), (title, name)


def test_prometheus_can_read_every_expression(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": filled(expression)}
        for number, (_, expression) in enumerate(pair for board in DASHBOARDS.values() for pair in expressions(board))
    ]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    done = subprocess.run(
        [program("promtool"), "check", "rules", tmp_path / "panels.yml"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_grafana_is_told_where_source_and_dashboards_are() -> None:
    provisioning = ROOT / "infra" / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "shelfwatch.yml").read_text())["providers"]
    assert (source["type"], source["isDefault"]) == ("prometheus", True)
    grafana = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["grafana"]
    mounts = dict(reversed(volume.split(":")[:2]) for volume in grafana["volumes"])
    assert mounts[provider["options"]["path"]] == "./infra/grafana/dashboards"
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (FOLDER / Path(home).name).exists()
    for board in DASHBOARDS.values():
        assert {variable["name"] for variable in board["templating"]["list"]} >= {"datasource", "job"}
        assert "shelfwatch" in board["tags"]
