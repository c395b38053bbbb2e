"""The boxes of one audit as a table: CSV or an Excel workbook, one line each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from shelfwatch.audits.exports.csv_export import as_text

COLUMNS = ("label", "confidence", "x1", "y1", "x2", "y2", "row", "position", "level")

Cell = str | float | None


def lines(detections: Sequence[dict[str, Any]]) -> Iterator[list[Cell]]:
    """The cells of each detection. Boxes are pixels of the upright photo; what it does not know is None."""
    for found in detections:
        place = [found.get(name) for name in COLUMNS[6:]]
        yield [found["label"], found.get("confidence"), *found["box"], *place]


def csv_boxes(detections: Sequence[dict[str, Any]]) -> bytes:
    """The file (RFC 4180, UTF-8). A label that a spreadsheet would take for a formula gets an apostrophe in front."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for cells in lines(detections):
        writer.writerow([as_text(cell) if isinstance(cell, str) else cell for cell in cells])
    return buffer.getvalue().encode()


def xlsx_boxes(detections: Sequence[dict[str, Any]]) -> bytes:
    """The file, with one sheet `boxes`."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("boxes")
    sheet.append(COLUMNS)
    for label, *numbers in lines(detections):
        cell = WriteOnlyCell(sheet, label)
        cell.data_type = "s"  # text, even where it looks like a formula
        sheet.append([cell, *numbers])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
