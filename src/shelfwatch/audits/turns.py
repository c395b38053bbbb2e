"""One at a time, over all processes that share a database."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text

from shelfwatch.audits.database import Database

PRUNING = 7_431_203  # PostgreSQL's advisory lock while somebody prunes; any number no other program uses


@contextlib.contextmanager
def pruning_turn(database: Database) -> Iterator[bool]:
    """Whether it is this process's turn to prune; False where another is at it. Raises `UnavailableError`."""
    if database.file is None:
        with database.connection() as connection:
            yield bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": PRUNING}))
        return
    # A file of its own: SQLite's lock would keep others from recording meanwhile.
    with Path(f"{database.file}.pruning").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
