"""The wheel holds what the service needs: the model, the page, no heavy dependency, nothing that calls home."""

from __future__ import annotations

import email
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_model_and_page_are_inside(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert {"shelfwatch/models/accurate.onnx", "shelfwatch/models/fast.onnx", "shelfwatch/inference/nms.onnx"} <= names
    for file in (ROOT / "ui").rglob("*"):
        if file.is_file():
            assert f"shelfwatch/ui/{file.relative_to(ROOT / 'ui')}" in names
    assert "shelfwatch/py.typed" in names
    assert "shelfwatch/audits/migrations/versions/0001_audits.py" in names
    assert not any(name.startswith("tests/") for name in names)


def test_the_runtime_stays_light(wheel: zipfile.ZipFile) -> None:
    metadata = email.message_from_bytes(wheel.read(next(n for n in wheel.namelist() if n.endswith("METADATA"))))
    required = {
        re.split(r"[^A-Za-z0-9-]", line)[0] for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line
    }
    assert "onnxruntime" in required
    assert not required & {"torch", "ultralytics", "opencv-python", "opencv-python-headless", "scipy", "matplotlib"}
    assert metadata["License-Expression"] == "MIT AND AGPL-3.0-only"
    assert "shelfwatch/models/LICENSE.md" in wheel.namelist()


def test_the_locks_hold_every_dependency() -> None:
    for lock in ("run", "dev", "train"):
        pinned = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements" / f"{lock}.txt").read_text(), re.MULTILINE))
        assert {"onnxruntime", "fastapi", "pillow", "numpy"} <= pinned
        assert ("torch" in pinned) == (lock == "train")


def test_serving_loads_nothing_of_training(tmp_path: Path) -> None:
    """A process that serves must not import what only training needs."""
    code = (
        "import sys, shelfwatch.service.server;"
        "heavy = {'torch', 'ultralytics', 'cv2', 'onnx', 'matplotlib', 'shelfwatch.training'};"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("first", ["shelfwatch.inference.model", "shelfwatch.training.calibrate"])
def test_onnx_runtime_leaves_no_device_id_behind(tmp_path: Path, first: str) -> None:
    """ONNX Runtime's telemetry is off whichever module brings it in."""
    home = tmp_path / "home"
    home.mkdir()
    code = (
        f"import {first};"
        "from shelfwatch.inference.detector import Detector, packaged_models;"
        "from shelfwatch.inference.model import Model;"
        "print(*[Detector(Model(path)).info.name for path in packaged_models().values()])"
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment
    )
    assert done.stdout == "accurate fast\n", done.stderr
    assert list(home.rglob("*")) == []


def test_no_script_brings_onnx_runtime_in_first() -> None:
    """Sorted imports put it before the package, which would be too late to switch its telemetry off."""
    early = re.compile(r"^(import|from) onnxruntime\b", re.MULTILINE)
    assert [file.name for file in (ROOT / "scripts").rglob("*.py") if early.search(file.read_text())] == []
