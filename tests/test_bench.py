"""`make bench`: fair timing, a readable report, and a run with only what the tests have installed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from support import ROOT

pytestmark = pytest.mark.usefixtures("scripts_on_the_path")


def test_contenders_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench import timing

    monkeypatch.setattr(timing, "SETTLE_SECONDS", 0)
    calls: list[str] = []
    times = timing.alternate({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 3)
    assert calls == ["a", "b"] * 4  # once untimed
    assert {name: values.shape for name, values in times.items()} == {"a": (3,), "b": (3,)}


def test_the_ratio_is_that_of_the_rounds() -> None:
    from bench.timing import ratio

    drifting = np.array([10.0, 20.0, 40.0])
    assert ratio(drifting, drifting * 2) == 0.5
    assert ratio(np.array([10.0, 20.0, 400.0]), np.array([20.0, 40.0, 80.0])) == 0.5


def test_the_table_compares_each_model_with_its_own_peers() -> None:
    from bench.compare import OURS, Comparison, Row
    from bench.report import comparison_table

    def row(model: str, peer: str, ms: float, ap: float | None) -> Row:
        return Row(model, peer, np.full(4, ms), np.full(4, ms + 10), ap, 12_345_678)

    rows = [row("a", "x", 100, None), row("a", OURS, 40, 0.5), row("b", "x", 20, None), row("b", OURS, 10, None)]
    assert comparison_table(Comparison(rows, [], {})).splitlines()[2:] == [
        "| a | x | 100.0 | 100.0 | 0.40 × | 110.0 | 110.0 | 0.45 × | - | 12.3 |",
        f"| a | {OURS} | 40.0 | 40.0 | 1.00 × | 50.0 | 50.0 | 1.00 × | 0.500 | 12.3 |",
        "| b | x | 20.0 | 20.0 | 0.50 × | 30.0 | 30.0 | 0.67 × | - | 12.3 |",
        f"| b | {OURS} | 10.0 | 10.0 | 1.00 × | 20.0 | 20.0 | 1.00 × | - | 12.3 |",
    ]


def test_a_short_run_says_what_it_skipped(tmp_path: Path) -> None:
    from sections import marked

    page, others = tmp_path / "docs" / "benchmarks.md", marked("make other", "## Others")
    page.parent.mkdir()
    page.write_text(f"# Old\n\nfigures\n\n{others}")
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--runs", "1", "--write", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    for peer in ("ONNX Runtime float32", "ShelfWatch INT8"):
        assert f"| accurate | {peer} | " in done.stdout
    assert "NonMaxSuppression, median ms" in done.stdout
    for stage in ("decode", "letterbox", "network", "NMS", "encode", "all", "`POST /predict`"):
        assert f"\n| {stage} | " in done.stdout
    for peer, package in (("Ultralytics predict", "torch"), ("OpenVINO INT8", "nncf")):
        installed = importlib.util.find_spec(package) is not None
        assert (f"accurate: {peer}: {package} is not installed" in done.stdout) != installed
    assert page.read_text() == f"{done.stdout}\n{others}"
    assert (tmp_path / "images").exists() == (importlib.util.find_spec("matplotlib") is not None)
