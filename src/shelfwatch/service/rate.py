"""How often a caller may come: a token bucket each, in bounded memory."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from shelfwatch.service.problems import Problem

REMEMBERED = 10_000  # callers; about a megabyte
ROUNDING = 1e-6  # seconds; sums of floats are not exact

K = TypeVar("K")
V = TypeVar("V")


class Recent(OrderedDict[K, V], Generic[K, V]):
    """A table of at most `size` entries, which forgets the one that was set the longest ago."""

    def __init__(self, size: int = REMEMBERED) -> None:
        super().__init__()
        self.size = size

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > self.size:
            self.popitem(last=False)


class RateLimit:
    """A token bucket a caller: `burst` tokens at first and at most, `per_minute` new ones a minute.

    Kept as one number each: the moment at which the bucket will be full. The clock only runs forward, whatever
    happens to the time of day.
    """

    def __init__(
        self, per_minute: int, burst: int, *, size: int = REMEMBERED, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.interval = 60 / per_minute  # seconds a token takes
        self.slack = (burst - 1) * self.interval  # seconds the bucket may be away from full and still hold a token
        self.clock = clock
        self.full_at: Recent[str, float] = Recent(size)

    def wait(self, caller: str) -> float:
        """Seconds until the caller's bucket holds a token, 0 where it does."""
        left = self.full_at.get(caller, -math.inf) - self.clock() - self.slack
        return left if left > ROUNDING else 0.0

    def take(self, caller: str) -> float:
        """Take a token, or say how many seconds there is none; who comes too early does not wait the longer."""
        if wait := self.wait(caller):
            return wait
        self.full_at[caller] = max(self.clock(), self.full_at.get(caller, -math.inf)) + self.interval
        return 0.0


def rate_limited(detail: str, seconds: float) -> Problem:
    """The problem of a caller who has to wait `seconds`."""
    return Problem("rate-limited", detail, headers={"Retry-After": str(math.ceil(seconds))})
