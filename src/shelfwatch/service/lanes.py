"""Bounded CPU work off the event loop: a fixed number of places, and lanes of threads that work for those in them."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

FIRST_ESTIMATE = 0.2  # seconds a photo takes before any has been seen
MEMORY = 0.1  # weight of the newest photo in the running mean


class QueueFullError(Exception):
    """No place left; `retry_after` is in how many whole seconds one is likely to be free."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"queue full, retry in {retry_after} s")
        self.retry_after = retry_after


class WaitedTooLongError(Exception):
    """The work was dropped before it began: its turn did not come in time."""


class Pace:
    """How fast work is finished while there is any, and how much of it lies ahead."""

    def __init__(self) -> None:
        self.ahead = 0  # pieces of work waiting or being worked on
        self.seconds = FIRST_ESTIMATE  # from one finished piece to the next, however many lanes finish them
        self._since = 0.0

    def begin(self) -> None:
        """One more piece of work."""
        if not self.ahead:
            self._since = time.monotonic()  # idle time says nothing about speed
        self.ahead += 1

    def end(self, *, finished: bool) -> None:
        """One less. What was dropped before it was `finished` says nothing about speed."""
        self.ahead -= 1
        if finished:
            now = time.monotonic()
            self.seconds += MEMORY * (now - self._since - self.seconds)
            self._since = now

    def retry_after(self) -> int:
        """Whole seconds until what is there now is worked off, at least 1."""
        return max(1, math.ceil(self.ahead * self.seconds))


class Lane:
    """Threads that take jobs in the order they come; at most `limit` jobs may wait or run where one is given."""

    def __init__(self, name: str, threads: int, limit: int | None = None) -> None:
        self.threads = threads
        self.limit = limit
        self.pace = Pace()
        self.running = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, job: Callable[[], T], patience: float | None = None) -> tuple[T, float]:
        """Run `job` when its turn comes; its result and the seconds it waited.

        Raises `QueueFullError` at once when full, and `WaitedTooLongError` where its turn has not come after `patience`
        seconds. A caller that is cancelled meanwhile takes the job along, unless it has begun.
        """
        if self.limit is not None and self.pace.ahead >= self.limit:
            raise QueueFullError(self.pace.retry_after())
        asked = time.perf_counter()

        def timed() -> tuple[T, float]:
            waited = time.perf_counter() - asked
            self._count(1)
            try:
                return job(), waited
            finally:
                self._count(-1)

        work = self._pool.submit(timed)
        self.pace.begin()
        answer = asyncio.wrap_future(work)
        try:
            await asyncio.wait({answer}, timeout=patience)
            if not answer.done() and work.cancel():
                raise WaitedTooLongError
            return await answer
        finally:
            answer.cancel()
            self.pace.end(finished=not work.cancelled())

    @property
    def crowded(self) -> bool:
        """Whether there is work for every thread, that which asks included."""
        return self.pace.ahead >= self.threads

    def _count(self, change: int) -> None:
        with self._lock:
            self.running += change

    def close(self) -> None:
        """Finish what was accepted and stop the threads."""
        self._pool.shutdown(wait=True)


@dataclass
class Place:
    """One photo's right to be worked on, with the seconds it has waited so far and may wait in all."""

    patience: float | None
    waited: float = 0.0

    async def run(self, lane: Lane, job: Callable[[], T]) -> T:
        """Run one stage of the work in `lane`; raises as `Lane.run`."""
        left = None if self.patience is None else max(0.0, self.patience - self.waited)
        result, waited = await lane.run(job, left)
        self.waited += waited
        return result


class Lanes:
    """Lanes that decode and infer, and one in which photos that take long to decode do so, behind a number of places.

    The long ones have a lane of their own, and a share of the places, so that small photos never wait behind large
    ones. A small one is decoded where it is inferred: more threads than processors would only get in each other's way.
    """

    def __init__(self, infer: int, queue_limit: int, wait_seconds: float = 0) -> None:
        """`queue_limit` photos may be in hand, waiting or being worked on; `wait_seconds` 0 waits for ever."""
        self.capacity = queue_limit
        self.sort = Lane("sort", 1)  # tells small from large by the header
        self.heavy = Lane("heavy", 1, limit=max(1, self.capacity // 2))
        self.infer = Lane("infer", infer)
        self.patience = wait_seconds or None
        self.pace = Pace()

    @property
    def accepted(self) -> int:
        """Photos waiting or being worked on."""
        return self.pace.ahead

    @property
    def waiting(self) -> int:
        """Photos accepted that no lane has its hands on now."""
        return max(0, self.accepted - sum(lane.running for lane in (self.sort, self.heavy, self.infer)))

    def check(self) -> None:
        """Raises `QueueFullError` where no place is left."""
        if self.accepted >= self.capacity:
            raise QueueFullError(self.pace.retry_after())

    @contextlib.contextmanager
    def enter(self) -> Iterator[Place]:
        """A place for one photo, until all its work is done. Raises `QueueFullError` at once when there is none."""
        self.check()
        self.pace.begin()
        finished = False
        try:
            yield Place(self.patience)
            finished = True
        finally:
            self.pace.end(finished=finished)

    def close(self) -> None:
        """Finish what was accepted and stop the threads."""
        for lane in (self.sort, self.heavy, self.infer):
            lane.close()
