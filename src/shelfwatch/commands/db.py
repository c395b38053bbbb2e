"""`shelfwatch db`: look after what the service remembers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from shelfwatch.audits import backup as backups
from shelfwatch.audits import prune as pruning
from shelfwatch.audits import verify as verifying
from shelfwatch.audits.errors import AuditsError
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.migrate import newest, require, upgrade
from shelfwatch.service.data_folder import usual

FAULTS = {
    "missing": "photos of audits that the store has not",
    "corrupt": "photos whose bytes are not those recorded",
    "orphans": "photos that no row knows (--repair removes them)",
    "unshown": "photos that no audit shows (--repair removes them)",
    "half_written": "photos whose writer died (--repair removes them)",
    "database": "faults in the database",
}
SHOWN = 10  # faults of a kind that are listed


@click.group()
def db() -> None:
    """Look after the audits' database and photos.

    The database's address comes from SHELFWATCH_DATABASE_URL only, never from a flag, since it may hold a password;
    without it, an SQLite file in the data folder is used.
    """


def with_memory(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the memory that its flags and the environment name, and say errors in one line."""

    @click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="SHELFWATCH_DATA_DIR",
        help="Folder of the embedded database and the photos. [SHELFWATCH_DATA_DIR; default: where `serve` keeps them]",
    )
    @click.option(
        "--photo-store",
        envvar="SHELFWATCH_PHOTO_STORE",
        default="",
        help="Folder or address, such as s3://bucket/folder, of the photos; default: photos in the data folder. "
        "[SHELFWATCH_PHOTO_STORE]",
    )
    @wraps(function)
    def command(data_dir: Path | None, photo_store: str, **rest: Any) -> None:
        try:
            memory = Memory.at(data_dir or usual(), os.environ.get("SHELFWATCH_DATABASE_URL", ""), photo_store)
            try:
                function(memory, **rest)
            finally:
                memory.close()
        except AuditsError as error:
            raise click.ClickException(str(error)) from None

    return command


@contextmanager
def progress(words: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on the error stream, for those who watch."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@db.command("upgrade")
@with_memory
def upgrade_command(memory: Memory) -> None:
    """Bring the tables to this version. The service does so at its start."""
    click.echo(f"The tables are at revision {upgrade(memory.database)}.")


@db.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--without-photos", is_flag=True, help="Rows only, for photos that are backed up where they are.")
@with_memory
def backup(memory: Memory, target: Path, without_photos: bool) -> None:
    """Write rows and photos to a new tar file. The service may run meanwhile."""
    with progress("Copying photos") as report:
        done = backups.backup(memory.database, memory.photos, target, with_photos=not without_photos, progress=report)
    click.echo(f"{target}: {done.rows['audits']} audits and {done.photos} photos.")


@db.command()
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@with_memory
def restore(memory: Memory, source: Path) -> None:
    """Fill an empty database, of either kind, and the photo store from a backup."""
    with progress("Copying photos") as report:
        done = backups.restore(memory.database, memory.photos, source, progress=report)
    click.echo(f"{done.rows['audits']} audits and {done.photos} photos are back.")


@db.command()
@click.option(
    "--keep-days",
    type=click.FloatRange(0, min_open=True),
    envvar="SHELFWATCH_KEEP_DAYS",
    help="Remove audits recorded more days ago. [SHELFWATCH_KEEP_DAYS; default: keep all]",
)
@click.option(
    "--keep-bytes",
    type=click.IntRange(0),
    envvar="SHELFWATCH_KEEP_BYTES",
    help="Remove the oldest audits until the photos take no more bytes. [SHELFWATCH_KEEP_BYTES; default: keep all]",
)
@click.option(
    "--undo-hours",
    type=click.FloatRange(0),
    default=pruning.UNDO_HOURS,
    show_default=True,
    help="Keep deleted audits that long, so that a deletion can be taken back.",
)
@with_memory
def prune(memory: Memory, keep_days: float | None, keep_bytes: int | None, undo_hours: float) -> None:
    """Remove for good what was deleted, what is too old and what is too much. The service may run meanwhile."""
    require(memory.database)
    retention = pruning.Retention(keep_days, keep_bytes, undo_hours)
    done = pruning.prune(memory.database, memory.photos, retention)
    click.echo(
        f"Removed {done.deleted} deleted audits, {done.too_old} too old, {done.too_much} over the size, "
        f"and {done.unknown_photos} photos nobody knew."
    )


@db.command()
@click.option("--quick", is_flag=True, help="Compare the photos' sizes only, not their contents.")
@click.option("--repair", is_flag=True, help="Remove what nobody needs; never anything that an audit shows.")
@with_memory
def verify(memory: Memory, quick: bool, repair: bool) -> None:
    """Compare rows and photos; exit code 1 where they disagree. The service may run meanwhile."""

    def look() -> verifying.Verified:
        with progress("Reading photos") as report:
            return verifying.verify(
                memory.database, memory.photos, quick=quick, progress=lambda done: report(done, None)
            )

    require(memory.database)
    found = look()
    if repair and not found.clean:
        click.echo(f"Removed {verifying.repair(memory.database, memory.photos, found)} photos.")
        found = look()
    click.echo(f"{found.audits} audits and {found.photos} photos were looked at (revision {newest()}).")
    for name, words in FAULTS.items():
        faults: list[str] = getattr(found, name)
        if faults:
            more = f" and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
            click.echo(f"{len(faults)} {words}: {', '.join(faults[:SHOWN])}{more}", err=True)
    if not found.clean:
        sys.exit(1)
    click.echo("All is as it should be.")
