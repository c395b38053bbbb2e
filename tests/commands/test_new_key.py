"""`shelfwatch new-key`, and what it prints put to use."""

from __future__ import annotations

import subprocess

from shelfwatch.service.keys import Keyring, parse_keys
from support import COMMAND


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, "new-key", *words], capture_output=True, text=True, timeout=60)


def test_a_pipe_gets_the_key_and_its_entry() -> None:
    done = run("--name", "phone")
    assert done.returncode == 0
    key, entry = done.stdout.splitlines()
    assert entry.startswith("phone=sha256:")
    found = Keyring(parse_keys(entry)).find(key)
    assert found is not None
    assert found.name == "phone"
    assert key not in done.stderr


def test_each_key_is_new_and_needs_no_name() -> None:
    first, second = (run().stdout.splitlines() for _ in range(2))
    assert first[0] != second[0]
    assert parse_keys(f"{first[1]},{second[1]}")


def test_a_name_that_settings_cannot_hold_is_refused() -> None:
    done = run("--name", "a,b")
    assert done.returncode == 1
    assert "1 to 32 letters" in done.stderr
    assert done.stdout == ""
