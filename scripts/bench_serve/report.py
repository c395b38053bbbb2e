"""The section of docs/benchmarks.md as Markdown."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np
from PIL import Image

from bench.report import markdown, processor, versions
from bench_serve import overload
from bench_serve.contenders import CLIENTS, LITSERVE, LOOP
from bench_serve.memory import WARM_UP_SHARE, Memory
from bench_serve.overload import Overload
from bench_serve.saturation import Saturation
from shelfwatch.inference.cpus import available_cpus

LEAST_OF_LOOP = 0.9  # of a bare loop's throughput
LEAST_OF_LITSERVE = 1.0
QUEUE_FACTOR = 1.5  # p95 of accepted photos by queue length × service time
MOST_BYTES = 350e6
MOST_DRIFT = 0.05
VERSIONED = ("onnxruntime", "fastapi", "uvicorn")

ROWS = """*Bare loop* turns the same bytes into the same JSON in one process, without HTTP and waiting for nobody.
*LitServe* calls that very loop body from its workers and answers the same requests. Both run in two shapes, photos at
once × threads of each, the service with its default settings. {clients} clients in a closed loop keep both servers
busy; they run on the same CPUs, and what they take counts against the servers. Contenders take turns; *ours serves*
is the median over the rounds of our throughput divided by theirs."""

PROMISES = """*Overload*: {clients} clients against a queue of {limit}, each back {pause:g} s after a refusal; *service
time* is the mean time between two answers of the same process at saturation, just before. *Memory* is what is resident
of the process with all models loaded, from the first {share:.0%} of the photos on; models and sample photos take
turns."""


def section(picture: Path, saturation: Saturation, overloaded: Overload, memory: Memory) -> str:
    """All of it; `picture` is what was sent."""
    rounds, photos = len(saturation.rows[0].rounds), saturation.rows[0].photos
    with Image.open(picture) as image:
        width, height = image.size
    parts = [
        "## Serving",
        f"Measured with `make bench-serve` on {available_cpus()} CPUs ({processor()});\n{versions(VERSIONED)}, "
        f"Python {platform.python_version()}; {rounds} rounds of {photos} photos each, {width} × {height} px.",
        ROWS.format(clients=CLIENTS),
        saturation_table(saturation),
        saturation.litserve,
        PROMISES.format(
            clients=overload.CLIENTS, limit=overload.QUEUE_LIMIT, pause=overload.PAUSE_SECONDS, share=WARM_UP_SHARE
        ),
        promises_table(saturation, overloaded, memory),
    ]
    return "\n\n".join(parts)


def saturation_table(saturation: Saturation) -> str:
    """A row a contender and model."""
    rows = []
    for row in saturation.rows:
        waited = [f"{np.percentile(row.answers, q) * 1000:.0f}" for q in (50, 95)] if row.answers else ["-", "-"]
        client = f"{row.client_cpu_ms:.1f}" if row.answers else "-"
        rows.append(
            [
                row.model,
                row.contender,
                row.shape,
                f"{row.per_second:.1f}",
                *waited,
                f"{row.cpu_ms:.0f}",
                client,
                f"{saturation.advantage(row):.2f} ×",
            ]
        )
    head = ["model", "contender", "shape", "photos/s", "answer, median ms", "p95", "CPU ms a photo", "of clients"]
    return markdown([*head, "ours serves"], rows, words=3)


def promises_table(saturation: Saturation, overloaded: Overload, memory: Memory) -> str:
    """A row a promise: what was promised, what was measured, and whether it held."""
    loop, litserve = saturation.worst(LOOP), saturation.worst(LITSERVE)
    answers = ", ".join(f"{number} × {status or 'none'}" for status, number in overloaded.statuses.items())
    documented = set(overloaded.statuses) <= {200, 503} and not overloaded.undocumented
    factor = overloaded.accepted_p95 / overloaded.queue_seconds
    milliseconds = f"{overloaded.accepted_p95 * 1000:.0f} ms for {overloaded.queue_seconds * 1000:.0f} ms"
    rows = [
        [f"throughput by the better bare loop, at least {LEAST_OF_LOOP:g} ×", *share(loop, LEAST_OF_LOOP)],
        [f"throughput by the better LitServe, at least {LEAST_OF_LITSERVE:g} ×", *share(litserve, LEAST_OF_LITSERVE)],
        ["overload: only 200, and 503 with a problem document and `Retry-After`", answers, held(documented)],
        [
            f"overload: p95 of accepted by queue length × service time, at most {QUEUE_FACTOR:g} ×",
            f"{factor:.2f} × ({milliseconds})",
            held(factor <= QUEUE_FACTOR),
        ],
        [
            f"memory over {memory.photos:,} photos, at most {MOST_BYTES / 1e6:.0f} MB",
            f"{memory.peak / 1e6:.0f} MB",
            held(memory.peak <= MOST_BYTES),
        ],
        [
            f"growth of memory, less than {MOST_DRIFT:.0%}",
            f"{memory.drift:+.1%} ({memory.before / 1e6:.0f} → {memory.after / 1e6:.0f} MB)",
            held(memory.drift < MOST_DRIFT),
        ],
    ]
    return markdown(["promise", "measured", ""], rows, words=3)


def share(value: float | None, least: float) -> list[str]:
    """A ratio and whether it is enough."""
    return ["-", "not measured"] if value is None else [f"{value:.2f} ×", held(value >= least)]


def held(kept: bool) -> str:
    """In a word."""
    return "held" if kept else "**missed**"
