"""Memory of the service over many photos with every model."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from bench_serve.client import Request, drive
from bench_serve.contenders import CLIENTS
from bench_serve.processes import resident_bytes
from running import running

SAMPLE_SECONDS = 0.5
WARM_UP_SHARE = 0.05  # of the requests, before which memory still grows to what the work needs


@dataclass(frozen=True)
class Memory:
    """Bytes resident after the warm-up, at the end and at most, over that many answered photos."""

    photos: int
    before: int
    after: int
    peak: int

    @property
    def drift(self) -> float:
        """Growth as a share of what was resident before."""
        return self.after / self.before - 1


def measure(models: Iterable[str], pictures: Iterable[bytes], requests: int) -> Memory:
    """Every model with every picture in turn. Raises `RuntimeError` where an answer is not 200."""
    turns = [Request.photo(data, f"/predict?model={model}") for model, data in product(models, pictures)]
    with running() as service:
        warm_up = max(len(turns), round(requests * WARM_UP_SHARE))
        peak, done = 0, threading.Event()

        def watch() -> None:
            nonlocal peak
            while not done.wait(SAMPLE_SECONDS):
                peak = max(peak, resident_bytes(service.pid))

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            loads = [drive(service.url, turns, CLIENTS, count=warm_up)]
            before = resident_bytes(service.pid)
            loads.append(drive(service.url, turns, CLIENTS, count=requests - warm_up))
            after = resident_bytes(service.pid)
        finally:
            done.set()
            watching.join()
    answers = [answer for load in loads for answer in load.answers]
    if failed := {answer.status for answer in answers} - {200}:
        raise RuntimeError(f"the service answered {sorted(failed)}")
    return Memory(len(answers), before, after, max(peak, before, after))
