"""When photos arrive."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from shelfwatch.simulation.options import Load


def arrivals(load: Load, seconds: float, random: np.random.Generator) -> Iterator[float]:
    """Moments of a Poisson process of changing rate, by thinning one of the highest (Lewis and Shedler, 1979)."""
    moment = 0.0
    if load.peak <= 0:
        return
    while True:
        moment += random.exponential(1 / load.peak)
        if moment >= seconds:
            return
        if random.random() * load.peak < load.at(moment):
            yield moment
