"""What is simulated: load, pods, autoscaler and nodes, with the scenarios that have names."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

# `make bench-serve`, two CPUs, 8 clients in a closed loop: photos a second of one pod at full load.
PHOTOS_A_SECOND = {"accurate": 11.3, "fast": 25.4}
# `make bench`, whole path of one photo: p95 by median is about 1.25, a log-normal's with this coefficient of variation.
VARIATION = 0.14
NODE_PRICE = 0.032  # US dollars an hour, c7i-flex.large on Spot, about: infra/aws/README.md, 2026-11-26


@dataclass(frozen=True)
class Load:
    """Photos that arrive at random: `rate` a second, times `factor` from `begin` for `length` seconds.

    A client that is refused sends again after `retry_seconds`, `retries` times at most.
    """

    rate: float = 2.0
    factor: float = 1.0
    begin: float = 300.0
    length: float = 600.0
    retries: int = 0
    retry_seconds: float = 1.0

    def at(self, moment: float) -> float:
        """Photos a second."""
        return self.rate * (self.factor if self.begin <= moment < self.begin + self.length else 1.0)

    @property
    def peak(self) -> float:
        """The most photos a second."""
        return self.rate * max(1.0, self.factor)


@dataclass(frozen=True)
class PodOptions:
    """A pod that has a node to itself works `service_seconds` on a photo, all lanes together; a log-normal spread.

    `start_seconds` go by from the decision for a pod to its first photo: scheduling, the image, models, warm-up and the
    balancer's first health check.
    """

    service_seconds: float = 1 / PHOTOS_A_SECOND["accurate"]
    variation: float = VARIATION
    lanes: int = 2
    queue_limit: int = 8  # photos in hand, as SHELFWATCH_QUEUE_LIMIT of the chart
    start_seconds: float = 25.0


@dataclass(frozen=True)
class ScalerOptions:
    """The HorizontalPodAutoscaler of the chart, and the usual settings of its controller.

    `request` is in CPUs. Source: Kubernetes documentation, "Horizontal Pod Autoscaling", autoscaling/v2.
    """

    minimum: int = 1
    maximum: int = 3
    target: float = 0.70  # of the CPU request
    request: float = 0.2
    sync_seconds: float = 15.0
    tolerance: float = 0.1
    up_percent: float = 100.0  # a period of sync_seconds, as in the chart
    down_pods: int = 1  # a minute
    down_stabilization: float = 300.0


@dataclass(frozen=True)
class NodeOptions:
    """Spot nodes of `cpus`. `losses_an_hour` is of each; a share of `unannounced` vanishes without the notice."""

    count: int = 2
    cpus: float = 2.0
    start_seconds: float = 90.0
    losses_an_hour: float = 0.0
    unannounced: float = 0.0
    notice_seconds: float = 120.0
    noticed_seconds: float = 60.0  # until a node that vanished is taken for gone
    price: float = NODE_PRICE


@dataclass(frozen=True)
class Scenario:
    """Everything a run depends on; the same seed gives the same run."""

    name: str = "steady"
    seconds: float = 1800.0
    seed: int = 0
    load: Load = field(default_factory=Load)
    pod: PodOptions = field(default_factory=PodOptions)
    scaler: ScalerOptions = field(default_factory=ScalerOptions)
    nodes: NodeOptions = field(default_factory=NodeOptions)


STEADY = Scenario()
BURST = replace(STEADY, name="burst", load=Load(factor=10.0))
SPOT = replace(
    STEADY, name="spot", seconds=7200.0, load=Load(rate=6.0), nodes=NodeOptions(losses_an_hour=1.0, unannounced=0.25)
)
STORM = replace(BURST, name="storm", nodes=NodeOptions(losses_an_hour=4.0, unannounced=0.25))
SCENARIOS = {scenario.name: scenario for scenario in (STEADY, BURST, SPOT, STORM)}
