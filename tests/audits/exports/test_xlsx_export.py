"""Workbooks, read back by openpyxl."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from audits.memories import Memory
from shelfwatch.audits.audit import Audit
from shelfwatch.audits.errors import DatabaseUnavailableError, UnavailableError
from shelfwatch.audits.exports import xlsx_export
from shelfwatch.audits.exports.walk import walk
from shelfwatch.audits.exports.xlsx_export import xlsx_chunks
from shelfwatch.audits.read import Filter


def read(audits: Iterable[Audit], base_url: str = "") -> Workbook:
    return load_workbook(io.BytesIO(b"".join(xlsx_chunks(audits, base_url))))


def table(workbook: Workbook, name: str) -> list[dict[str, Any]]:
    head, *rows = workbook[name].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_audits_rows_and_gaps_have_a_sheet_each(memory: Memory) -> None:
    first = memory.record(0, store="Köln", gaps=2, note="Two\nlines")
    second = memory.record(1, minutes=-1, gaps=0, fill_rate=None)
    workbook = read(walk(memory.database, Filter()), "https://shelf.example")
    assert workbook.sheetnames == ["audits", "rows", "gaps"]
    audits = table(workbook, "audits")
    assert audits[0] == {
        "audit": first.id,
        "store": "Köln",
        "bay": "Cereal",
        "taken at (UTC)": datetime(2026, 3, 1, 12),
        "recorded at (UTC)": audits[0]["recorded at (UTC)"],
        "facings": 3,
        "fill rate": 0.75,
        "rows": 1,
        "gaps": 2,
        "worst gap (facings)": 1.6,
        "worst gap": "major",
        "model": "accurate",
        "model version": "1.2.0",
        "note": "Two\nlines",
        "photo": f"https://shelf.example/audits/{first.id}/image",
    }
    assert audits[1]["audit"] == second.id
    assert audits[1]["taken at (UTC)"] == datetime(2026, 3, 1, 11, 59)
    assert audits[1]["fill rate"] is audits[1]["worst gap"] is None
    assert [row["audit"] for row in table(workbook, "rows")] == [first.id, second.id]
    gaps = table(workbook, "gaps")
    assert [gap["audit"] for gap in gaps] == [first.id, first.id]
    box = {"x1": 1, "y1": 2, "x2": 3, "y2": 4}
    assert gaps[0].items() >= {"row": 0, "facings": 1.6, "severity": "major", "store": "Köln", **box}.items()
    for sheet in workbook:
        assert sheet.auto_filter.ref == sheet.dimensions
        assert sheet.freeze_panes == "A2"


def test_photos_are_links_where_the_service_is_known(memory: Memory) -> None:
    made = memory.record(0)
    (audit,) = walk(memory.database, Filter())
    for name in ("audits", "gaps"):
        link = read([audit], "https://shelf.example/")[name].cell(2, len(getattr(xlsx_export, name.upper())))
        assert link.hyperlink.target == link.value == f"https://shelf.example/audits/{made.id}/image"
    path = read([audit])["audits"].cell(2, len(xlsx_export.AUDITS))
    assert (path.value, path.hyperlink) == (f"/audits/{made.id}/image", None)


@pytest.mark.parametrize("text", ["=1+1", "#N/A", "-1", "12", "2026-03-01", "https://x"])
def test_texts_stay_texts(memory: Memory, text: str) -> None:
    memory.record(0, store=text, bay=text, note=text)
    cells = read(walk(memory.database, Filter()), "https://shelf.example")["audits"][2]
    found = [cell for cell in cells if cell.value == text]
    assert [(cell.data_type, cell.hyperlink) for cell in found] == [("s", None)] * 3


def test_a_model_with_a_strange_name_is_no_obstacle(memory: Memory) -> None:
    memory.record(0)
    (audit,) = walk(memory.database, Filter())
    audit.model.update(name="a\x00\x1bb", version=2)
    (row,) = table(read([audit]), "audits")
    assert (row["model"], row["model version"]) == ("ab", "2")


def test_what_a_sheet_cannot_hold_goes_on_in_another(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_export, "MOST_ROWS", 3)
    monkeypatch.setattr(xlsx_export, "MOST_LINKS", 1)
    made = [memory.record(number, minutes=-number, gaps=1).id for number in range(5)]
    workbook = read(walk(memory.database, Filter()), "https://shelf.example")
    sheets = ["audits", "audits 2", "audits 3"]
    assert set(sheets) <= set(workbook.sheetnames)
    assert [row["audit"] for name in sheets for row in table(workbook, name)] == made
    assert [len(table(workbook, name)) for name in sheets] == [2, 2, 1]
    links = [cell.hyperlink is not None for cell in workbook["audits"]["O"]]
    assert links == [False, True, False]


def test_no_audits_give_the_heads_only() -> None:
    workbook = read([])
    assert [table(workbook, name) for name in workbook.sheetnames] == [[], [], []]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder, of which every file is seen."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_nothing_stays_in_the_temporary_folder(memory: Memory, temporary: Path) -> None:
    memory.record(0)
    (audit,) = walk(memory.database, Filter())

    def broken() -> Iterator[Audit]:
        yield from [audit] * 100
        assert len(list(temporary.iterdir())) >= 3  # one a sheet
        raise DatabaseUnavailableError("away")

    with pytest.raises(DatabaseUnavailableError, match="away"):
        xlsx_chunks(broken())
    assert list(temporary.iterdir()) == []
    assert b"".join(xlsx_chunks([audit]))
    assert list(temporary.iterdir()) == []


def test_a_temporary_folder_that_cannot_be_written_is_told(temporary: Path) -> None:
    temporary.rmdir()
    with pytest.raises(UnavailableError, match="temporary files"):
        xlsx_chunks([])
