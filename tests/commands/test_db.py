"""`shelfwatch db`, as an operator types it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from audits.memories import entry, photo
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.record import record
from support import COMMAND


def db(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SHELFWATCH_")}
    return subprocess.run(
        [COMMAND, "db", *words], env={**clean, **environment}, capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with two audits."""
    memory = Memory.at(tmp_path / "data")
    memory.start()
    for number in range(2):
        record(memory.database, memory.photos, photo(number), entry())
    memory.close()
    return tmp_path / "data"


def test_a_memory_is_backed_up_verified_and_restored(data: Path, tmp_path: Path) -> None:
    done = db("backup", tmp_path / "backup.tar", "--data-dir", data)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip().endswith("backup.tar: 2 audits and 2 photos.")
    done = db("restore", tmp_path / "backup.tar", SHELFWATCH_DATA_DIR=str(tmp_path / "new"))
    assert (done.returncode, done.stdout) == (0, "2 audits and 2 photos are back.\n")
    done = db("verify", SHELFWATCH_DATA_DIR=str(tmp_path / "new"))
    assert done.returncode == 0
    assert done.stdout.startswith("2 audits and 2 photos were looked at")
    again = db("restore", tmp_path / "backup.tar", SHELFWATCH_DATA_DIR=str(tmp_path / "new"))
    assert again.returncode == 1
    assert again.stderr == "Error: There are audits already: restore into an empty database.\n"


def test_verify_fails_until_it_is_repaired(data: Path) -> None:
    stray = data / "photos" / "originals" / "ff" / ("f" * 64)
    stray.parent.mkdir()
    stray.write_bytes(b"stray")
    done = db("verify", "--quick", "--data-dir", data)
    assert done.returncode == 1
    assert done.stderr == f"1 photos that no row knows (--repair removes them): {'f' * 64}\n"
    assert db("verify", "--repair", "--data-dir", data).returncode == 0
    assert not stray.exists()


def test_prune_keeps_what_it_is_told(data: Path) -> None:
    done = db("prune", "--data-dir", data, SHELFWATCH_KEEP_BYTES="1")
    assert done.returncode == 0
    assert "2 over the size" in done.stdout
    assert [path for path in (data / "photos").rglob("*") if path.is_file()] == []


def test_upgrade_makes_the_tables(tmp_path: Path) -> None:
    assert db("upgrade", "--data-dir", tmp_path / "new").returncode == 0
    assert (tmp_path / "new" / "shelfwatch.db").is_file()


@pytest.mark.parametrize("command", ["prune", "verify"])
def test_a_folder_without_audits_is_told_and_stays_empty(command: str, tmp_path: Path) -> None:
    done = db(command, "--data-dir", tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"Error: There is no database at {tmp_path / 'shelfwatch.db'}.\n"
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_that_of_the_service_unless_named(tmp_path: Path) -> None:
    assert db("upgrade", XDG_DATA_HOME=str(tmp_path)).returncode == 0
    assert (tmp_path / "shelfwatch" / "shelfwatch.db").is_file()


def test_errors_are_one_line_without_passwords() -> None:
    done = db("upgrade", "--data-dir", "x", SHELFWATCH_DATABASE_URL="mysql://user:secret@host/db")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: A database address begins with postgresql://")
    assert "secret" not in done.stderr
