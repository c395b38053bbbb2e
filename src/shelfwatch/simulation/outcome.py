"""What came out of a run, photo by photo and as figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np


@dataclass
class Outcome:
    """Moments are seconds from the start; `answered` holds when each accepted photo was done and how long it took."""

    seconds: float
    price: float
    cpus: float  # of a node
    offered: list[float] = field(default_factory=list)
    answered: list[tuple[float, float]] = field(default_factory=list)
    rejected: list[float] = field(default_factory=list)  # refused for good
    failed: list[float] = field(default_factory=list)  # lost with a node
    refusals: int = 0  # each time a photo was refused, sent again or not
    pods: list[tuple[float, int, int]] = field(default_factory=list)  # moment, ready, desired
    losses: list[tuple[float, bool]] = field(default_factory=list)  # moment, announced
    node_seconds: float = 0.0

    def figures(self) -> Figures:
        """The whole run in numbers."""
        took = np.array([seconds for _, seconds in self.answered]) * 1000
        p50, p95, p99 = np.percentile(took, [50, 95, 99]) if len(took) else (0.0, 0.0, 0.0)
        return Figures(
            offered=len(self.offered),
            accepted=len(self.answered),
            rejected=len(self.rejected),
            failed=len(self.failed),
            refusals=self.refusals,
            losses=len(self.losses),
            p50_ms=float(p50),
            p95_ms=float(p95),
            p99_ms=float(p99),
            mean_pods=self._mean_pods(),
            node_hours=self.node_seconds / 3600,
            cost=self.node_seconds / 3600 * self.price,
            answered_a_vcpu_second=len(self.answered) / (self.node_seconds * self.cpus) if self.node_seconds else 0.0,
        )

    def _mean_pods(self) -> float:
        """Ready pods, over time."""
        moments = [moment for moment, *_ in self.pods] + [self.seconds]
        return sum(ready * (moments[i + 1] - moments[i]) for i, (_, ready, _) in enumerate(self.pods)) / self.seconds


@dataclass(frozen=True)
class Figures:
    """Counts of photos, times of those answered in milliseconds, what it took in node hours and US dollars."""

    offered: int
    accepted: int
    rejected: int
    failed: int
    refusals: int
    losses: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    mean_pods: float
    node_hours: float
    cost: float
    answered_a_vcpu_second: float  # photos by what was paid for

    @property
    def cost_of_a_million(self) -> float:
        """US dollars for a million photos that were answered."""
        return self.cost / self.accepted * 1e6 if self.accepted else float("nan")

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {name: round(value, 6) for name, value in asdict(self).items()} | {
            "cost_of_a_million": round(self.cost_of_a_million, 4)
        }
