"""PostgreSQL connections that give up on a server, or a way to it, that takes what is sent and answers nothing."""

from __future__ import annotations

import time
from typing import Any

import psycopg
from psycopg.abc import PQGen

SILENCE_SECONDS = 20.0  # that one statement may take; a lock is given up long before
UPKEEP_SECONDS = 3600.0  # the same where tables are changed or another process is waited for


class PatientConnection(psycopg.Connection[Any]):
    """A connection whose statements end within `silence_seconds`, with `psycopg.OperationalError` where they must.

    The system's own timeouts do not see this: what stands in between, or a stopped server's kernel, goes on confirming
    what it is sent. The connection is closed then, since nobody knows what the server makes of it.
    """

    silence_seconds = SILENCE_SECONDS

    def wait(self, gen: PQGen[Any], *arguments: Any, **options: Any) -> Any:
        """As its parent, which looks up from waiting ten times a second."""
        try:
            return super().wait(_until(gen, time.monotonic() + self.silence_seconds), *arguments, **options)
        except _SilentError:
            self.pgconn.finish()
            raise


class _SilentError(psycopg.OperationalError):
    """No answer in time."""


def _until(gen: PQGen[Any], deadline: float) -> PQGen[Any]:
    """The same steps, given up at the deadline."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > deadline:
                raise _SilentError("the server has not answered in time")
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value
