"""`shelfwatch db export`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import click

from shelfwatch.audits.audit import Audit
from shelfwatch.audits.exports.csv_export import csv_chunks
from shelfwatch.audits.exports.labels import coco_chunks, yolo_chunks
from shelfwatch.audits.exports.walk import walk
from shelfwatch.audits.exports.xlsx_export import xlsx_chunks
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.migrate import require
from shelfwatch.audits.read import Filter
from shelfwatch.commands.memory import progress, with_memory

TABLES = ("csv", "xlsx")


def parse_time(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    """A time in ISO 8601; one without a zone is UTC to those who filter by it."""
    try:
        return None if value is None else datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no time such as 2026-03-01 or 2026-03-01T08:00:00+01:00.") from None


@click.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--format",
    "kind",
    type=click.Choice([*TABLES, "coco", "yolo"]),
    required=True,
    help="Tables of audits, or a zip file of boxes and photos to train on.",
)
@click.option("--store", help="Only audits of this store.")
@click.option("--bay", help="Only audits of this bay of the store.")
@click.option(
    "--since",
    metavar="TIME",
    callback=parse_time,
    help="Only photos taken at this time or later; without a zone it is UTC.",
)
@click.option("--until", metavar="TIME", callback=parse_time, help="Only photos taken before this time.")
@click.option("--base-url", default="", help="Where the service is, so that photos are links.")
@click.option("--without-photos", is_flag=True, help="Boxes only, for coco and yolo.")
@with_memory
def export(
    memory: Memory,
    out: Path,
    kind: str,
    store: str | None,
    bay: str | None,
    since: datetime | None,
    until: datetime | None,
    base_url: str,
    without_photos: bool,
) -> None:
    """Write audits to the file OUT, newest first, as tables or as labels to train on.

    What was there under that name is replaced once the new file is whole. The service may run meanwhile.
    """
    require(memory.database)
    found = walk(memory.database, Filter(store, bay, since, until), detections=kind not in TABLES)
    photos = None if without_photos else memory.photos
    count = 0
    with progress("Exporting") as report:

        def counted() -> Iterator[Audit]:
            nonlocal count
            for audit in found:
                count += 1
                report(count, None)
                yield audit

        match kind:
            case "csv":
                chunks = csv_chunks(counted(), base_url)
            case "xlsx":
                chunks = xlsx_chunks(counted(), base_url)
            case "coco":
                chunks = coco_chunks(counted(), photos, base_url)
            case _:
                chunks = yolo_chunks(counted(), photos)
        with _replaced(out) as file:
            file.writelines(chunks)
    click.echo(f"{out}: {count} audits, {out.stat().st_size / 1e6:.1f} MB.")


@contextmanager
def _replaced(out: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name once it is whole. Raises `click.ClickException` where it cannot be written."""
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(out)
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)
