"""The memory that a command works on, and a bar for those who watch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from shelfwatch.audits.errors import AuditsError
from shelfwatch.audits.memory import Memory
from shelfwatch.service.data_folder import usual


def memory_flags(function: Callable[..., None]) -> Callable[..., None]:
    """The flags that name a memory."""
    for option in (
        click.option(
            "--photo-store",
            envvar="SHELFWATCH_PHOTO_STORE",
            default="",
            help="Folder or address, such as s3://bucket/folder, of the photos; default: photos in the data folder. "
            "[SHELFWATCH_PHOTO_STORE]",
        ),
        click.option(
            "--data-dir",
            type=click.Path(path_type=Path, file_okay=False),
            envvar="SHELFWATCH_DATA_DIR",
            help="Folder of the embedded database and the photos. "
            "[SHELFWATCH_DATA_DIR; default: where `serve` keeps them]",
        ),
    ):
        function = option(function)
    return function


@contextmanager
def opened(data_dir: Path | None, photo_store: str) -> Iterator[Memory]:
    """The memory that flags and the environment name; its errors are said in one line."""
    try:
        memory = Memory.at(data_dir or usual(), os.environ.get("SHELFWATCH_DATABASE_URL", ""), photo_store)
        try:
            yield memory
        finally:
            memory.close()
    except AuditsError as error:
        raise click.ClickException(str(error)) from None


def with_memory(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the memory that its flags and the environment name, and say errors in one line."""

    @memory_flags
    @wraps(function)
    def command(data_dir: Path | None, photo_store: str, **rest: Any) -> None:
        with opened(data_dir, photo_store) as memory:
            function(memory, **rest)

    return command


@contextmanager
def progress(words: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on the error stream, for those who watch."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
