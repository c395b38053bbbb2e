"""Bounded CPU work off the event loop: a fixed number of lanes with a bounded queue in front."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

FIRST_ESTIMATE = 0.2  # seconds a photo takes before any has been seen
MEMORY = 0.1  # weight of the newest photo in the running mean of service times


class QueueFullError(Exception):
    """No place left; `retry_after` is in how many whole seconds one is likely to be free."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"queue full, retry in {retry_after} s")
        self.retry_after = retry_after


class Lanes:
    """Runs jobs on `count` threads; at most `queue_limit` more may wait."""

    def __init__(self, count: int, queue_limit: int) -> None:
        self.count = count
        self.queue_limit = queue_limit
        self.service_seconds = FIRST_ESTIMATE
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="lane")
        self._lock = threading.Lock()
        self._accepted = 0

    @property
    def accepted(self) -> int:
        """Jobs waiting or running."""
        return self._accepted

    @property
    def waiting(self) -> int:
        """Jobs accepted that no lane has free hands for."""
        return max(0, self._accepted - self.count)

    async def run(self, job: Callable[[], T]) -> tuple[T, float]:
        """Run `job` in a lane; its result and the seconds it waited. Raises `QueueFullError` at once when full.

        A caller that is cancelled while its job still waits takes the job out of the queue.
        """
        with self._lock:
            if self._accepted >= self.count + self.queue_limit:
                raise QueueFullError(self.retry_after())
            self._accepted += 1
        accepted = time.perf_counter()

        def timed() -> tuple[T, float]:
            started = time.perf_counter()
            try:
                return job(), started - accepted
            finally:
                self.service_seconds += MEMORY * (time.perf_counter() - started - self.service_seconds)

        try:
            future = self._pool.submit(timed)
        except BaseException:
            self._release(None)
            raise
        future.add_done_callback(self._release)
        return await asyncio.wrap_future(future)

    def _release(self, _: object) -> None:
        with self._lock:
            self._accepted -= 1

    def retry_after(self) -> int:
        """Whole seconds until the present queue is worked off, at least 1."""
        return max(1, math.ceil(self._accepted * self.service_seconds / self.count))

    def close(self) -> None:
        """Finish what was accepted and stop the threads."""
        self._pool.shutdown(wait=True)
