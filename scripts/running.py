"""The real service in a process of its own, for scripts that measure it or photograph its page."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

START_SECONDS = 60
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Running:
    """A ready service: its address and its process."""

    url: str
    pid: int


@contextlib.contextmanager
def running(**environment: str) -> Iterator[Running]:
    """A ready service on a free port with the settings of `environment`, whatever the caller's own says.

    Raises `RuntimeError` with the service's log where it does not become ready.
    """
    command = [Path(sys.executable).parent / "shelfwatch", "serve", "--port", "0"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SHELFWATCH_")}
    with (
        tempfile.TemporaryFile("w+") as log,  # not a pipe, which would fill up and stop the service
        tempfile.TemporaryDirectory() as data,
        subprocess.Popen(
            command, stdout=log, stderr=log, env={**clean, "SHELFWATCH_DATA_DIR": data, **environment}
        ) as process,
    ):
        try:
            yield Running(_ready(log.fileno(), process), process.pid)
        finally:
            process.terminate()


@contextlib.contextmanager
def running_service() -> Iterator[httpx.Client]:
    """A client of a ready service on a free port, with default settings; raises as `running`."""
    with running(SHELFWATCH_LOG_LEVEL="warning") as service, httpx.Client(base_url=service.url, timeout=60) as client:
        yield client


def _ready(log: int, process: subprocess.Popen[bytes]) -> str:
    """The address that the log file announces, once it takes photos."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        # Read at a place of its own: the service writes on where its own descriptor stands.
        announced = re.search(rb"ShelfWatch is at (http://\S+)\n", os.pread(log, 100_000, 0))
        if announced:
            url = announced[1].decode()
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{url}/health/ready", timeout=5).status_code == 200:
                    return url
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"the service did not become ready:\n{os.pread(log, 100_000, 0).decode(errors='replace')}")
