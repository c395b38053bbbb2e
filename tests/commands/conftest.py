"""Rendered shelves on disk and a way to run the command line."""

import runpy
from pathlib import Path

import pytest
from click.testing import CliRunner

from shelfwatch.cli import main
from shelfwatch.training.rendering import RenderOptions
from support import write_shelves

OPTIONS = RenderOptions(width=600, height=800, rows=(3, 4), facings=(8, 10))
SPLITS = {"train": (0, 1), "val": (2, 3)}  # seeds of the shelves


@pytest.fixture
def shelfwatch(tmp_path, monkeypatch):
    """Run a `shelfwatch` command in an empty folder, on a terminal wide enough for every column."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="session")
def networks():
    """The functions of `tests/training/networks.py`, by name."""
    return runpy.run_path(str(Path(__file__).parents[1] / "training" / "networks.py"))


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """A dataset file of four rendered shelves, half of them for validation."""
    return write_shelves(tmp_path_factory.mktemp("shelves"), OPTIONS, SPLITS)


@pytest.fixture(scope="session")
def photos(dataset):
    """Photos of the four rendered shelves, by seed."""
    return sorted(dataset.parent.glob("images/*/*.jpg"), key=lambda path: path.name)
