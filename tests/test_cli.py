"""The command line as a whole."""

from __future__ import annotations

import subprocess

import pytest

import shelfwatch
from shelfwatch.cli import COMMANDS
from support import COMMAND


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *words], capture_output=True, text=True, timeout=60)


def test_help_lists_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_without_the_train_extra(name: str) -> None:
    done = run(name, "--help")
    assert done.returncode == 0
    assert f"Usage: shelfwatch {name}" in done.stdout


def test_version() -> None:
    assert shelfwatch.__version__ in run("--version").stdout


def test_an_unknown_command_is_refused() -> None:
    done = run("audti")
    assert done.returncode == 2
    assert "audti" in done.stderr
