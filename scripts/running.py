"""The real service in a process of its own, for scripts that measure it or photograph its page."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

START_SECONDS = 60


@contextlib.contextmanager
def running_service() -> Iterator[httpx.Client]:
    """A client of a ready service on a free port, with default settings whatever the environment says.

    Raises `RuntimeError` where it does not become ready.
    """
    command = [Path(sys.executable).parent / "shelfwatch", "serve", "--port", "0", "--log-level", "warning"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SHELFWATCH_")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean) as process:
        try:
            assert process.stdout is not None
            announced = re.search(r"http://\S+", process.stdout.readline())
            if announced is None:
                raise RuntimeError("the service did not start")
            with httpx.Client(base_url=announced[0], timeout=60) as client:
                deadline = time.monotonic() + START_SECONDS
                while client.get("/health/ready").status_code != 200:
                    if time.monotonic() > deadline:
                        raise RuntimeError("the service did not become ready")
                    time.sleep(0.05)
                yield client
        finally:
            process.terminate()
