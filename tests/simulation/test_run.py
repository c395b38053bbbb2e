"""Runs against queueing theory, against each other, and against what the real service measured."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from shelfwatch.simulation.arrivals import arrivals
from shelfwatch.simulation.options import (
    BURST,
    DAY,
    MEASURED,
    SCENARIOS,
    STEADY,
    Day,
    Load,
    NodeOptions,
    PodOptions,
    ScalerOptions,
    Scenario,
)
from shelfwatch.simulation.outcome import Outcome
from shelfwatch.simulation.run import Run, simulate

ONE_POD = ScalerOptions(minimum=1, maximum=1)


class Exponential(Run):
    """Work with an exponential spread, for which there are formulas."""

    class Working:
        def __init__(self, random: np.random.Generator) -> None:
            self.random = random

        def lognormal(self, *_: float) -> float:
            return float(self.random.exponential())

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.working = self.Working(self.working)  # type: ignore[assignment]


def single(load: float, seconds: float, **pod: float) -> Scenario:
    """One pod with a node of its own, busy for the share `load`."""
    options = PodOptions(**({"service_seconds": 0.1, "queue_limit": 10_000, "alone": 1.0} | pod))  # type: ignore[arg-type]
    return replace(STEADY, seconds=seconds, load=Load(rate=load / 0.1), pod=options, scaler=ONE_POD)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_a_single_pod_takes_as_long_as_theory_says(load: float) -> None:
    # M/M/1: the mean time to answer is S / (1 - load), in whatever order a work-conserving server goes.
    outcome = Exponential(single(load, 40_000)).play()
    mean = np.mean([took for _, took in outcome.answered])
    assert mean == pytest.approx(0.1 / (1 - load), rel=0.06)


def erlang_c(servers: int, offered: float) -> float:
    """The share of customers who wait in M/M/c; `offered` is the arrival rate times the service time."""
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(offered**n / math.factorial(n) for n in range(servers)) + last)


@pytest.mark.parametrize("load", [0.5, 0.7, 0.85])
def test_two_lanes_wait_as_long_as_erlang_says(load: float) -> None:
    # A pod that works half as fast on one photo as on two is M/M/2 with a service time of 0.2 s.
    outcome = Exponential(single(load, 30_000, alone=0.5)).play()
    mean = np.mean([took for _, took in outcome.answered])
    waiting = erlang_c(2, 2 * load) * 0.2 / (2 * (1 - load))
    assert mean == pytest.approx(0.2 + waiting, rel=0.05)


@pytest.mark.parametrize("model", MEASURED)
def test_a_photo_alone_takes_as_long_as_was_measured(model: str) -> None:
    measured = MEASURED[model]
    pod = PodOptions(service_seconds=1 / measured.photos_a_second, alone=measured.alone, variation=0.0)
    outcome = simulate(replace(STEADY, load=Load(rate=0.01), seconds=50_000, pod=pod, scaler=ONE_POD))
    median = np.median([took for _, took in outcome.answered])
    assert median == pytest.approx(1 / measured.alone_a_second + measured.http_seconds, rel=0.01)


def test_a_full_pod_refuses_as_many_as_theory_says() -> None:
    # M/M/1/K, the share refused: (1 - a) a^K / (1 - a^(K + 1)).
    load, limit = 1.2, 8
    outcome = Exponential(single(load, 20_000, queue_limit=limit)).play()
    expected = (1 - load) * load**limit / (1 - load ** (limit + 1))
    assert len(outcome.rejected) / len(outcome.offered) == pytest.approx(expected, rel=0.06)


def test_arrivals_come_at_the_rate_they_are_told() -> None:
    load = Load(rate=5, factor=10, begin=100, length=50)
    moments = np.array(list(arrivals(load, 1000, np.random.default_rng(3))))
    inside = ((moments >= 100) & (moments < 150)).sum()
    assert inside == pytest.approx(2500, abs=4 * math.sqrt(2500))
    assert len(moments) - inside == pytest.approx(4750, abs=4 * math.sqrt(4750))


def test_a_day_has_its_photos_in_its_hours() -> None:
    day = Day(stores=1000)
    assert sum(day.hours) == pytest.approx(1)
    assert len(day.hours) == 24
    moments = np.array(list(arrivals(Load(day=day), 86_400, np.random.default_rng(1))))
    assert len(moments) == pytest.approx(80_000, abs=4 * math.sqrt(80_000))
    counted = np.histogram(moments, np.arange(25) * 3600)[0]
    assert counted[:7].sum() == counted[21:].sum() == 0
    assert counted.max() == pytest.approx(16_000, abs=4 * math.sqrt(16_000))


def test_a_day_grows_and_shrinks() -> None:
    outcome = simulate(replace(DAY, load=Load(day=Day(stores=1000))))
    ready = [number for _, number, _ in outcome.pods]
    assert max(ready) == 3
    assert ready[-1] == 1
    assert not outcome.rejected


def test_the_autoscaler_sees_the_measured_cpu() -> None:
    # 1.2 photos a second × 170 ms are 204m, 102 % of one request and 51 % of two: one pod is too few for 70 %.
    plan = replace(STEADY, seconds=3600, load=Load(rate=1.2), scaler=ScalerOptions(maximum=10))
    desired = [number for *_, number in simulate(plan).pods]
    assert 2 <= np.mean(desired) <= 3


def test_older_figures_bring_pods_later() -> None:
    def third(lag: int) -> float:
        plan = replace(BURST, scaler=ScalerOptions(request=1.0, lag=lag))
        return next(moment for moment, ready, _ in simulate(plan).pods if ready == 3)

    assert third(1) < third(4)


def test_in_turn_refuses_more_than_to_the_emptiest() -> None:
    # Three pods on two nodes are not equally fast, which going round does not see.
    least, turn = simulate(BURST), simulate(replace(BURST, balancer="round-robin"))
    assert len(turn.rejected) > 10 * len(least.rejected)
    assert turn.figures().p95_ms > least.figures().p95_ms
    assert len(turn.offered) == len(turn.answered) + len(turn.rejected)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_photo_ends_one_way_and_a_seed_repeats(name: str) -> None:
    first, again = simulate(SCENARIOS[name]), simulate(SCENARIOS[name])
    assert len(first.offered) == len(first.answered) + len(first.rejected) + len(first.failed)
    assert first.figures() == again.figures()
    assert simulate(replace(SCENARIOS[name], seed=7)).figures() != first.figures()


def test_a_full_pod_does_what_was_measured_of_the_real_one() -> None:
    # `make bench-serve`: 11.3 photos a second of `accurate`.
    outcome = simulate(replace(STEADY, seconds=600, load=Load(rate=40), scaler=ONE_POD))
    assert len(outcome.answered) / 600 == pytest.approx(11.3, rel=0.03)
    # Overload: a photo that is accepted has at most the whole queue before it.
    assert max(took for _, took in outcome.answered) < 8 / 11.3 * 1.5


def test_more_pods_on_more_nodes_turn_fewer_away() -> None:
    def turned_away(pods: int, nodes: int) -> float:
        plan = replace(BURST, scaler=ScalerOptions(maximum=pods), nodes=NodeOptions(count=nodes))
        outcome = simulate(plan)
        return len(outcome.rejected) / len(outcome.offered)

    assert turned_away(1, 2) > 0.3 > turned_away(3, 3)


def test_pods_on_one_node_share_it() -> None:
    def answered(nodes: int) -> float:
        plan = replace(
            STEADY, seconds=600, load=Load(rate=60), scaler=ScalerOptions(2, 2), nodes=NodeOptions(count=nodes)
        )
        return len(simulate(plan).answered) / 600

    assert answered(1) == pytest.approx(11.3, rel=0.05)
    assert answered(2) == pytest.approx(22.6, rel=0.05)


def spot(unannounced: float) -> Outcome:
    losses = NodeOptions(losses_an_hour=20, unannounced=unannounced)
    return simulate(replace(STEADY, seconds=3600, load=Load(rate=8), nodes=losses))


def test_a_node_that_is_announced_loses_nothing_and_one_that_is_not_only_what_it_had_in_hand() -> None:
    announced, sudden = spot(0.0), spot(1.0)
    assert len(announced.losses) > 10
    assert not announced.failed
    assert 0 < len(sudden.failed) <= 8 * 3 * len(sudden.losses)


def test_replicas_stay_wanted_while_no_pod_lives() -> None:
    # Every node vanishes often: the Deployment wants its pods all the same, and never more of them than it may have.
    for unannounced in (0.0, 1.0):
        losses = NodeOptions(losses_an_hour=30, unannounced=unannounced)
        outcome = simulate(replace(STEADY, seconds=7200, load=Load(rate=8), nodes=losses))
        assert min(ready for _, ready, _ in outcome.pods) == 0
        assert min(desired for *_, desired in outcome.pods) >= 1
        assert max(ready for _, ready, _ in outcome.pods) <= 3


def test_a_client_that_comes_again_loses_less() -> None:
    plan = replace(BURST, scaler=ONE_POD)
    once = simulate(plan)
    again = simulate(replace(plan, load=replace(plan.load, retries=5)))
    assert len(again.rejected) < len(once.rejected)
    assert again.refusals > len(again.rejected)
    assert again.figures().p95_ms > once.figures().p95_ms  # the time counts from the first try
