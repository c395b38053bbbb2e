"""Audits as CSV (RFC 4180, UTF-8), one line each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from shelfwatch.audits.audit import Audit, time_text
from shelfwatch.audits.exports.figures import Figures, photo_link

MEDIA_TYPE = "text/csv; charset=utf-8"
COLUMNS = (
    "id", "store", "bay", "taken_at", "created_at", "facings", "fill_rate", "rows", "gaps", "worst_gap_facings",
    "worst_gap_severity", "model", "model_version", "note", "photo",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # spreadsheets compute what begins so
TEXT = "'"  # in front of it, a cell is text to them
LINES = 200  # of a chunk


def csv_chunks(audits: Iterable[Audit], base_url: str = "") -> Iterator[bytes]:
    """The file, piece by piece; `audits` were read with their reports, `base_url` is where photos are to be had.

    Times are UTC, fill rates 0 to 1. A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for number, audit in enumerate(audits, 1):
        writer.writerow([as_text(cell) if isinstance(cell, str) else cell for cell in _cells(audit, base_url)])
        if number % LINES == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def as_text(cell: str) -> str:
    """The cell as no spreadsheet takes for a formula."""
    return TEXT + cell if cell.startswith(FORMULA) else cell


def _cells(audit: Audit, base_url: str) -> list[str | float | None]:
    figures = Figures.of(audit)
    return [
        audit.id,
        audit.store,
        audit.bay,
        time_text(audit.taken_at),
        time_text(audit.created_at),
        audit.facings,
        audit.fill_rate,
        len(figures.rows),
        audit.gaps,
        figures.worst.get("width_facings"),
        figures.worst.get("severity"),
        str(audit.model.get("name", "")),
        str(audit.model.get("version", "")),
        audit.note,
        photo_link(audit, base_url),
    ]
