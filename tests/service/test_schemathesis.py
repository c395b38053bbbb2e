"""schemathesis, by way of its command, against the real service and the document it gives."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from support import Service

EXAMPLES = 12  # requests it makes up for each operation beside those that cover each limit
KEY = "a-key-made-for-this-test"


def test_no_check_fails(run_service: Callable[..., Service], tmp_path: Path) -> None:
    service = run_service(SHELFWATCH_API_KEYS=KEY)
    folder = Path(__file__).parent
    command = [Path(sys.executable).parent / "schemathesis", "run", f"{service.url}/openapi.json"]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES), "--seed", "7", "--no-color"]
    # It would send more wrong keys than an address may; test_access.py asks every operation without a key.
    command += ["--exclude-checks", "ignored_auth"]
    command += ["--header", f"Authorization: Bearer {KEY}", "--request-timeout", "30", "--continue-on-failure"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "photo_hooks", "PYTHONPATH": str(folder)}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stdout + run.stderr
    operations = re.search(r"Tested: (\d+)", run.stdout)
    cases = re.search(r"(\d+) generated", run.stdout)
    assert operations, run.stdout
    assert cases, run.stdout
    assert int(operations[1]) >= 6
    assert int(cases[1]) >= 100
