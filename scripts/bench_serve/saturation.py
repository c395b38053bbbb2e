"""Throughput at saturation: all contenders in turn, round after round."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import Progress

from bench.timing import SETTLE_SECONDS, ratio
from bench_serve import contenders
from bench_serve.contenders import OURS, Contender, Round, SkippedError, shapes

WARM_UP_SHARE = 0.5  # of a round's photos, answered before, untimed: first runs allocate


@dataclass(frozen=True)
class Row:
    """One contender's rounds with one model, `photos` in each."""

    model: str
    contender: str
    shape: str
    photos: int
    rounds: list[Round]

    @property
    def per_second(self) -> float:
        """Photos a second, median over the rounds."""
        return self.photos / float(np.median([each.seconds for each in self.rounds]))

    @property
    def answers(self) -> list[float]:
        """Seconds of every answer; none for a loop, which nobody waits for."""
        return [seconds for each in self.rounds for seconds in each.answers]

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds a photo costs the contender."""
        return sum(each.cpu_seconds for each in self.rounds) * 1000 / (self.photos * len(self.rounds))

    @property
    def client_cpu_ms(self) -> float:
        """CPU milliseconds a photo costs the clients on the same CPUs."""
        return sum(each.client_cpu_seconds for each in self.rounds) * 1000 / (self.photos * len(self.rounds))


@dataclass(frozen=True)
class Saturation:
    """The rows, ours first for each model, and what LitServe ran with or why it was skipped."""

    rows: list[Row]
    litserve: str

    def advantage(self, row: Row) -> float:
        """Our throughput by that of `row`: the median over the rounds, in which the two ran side by side."""
        ours = next(other for other in self.rows if (other.model, other.contender) == (row.model, OURS))
        return ratio(*(np.array([each.seconds for each in item.rounds]) for item in (row, ours)))

    def worst(self, contender: str) -> float | None:
        """Our throughput by that of the contender, where it does best; None where it did not run."""
        return min((self.advantage(row) for row in self.rows if row.contender == contender), default=None)


def measure(
    models: dict[str, Path],
    picture: Path,
    python: Path,
    rounds: int,
    photos: int,
    every_shape: bool,
    progress: Progress,
) -> Saturation:
    """All contenders with each model; LitServe runs in `python`, the service in its default shape or in every one."""
    rows: list[Row] = []
    data = picture.read_bytes()
    try:
        remark, peers = f"LitServe: {contenders.litserve_versions(python)}.", shapes()
    except SkippedError as reason:
        remark, peers = f"Skipped: {reason}.", []
    for name, path in models.items():
        with contextlib.ExitStack() as stack:
            ours = [None, *shapes()] if every_shape else [None]
            entered: list[Contender] = [stack.enter_context(contenders.service(name, data, shape)) for shape in ours]
            entered += [stack.enter_context(contenders.bare_loop(path, picture, shape)) for shape in shapes()]
            entered += [stack.enter_context(contenders.litserve(python, path, data, shape)) for shape in peers]
            for contender in entered:
                contender.run(max(1, round(photos * WARM_UP_SHARE)))
            found = [Row(name, each.name, each.shape, photos, []) for each in entered]
            for _ in progress.track(range(rounds), description=f"{name} at saturation"):
                for contender, row in zip(entered, found, strict=True):
                    time.sleep(SETTLE_SECONDS)
                    row.rounds.append(contender.run(photos))
            rows += found
    return Saturation(rows, remark)
