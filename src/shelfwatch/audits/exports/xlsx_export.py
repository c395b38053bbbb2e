"""Audits as an Excel workbook: a sheet of audits, one of their rows, one of their gaps."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from shelfwatch.audits.audit import Audit
from shelfwatch.audits.errors import UnavailableError
from shelfwatch.audits.exports.figures import Figures, photo_link

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576  # of a sheet, its head included; Excel reads no more
MOST_LINKS = 65_530  # of a table; Excel calls a file with more on a sheet damaged, and each takes 1 kB of memory
MISTAKEN = ("=", "#")  # openpyxl takes `=1` for a formula and `#N/A` for an error
CHUNK_BYTES = 65_536
DATE, SHARE, NUMBER = "yyyy-mm-dd hh:mm:ss", "0.0%", "0.00"  # Excel's number formats


@dataclass(frozen=True)
class Column:
    """A column: its head, its width in characters and the number format of its cells."""

    name: str
    width: int
    format: str | None = None


WHOSE = (Column("audit", 38), Column("store", 18), Column("bay", 18), Column("taken at (UTC)", 19, DATE))
BOX = tuple(Column(name, 8) for name in ("x1", "y1", "x2", "y2"))
PHOTO = Column("photo", 40)
AUDITS = (
    *WHOSE, Column("recorded at (UTC)", 19, DATE), Column("facings", 9), Column("fill rate", 9, SHARE),
    Column("rows", 7), Column("gaps", 7), Column("worst gap (facings)", 19, NUMBER), Column("worst gap", 11),
    Column("model", 12), Column("model version", 14), Column("note", 30), PHOTO,
)  # fmt: skip
ROWS = (
    *WHOSE, Column("row", 6), Column("bay in photo", 13), Column("facings", 9), Column("fill rate", 9, SHARE), *BOX,
)  # fmt: skip
GAPS = (*WHOSE, Column("row", 6), Column("facings", 9, NUMBER), Column("severity", 11), *BOX, PHOTO)
TABLES = {"audits": AUDITS, "rows": ROWS, "gaps": GAPS}

Cell = str | float | datetime | None


def xlsx_chunks(audits: Iterable[Audit], base_url: str = "") -> Iterator[bytes]:
    """The file, piece by piece; `audits` were read with their reports, `base_url` is where photos are to be had.

    Photos are links where that is known, else paths. Rows and columns are Excel's: times are UTC, texts are never
    formulas, and what one sheet cannot hold goes on in another, `rows 2`. The file is made in the temporary folder
    before this returns; raises `UnavailableError` where that cannot be written, and what reading audits raises.
    """
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever reads it to the end
        _write(audits, base_url, file)
        file.seek(0)
    except OSError as error:
        raise UnavailableError(f"The export cannot write its temporary files ({error.strerror}).") from error
    return _read(file)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _write(audits: Iterable[Audit], base_url: str, file: IO[bytes]) -> None:
    from openpyxl import Workbook  # takes a quarter of a second, which the service's start need not

    workbook = Workbook(write_only=True)
    try:
        sheets = [_Table(workbook, name, columns) for name, columns in TABLES.items()]
        for audit in audits:
            for sheet, rows in zip(sheets, _rows_of(audit, photo_link(audit, base_url)), strict=True):
                for row in rows:
                    sheet.add(row)
        for sheet in sheets:
            sheet.finish()
        workbook.save(file)
    finally:
        for sheet in workbook.worksheets:
            _clear(sheet)


def _clear(sheet: Any) -> None:
    """Remove a sheet's temporary file. Saving does so; where it did not come to that, nothing else would."""
    if not sheet.closed:
        with suppress(OSError):  # a full disk, which is why we are here
            sheet.close()
    if sheet._writer is not None and Path(sheet._writer.out).exists():
        sheet._writer.cleanup()


def _rows_of(audit: Audit, photo: str) -> tuple[list[list[Cell]], ...]:
    """What one audit adds to each table."""
    figures = Figures.of(audit)
    whose: list[Cell] = [audit.id, audit.store, audit.bay, _utc(audit.taken_at)]
    summary: list[Cell] = [
        *whose,
        _utc(audit.created_at),
        audit.facings,
        audit.fill_rate,
        len(figures.rows),
        audit.gaps,
        figures.worst.get("width_facings"),
        figures.worst.get("severity"),
        str(audit.model.get("name", "")),
        str(audit.model.get("version", "")),
        audit.note,
        photo,
    ]
    rows: list[list[Cell]] = [
        [*whose, row["index"], row.get("bay"), row["facings"], row["fill_rate"], *row["box"]] for row in figures.rows
    ]
    gaps: list[list[Cell]] = [
        [*whose, gap["row"], gap["width_facings"], gap["severity"], *gap["box"], photo] for gap in figures.gaps
    ]
    return [summary], rows, gaps


class _Table:
    """One table of the workbook, on as many sheets as it needs."""

    def __init__(self, workbook: Any, name: str, columns: tuple[Column, ...]) -> None:
        self.workbook, self.name, self.columns = workbook, name, columns
        from openpyxl.cell import WriteOnlyCell

        self.new_cell = WriteOnlyCell
        self.number = self.links = 0
        self._begin()

    def add(self, row: list[Cell]) -> None:
        """Add a row, one cell a column."""
        if self.rows == MOST_ROWS:
            self.finish()
            self._begin()
        self.sheet.append([self._cell(value, column) for value, column in zip(row, self.columns, strict=True)])
        self.rows += 1

    def finish(self) -> None:
        """Let every column be sorted and filtered."""
        self.sheet.auto_filter.ref = f"A1:{_letter(len(self.columns))}{self.rows}"

    def _begin(self) -> None:
        from openpyxl.styles import Font

        self.number += 1
        self.sheet = self.workbook.create_sheet(self.name if self.number == 1 else f"{self.name} {self.number}")
        self.sheet.freeze_panes = "A2"
        self.rows = 1
        head = []
        for number, column in enumerate(self.columns, 1):
            self.sheet.column_dimensions[_letter(number)].width = column.width
            head.append(self.new_cell(self.sheet, column.name))
            head[-1].font = Font(bold=True)
        self.sheet.append(head)

    def _cell(self, value: Cell, column: Column) -> Any:
        """The value itself where openpyxl takes it for what it is, which is several times faster, else a cell of it."""
        if isinstance(value, str):
            text = value if value.isprintable() else "".join(filter(_fits, value))
            link = column is PHOTO and "://" in value and self.links < MOST_LINKS
            if not link and not text.startswith(MISTAKEN):
                return text
            cell = self.new_cell(self.sheet, text)
            cell.data_type = "s"
            if link:
                self.links += 1
                cell.hyperlink = value
                cell.style = "Hyperlink"
            return cell
        if value is None or column.format is None:
            return value
        cell = self.new_cell(self.sheet, value)
        cell.number_format = column.format
        return cell


def _fits(sign: str) -> bool:
    """Whether a character may be in a cell."""
    return sign.isprintable() or sign in "\n\t"


def _letter(number: int) -> str:
    """The name of a column, A for 1; no table here has more than 26."""
    return chr(ord("A") + number - 1)


def _utc(moment: datetime) -> datetime:
    """Excel's times have no zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)
