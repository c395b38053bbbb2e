"""Far more clients than the service has room for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from bench_serve.client import Load, Request, drive
from running import running

QUEUE_LIMIT = 8  # photos in hand
CLIENTS = 64
PAUSE_SECONDS = 0.25  # a refused client comes again four times as soon as the shortest `Retry-After` asks for
SATURATED = 3  # clients that keep the service busy without filling its queue


@dataclass(frozen=True)
class Overload:
    """What came of it; `service_seconds` is what a photo takes at saturation without overload."""

    load: Load
    service_seconds: float

    @property
    def statuses(self) -> dict[int, int]:
        """How many answers had which status; 0 for none."""
        return dict(sorted(Counter(answer.status for answer in self.load.answers).items()))

    @property
    def undocumented(self) -> int:
        """Refusals that are not the problem document with `Retry-After`."""
        return sum(not answer.documented for answer in self.load.answers)

    @property
    def accepted_p95(self) -> float:
        """Seconds in which 95 % of the accepted photos were answered."""
        return float(np.percentile(self.load.times(200), 95))

    @property
    def queue_seconds(self) -> float:
        """Queue length × service time."""
        return QUEUE_LIMIT * self.service_seconds


def measure(data: bytes, seconds: float, photos: int) -> Overload:
    """First `photos` at saturation, then all clients at once for so many seconds, with the default model."""
    request = [Request.photo(data)]
    with running(SHELFWATCH_QUEUE_LIMIT=str(QUEUE_LIMIT)) as service:
        drive(service.url, request, SATURATED, count=SATURATED)
        alone = drive(service.url, request, SATURATED, count=photos)
        load = drive(service.url, request, CLIENTS, seconds=seconds, pause=PAUSE_SECONDS)
    return Overload(load, alone.seconds / photos)
