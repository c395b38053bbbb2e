"""`make bench-audits`: a short run of the whole."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook

from postgres import find_programs
from shelfwatch.audits.database import Database
from shelfwatch.audits.exports.csv_export import csv_chunks
from shelfwatch.audits.exports.labels import coco_chunks
from shelfwatch.audits.exports.walk import walk
from shelfwatch.audits.exports.xlsx_export import xlsx_chunks
from shelfwatch.audits.migrate import upgrade
from shelfwatch.audits.read import Filter
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


@pytest.mark.usefixtures("scripts_on_the_path")
def test_what_fills_a_database_can_be_exported(empty: str) -> None:
    from bench_audits.fill import fill

    with contextlib.closing(Database(empty)) as database:
        upgrade(database)
        fill(database, 200)
        gaps = sum(audit.gaps for audit in walk(database, Filter()))
        lines = list(csv.DictReader(io.StringIO(b"".join(csv_chunks(walk(database, Filter()))).decode())))
        assert len(lines) == 200
        assert all((line["worst_gap_facings"] != "") == (line["gaps"] != "0") for line in lines)
        workbook = load_workbook(io.BytesIO(b"".join(xlsx_chunks(walk(database, Filter())))))
        assert workbook["gaps"].max_row - 1 == gaps > 200
        with zipfile.ZipFile(io.BytesIO(b"".join(coco_chunks(walk(database, Filter(), detections=True))))) as archive:
            (labels,) = archive.namelist()
            assert len(json.loads(archive.read(labels))["annotations"]) == 3 * 200
