"""`make bench-audits`: a short run of the whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from postgres import find_programs
from support import ROOT


def test_a_short_run_writes_its_section_and_no_other(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "benchmarks.md"
    page.parent.mkdir()
    page.write_text("# Benchmarks\n\nmine\n")
    done = subprocess.run(
        [sys.executable, "-m", "bench_audits", "--few", "1000", "--many", "2000", "--runs", "3", "--write", tmp_path],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode in {0, 1}, done.stderr  # 1: a ratio of three runs was beyond the aim
    assert "Traceback" not in done.stderr
    written = page.read_text()
    assert written.startswith("# Benchmarks\n\nmine\n\n<!-- made by make bench-audits -->\n## Audits\n")
    assert done.stdout.strip() in written
    for database in ["SQLite", *(["PostgreSQL"] if find_programs() else [])]:
        for read in ("a bay's history", "the newest page", "a deep page", "a store's overview", "one audit"):
            assert f"\n| {database} | {read}" in written
    assert ("Skipped: PostgreSQL" in written) == (find_programs() is None)
