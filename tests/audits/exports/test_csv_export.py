"""CSV, as Python's reader and a spreadsheet take it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

import pytest

from audits.memories import Memory
from shelfwatch.audits.audit import Audit
from shelfwatch.audits.exports.csv_export import COLUMNS, LINES, as_text, csv_chunks
from shelfwatch.audits.exports.walk import walk
from shelfwatch.audits.read import Filter


def lines(audits: Iterable[Audit], base_url: str = "") -> list[dict[str, str]]:
    text = b"".join(csv_chunks(audits, base_url)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_line_says_what_the_audit_says(memory: Memory) -> None:
    made = memory.record(0, store="Köln, „Süd“", bay="Tea", gaps=2, note='Two lines,\nand "quotes"')
    (line,) = lines(walk(memory.database, Filter()), "https://shelf.example/watch/")
    assert line == {
        "id": made.id,
        "store": "Köln, „Süd“",
        "bay": "Tea",
        "taken_at": "2026-03-01T12:00:00.000000Z",
        "created_at": line["created_at"],
        "facings": "3",
        "fill_rate": "0.75",
        "rows": "1",
        "gaps": "2",
        "worst_gap_facings": "1.6",
        "worst_gap_severity": "major",
        "model": "accurate",
        "model_version": "1.2.0",
        "note": 'Two lines,\nand "quotes"',
        "photo": f"https://shelf.example/watch/audits/{made.id}/image",
    }
    assert tuple(line) == COLUMNS


def test_what_is_not_known_is_empty(memory: Memory) -> None:
    made = memory.record(0, fill_rate=None, gaps=0)
    (line,) = lines(walk(memory.database, Filter()))
    empty = {name for name, cell in line.items() if cell == ""}
    assert empty == {"fill_rate", "worst_gap_facings", "worst_gap_severity", "note"}
    assert line["photo"] == f"/audits/{made.id}/image"


def test_the_worst_gap_is_the_widest(memory: Memory) -> None:
    made = next(walk(memory.database, Filter(memory.record(0).store)))
    assert made.report is not None
    made.report["gaps"] = [
        {"row": row, "box": [0, 0, 1, 1], "width_facings": width, "severity": severity}
        for row, (width, severity) in enumerate([(0.7, "minor"), (3.5, "critical"), (2.0, "major")])
    ]
    (line,) = lines([made])
    assert (line["worst_gap_facings"], line["worst_gap_severity"]) == ("3.5", "critical")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "＝1"])
def test_formulas_stay_text(memory: Memory, text: str) -> None:
    memory.record(0, store=text, bay=text, note=text)
    (line,) = lines(walk(memory.database, Filter()))
    assert line["store"] == line["bay"] == line["note"] == f"'{text}"


def test_only_the_start_of_a_text_is_guarded() -> None:
    assert as_text("a=1") == "a=1"
    assert as_text("\t=1") == "'\t=1"
    assert as_text("") == ""


def test_no_audits_give_the_head_only() -> None:
    assert b"".join(csv_chunks([])) == ",".join(COLUMNS).encode() + b"\r\n"


def test_it_reads_no_further_than_it_writes(memory: Memory) -> None:
    memory.record(0)
    (audit,) = walk(memory.database, Filter())
    read = 0

    def many() -> Iterator[Audit]:
        nonlocal read
        while read < 10 * LINES:
            read += 1
            yield audit

    chunks = csv_chunks(many())
    assert next(chunks).count(b"\r\n") == LINES + 1
    assert read == LINES
    assert next(chunks).count(b"\r\n") == LINES
    assert read == 2 * LINES
