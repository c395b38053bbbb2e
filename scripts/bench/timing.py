"""Timing that treats all contenders alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

SETTLE_SECONDS = 0.05  # before each run: the last contender's threads still spin and would take a CPU from the next

Times = NDArray[np.float64]  # (runs,), milliseconds


def timed(job: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    job()
    return (time.perf_counter() - start) * 1000


def alternate(
    jobs: Mapping[str, Callable[[], object]], runs: int, follow: Callable[[Sequence[int]], Iterable[int]] = iter
) -> dict[str, Times]:
    """Run every job in turn, `runs` times over, so that a drift of the machine's speed hits all alike.

    Each job runs once before, untimed, as the first run of a shape allocates. `follow` may wrap the rounds to show
    progress.
    """
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for job in jobs.values():
        job()
    for _ in follow(range(runs)):
        for name, job in jobs.items():
            time.sleep(SETTLE_SECONDS)
            times[name].append(timed(job))
    return {name: np.array(values) for name, values in times.items()}


def ratio(a: Times, b: Times) -> float:
    """How many times as long `a` takes as `b`: the median over the rounds, in which the two ran side by side."""
    return float(np.median(a / b))
