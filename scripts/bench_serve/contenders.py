"""Who is compared: the service, bare loops and LitServe, each in processes of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench_serve.client import Request, drive
from bench_serve.processes import cpu_seconds
from running import running
from shelfwatch.inference.cpus import available_cpus

SCRIPTS = Path(__file__).resolve().parents[1]
CLIENTS = 8  # enough that a photo is always waiting, few enough that none is refused
START_SECONDS = 60
STOP_SECONDS = 5
OURS, LOOP, LITSERVE = "ShelfWatch", "bare loop", "LitServe"
LITSERVE_PACKAGES = ("litserve", "onnxruntime")


class SkippedError(Exception):
    """A contender cannot run here; the message says why."""


@dataclass(frozen=True)
class Shape:
    """How the CPUs are shared out: so many photos at once, each with so many threads."""

    lanes: int
    threads: int

    def __str__(self) -> str:
        return f"{self.lanes} × {self.threads}"


@dataclass(frozen=True)
class Round:
    """One round of one contender: seconds, CPU seconds of contender and clients, seconds of each answer."""

    seconds: float
    cpu_seconds: float
    client_cpu_seconds: float
    answers: list[float]


@dataclass(frozen=True)
class Contender:
    """One way of answering photos; `run` has it answer that many."""

    name: str
    shape: str
    run: Callable[[int], Round]


def shapes() -> list[Shape]:
    """One photo at a time with every CPU, and as many photos as CPUs with one each."""
    cpus = available_cpus()
    return list(dict.fromkeys((Shape(1, cpus), Shape(cpus, 1))))


@contextlib.contextmanager
def service(model: str, data: bytes, shape: Shape | None) -> Iterator[Contender]:
    """The service in a shape, or with its default settings."""
    settings = {"SHELFWATCH_LANES": str(shape.lanes), "SHELFWATCH_THREADS": str(shape.threads)} if shape else {}
    with running(**settings) as started:
        request = Request.photo(data, f"/predict?model={model}")
        yield Contender(OURS, str(shape or "default"), over_http(started.url, started.pid, request))


@contextlib.contextmanager
def bare_loop(model: Path, picture: Path, shape: Shape) -> Iterator[Contender]:
    """The loop of `bench_serve.loop`."""
    command = [sys.executable, "-m", "bench_serve.loop", model, picture, str(shape.lanes), str(shape.threads)]
    with own_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def run(photos: int) -> Round:
            assert process.stdin is not None
            assert process.stdout is not None
            before = cpu_seconds(process.pid)
            process.stdin.write(f"{photos}\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the bare loop ended early")
            return Round(float(line), cpu_seconds(process.pid) - before, 0, [])

        yield Contender(LOOP, str(shape), run)


def litserve_versions(python: Path) -> str:
    """What `python` has of LitServe and what runs the model. Raises `SkippedError` where one is missing."""
    found = "from importlib.metadata import version as of; print(*(f'{n} {of(n)}' for n in %s), sep=', ')"
    try:
        done = subprocess.run([python, "-c", found % (LITSERVE_PACKAGES,)], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SkippedError(
            f"LitServe is not installed for {python.name}; `pip install 'shelfwatch[bench-serve]'`, "
            "or `--litserve` with a Python that has it"
        ) from error
    return done.stdout.strip()


@contextlib.contextmanager
def litserve(python: Path, model: Path, data: bytes, shape: Shape) -> Iterator[Contender]:
    """LitServe run by `python`, a worker for each lane. Raises `RuntimeError` where it does not start."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [python, "-m", "bench_serve.litserve_peer", model, str(shape.lanes), str(shape.threads), str(port)]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with own_process(command, **silent) as process:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + START_SECONDS
        while not answers(f"{url}/health"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"LitServe does not start: {' '.join(map(str, command))}")
            time.sleep(0.1)
        yield Contender(LITSERVE, str(shape), over_http(url, process.pid, Request.photo(data)))


def answers(url: str) -> bool:
    """Whether a GET gives 200."""
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def over_http(url: str, pid: int, request: Request) -> Callable[[int], Round]:
    """Rounds against a server at saturation. They raise `RuntimeError` where an answer is not 200."""

    def run(photos: int) -> Round:
        before = cpu_seconds(pid)
        load = drive(url, [request], CLIENTS, count=photos)
        if failed := {answer.status for answer in load.answers} - {200}:
            raise RuntimeError(f"{url}{request.path} answered {sorted(failed)}")
        return Round(load.seconds, cpu_seconds(pid) - before, load.cpu_seconds, load.times(200))

    return run


@contextlib.contextmanager
def own_process(command: list[str | Path], **options: object) -> Iterator[subprocess.Popen[str]]:
    """A process that finds our modules; it and its children end with the block."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SCRIPTS), str(SCRIPTS.parent / "src")])}
    process = subprocess.Popen(command, env=environment, start_new_session=True, **options)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            os.killpg(process.pid, signal.SIGKILL)  # workers may outlive a parent that was told to end
        process.wait()
