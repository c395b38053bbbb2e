"""Documentation is tested: reference pages match the code, links lead somewhere, every figure has its command."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from support import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["settings.md", "commands.md", "metrics.md", "problems.md"])
def test_reference_pages_say_what_the_code_does(page: str) -> None:
    written = (ROOT / "docs" / page).read_text()
    expected = load_script("make_reference").PAGES[page]() + "\n"
    assert written == expected, f"run `make docs`: docs/{page} is behind the code"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_exist(page: object) -> None:
    assert isinstance(page, Path)
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} points to {target}"


def test_commands_of_the_makefile_named_in_the_docs_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        for target in re.findall(r"`make ([a-z-]+)`", page.read_text()):
            assert target in targets, f"{page.name} names `make {target}`"


def test_every_metric_in_a_query_of_the_docs_exists() -> None:
    from shelfwatch.service.metrics import Metrics

    page = (ROOT / "docs" / "observability.md").read_text()
    named = set(re.findall(r"\bshelfwatch_[a-z_]+", page))
    ours = {metric.name for metric in Metrics(lambda: 0).registry.collect() if metric.name.startswith("shelfwatch_")}
    base = {re.sub("_(total|bucket|sum|count)$", "", name) for name in named}
    assert base <= ours


def test_prometheus_understands_every_query_of_the_docs(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; it comes with Prometheus")
    page = (ROOT / "docs" / "observability.md").read_text()
    queries = re.findall(r"`([^`]*\bshelfwatch_[a-z_]+[^`]*)`", page)
    assert len(queries) >= 14
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "docs", "rules": rules}]}))  # JSON is YAML
    done = subprocess.run([promtool, "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_model_card_states_the_packaged_model() -> None:
    from shelfwatch.inference.detector import packaged_models
    from shelfwatch.inference.model import Model

    card = (ROOT / "MODEL_CARD.md").read_text()
    for name, path in packaged_models().items():
        info = Model(path).info
        assert f"`{name}` {info.version}" in card
        assert f"{info.operating_threshold:.2f}" in card
        assert f"{info.input_size} px" in card
