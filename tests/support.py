"""What tests share that is not a fixture: the real service in a process of its own, and where things are."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from shelfwatch.training.rendering import RenderOptions, render_shelf

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
COMMAND = Path(sys.executable).parent / "shelfwatch"


@dataclass
class Service:
    """A running service: its address, its process and what it has printed."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """Every line of its log so far, each of which must be one JSON object; but not the address it prints."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if not line.startswith("ShelfWatch is")]

    def stop(self) -> int:
        """Send SIGTERM and give the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_service(
    log: Path, *flags: str, wait_ready: bool = True, wrapper: Sequence[str] = (), **environment: str
) -> Service:
    """Start `shelfwatch serve`, by way of a `wrapper` command that becomes it, such as `env`.

    Its data folder lies beside its log.
    """
    port = free_port()
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SHELFWATCH_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*wrapper, COMMAND, "serve", *flags],
            env={
                **clean,
                "SHELFWATCH_PORT": str(port),
                "SHELFWATCH_DATA_DIR": str(log.with_suffix(".data")),
                **environment,
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    service = Service(f"http://127.0.0.1:{port}", process, log)
    deadline = time.monotonic() + 60
    while wait_ready:
        try:
            if httpx.get(f"{service.url}/health/ready", timeout=5).status_code == 200:
                break
        except httpx.TransportError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError(f"the service did not become ready:\n{log.read_text()}")
        time.sleep(0.1)
    return service


def write_shelves(folder: Path, options: RenderOptions, splits: dict[str, Iterable[int]]) -> Path:
    """Rendered shelves of the given seeds as a dataset of one class below `folder`; its dataset file."""
    for split, seeds in splits.items():
        for kind in ("images", "labels"):
            (folder / kind / split).mkdir(parents=True)
        for seed in seeds:
            shelf = render_shelf(seed, options)
            (folder / "images" / split / f"shelf_{seed}.jpg").write_bytes(shelf.to_jpeg())
            (folder / "labels" / split / f"shelf_{seed}.txt").write_text(shelf.to_yolo())
    file = folder / "dataset.yaml"
    file.write_text("path: .\ntrain: images/train\nval: images/val\nnames: {0: product}\n")
    return file
