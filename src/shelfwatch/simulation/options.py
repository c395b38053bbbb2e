"""What is simulated: load, pods, autoscaler and nodes, with the scenarios that have names."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Measured:
    """A model on two CPUs, as measured with `accurate` 1.2.0 on the older of two AMD EPYCs (docs/capacity.md)."""

    photos_a_second: float  # `make bench-serve`, ShelfWatch, 8 clients in a closed loop: both lanes busy
    alone_a_second: float  # `make bench-serve`, bare loop 1 × 2: one photo at a time with both threads
    http_seconds: float  # `make bench`, `POST /predict` less "all"
    cpu_seconds: float  # `make bench-serve`, CPU of a photo
    audit: float  # docs/operations.md, CPU of an audit by that of a prediction

    @property
    def alone(self) -> float:
        """How fast the pod works on a single photo, 1 for both lanes busy: a second thread helps less than a lane."""
        return 1 / (1 / self.alone_a_second + self.http_seconds) / self.photos_a_second


MEASURED = {
    "accurate": Measured(11.3, 10.4, 0.0047, 0.170, 1.20),
    "fast": Measured(25.4, 20.0, 0.0048, 0.074, 1.34),
}
# Assumed: a log-normal whose p95 is 1.25 times its median. `make bench` has 1.05 (accurate) and 1.13 (fast) for one
# photo sent again and again; photos of phones differ.
VARIATION = 0.14
NODE_PRICE = 0.032  # US dollars an hour, c7i-flex.large on Spot, about: infra/aws/README.md, 2026-11-26
# Share of a day's audits in each hour. Assumed: a fifth in the busiest one, as in docs/operations.md, soon after shops
# open, a second wave in the afternoon, nothing at night.
HOURS = (
    *(0.0,) * 7,
    *(0.05, 0.12, 0.20, 0.12, 0.08, 0.05, 0.04, 0.05, 0.06, 0.06, 0.06, 0.05, 0.03, 0.03),
    *(0.0,) * 3,
)  # fmt: skip


@dataclass(frozen=True)
class Day:
    """What stores send in a day, by the hour; seconds count from midnight."""

    stores: int = 100
    bays: int = 20
    audits: float = 4.0  # of a bay
    hours: tuple[float, ...] = HOURS

    @property
    def photos(self) -> float:
        """Photos a day."""
        return self.stores * self.bays * self.audits

    def at(self, moment: float) -> float:
        """Photos a second."""
        return self.photos * self.hours[int(moment // 3600) % 24] / 3600


@dataclass(frozen=True)
class Load:
    """Photos that arrive at random: `rate` a second, times `factor` from `begin` for `length` seconds.

    With a `day` its hours stand in for `rate`. A client that is refused sends again after `retry_seconds`, give or take
    half, `retries` times at most.
    """

    rate: float = 2.0
    factor: float = 1.0
    begin: float = 300.0
    length: float = 600.0
    retries: int = 0
    retry_seconds: float = 1.0  # the service's Retry-After with a full queue: 8 × 89 ms, rounded up
    day: Day | None = None

    def at(self, moment: float) -> float:
        """Photos a second."""
        rate = self.day.at(moment) if self.day else self.rate
        return rate * (self.factor if self.begin <= moment < self.begin + self.length else 1.0)

    @property
    def peak(self) -> float:
        """The most photos a second."""
        rate = self.day.photos * max(self.day.hours) / 3600 if self.day else self.rate
        return rate * max(1.0, self.factor)


@dataclass(frozen=True)
class PodOptions:
    """A pod that has a node to itself finishes a photo every `service_seconds` with all lanes busy.

    Log-normal spread. On a single photo it works at the speed `alone`. A photo costs `cpu_seconds`, which is what the
    autoscaler sees.

    `start_seconds` go by from the decision for a pod to its first photo: scheduling, the image, models, warm-up and the
    balancer's first health check.
    """

    service_seconds: float = 1 / MEASURED["accurate"].photos_a_second
    alone: float = MEASURED["accurate"].alone
    cpu_seconds: float = MEASURED["accurate"].cpu_seconds
    variation: float = VARIATION
    lanes: int = 2
    queue_limit: int = 8  # photos in hand, as SHELFWATCH_QUEUE_LIMIT of the chart
    start_seconds: float = 25.0


@dataclass(frozen=True)
class ScalerOptions:
    """The HorizontalPodAutoscaler of the chart, and the usual settings of its controller.

    `request` is in CPUs. Figures are `lag` periods old. `up_seconds` may bring `up_percent` or `up_pods`, whichever is
    more: the chart has the percentage alone, Kubernetes' default four pods besides. Source: Kubernetes documentation,
    "Horizontal Pod Autoscaling", autoscaling/v2.
    """

    minimum: int = 1
    maximum: int = 3
    target: float = 0.70  # of the CPU request
    request: float = 0.2
    sync_seconds: float = 15.0
    tolerance: float = 0.1
    up_percent: float = 100.0
    up_pods: int = 0
    up_seconds: float = 15.0  # the period of both
    lag: int = 1
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


BALANCERS = ("least", "round-robin")  # least outstanding, as the chart's ingress asks for; the balancer's own default


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
    balancer: str = BALANCERS[0]


STEADY = Scenario()
BURST = replace(STEADY, name="burst", load=Load(factor=10.0))
SPOT = replace(
    STEADY, name="spot", seconds=7200.0, load=Load(rate=6.0), nodes=NodeOptions(losses_an_hour=1.0, unannounced=0.25)
)
STORM = replace(BURST, name="storm", nodes=NodeOptions(losses_an_hour=4.0, unannounced=0.25))
DAY = replace(STEADY, name="day", seconds=86_400.0, load=Load(day=Day()))
SCENARIOS = {scenario.name: scenario for scenario in (STEADY, BURST, SPOT, STORM, DAY)}
