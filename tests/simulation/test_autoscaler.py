"""The autoscaler against the rules and examples of Kubernetes' documentation."""

from __future__ import annotations

from itertools import pairwise

import pytest

from shelfwatch.simulation.autoscaler import Autoscaler
from shelfwatch.simulation.options import ScalerOptions

# The documentation's example: 200m used of 100m wanted doubles, 50m halves.
EXAMPLE = ScalerOptions(maximum=100, target=1.0, up_percent=10_000, down_pods=100, down_stabilization=0)


@pytest.mark.parametrize(
    ("pods", "use", "wanted"), [(1, 2.0, 2), (4, 2.0, 8), (4, 0.5, 2), (3, 1.09, 3), (3, 0.91, 3), (10, 1.11, 12)]
)
def test_pods_follow_the_ratio_beyond_a_tolerance(pods: int, use: float, wanted: int) -> None:
    assert Autoscaler(EXAMPLE).desired(0, pods, [use] * pods) == wanted


def test_limits_hold() -> None:
    scaler = Autoscaler(ScalerOptions(minimum=2, maximum=3, down_stabilization=0))
    assert scaler.desired(0, 2, [50.0, 50.0]) == 3
    assert Autoscaler(ScalerOptions(minimum=2, down_stabilization=0)).desired(0, 3, [0.0] * 3) == 2


def test_unready_pods_count_as_idle_and_do_not_turn_the_direction() -> None:
    # 1.4 of 0.7 would double two pods; with two that start already it is right.
    assert Autoscaler(ScalerOptions(maximum=100)).desired(0, 4, [1.4, 1.4], unready=2) == 4
    assert Autoscaler(ScalerOptions(maximum=100)).desired(0, 4, [5.6, 5.6], unready=2) == 8


def test_pods_without_figures_count_as_right_on_the_way_down() -> None:
    options = ScalerOptions(maximum=10, down_pods=10, down_stabilization=0)
    assert Autoscaler(options).desired(0, 4, [0.1, 0.1]) == 1
    assert Autoscaler(options).desired(0, 4, [0.1, 0.1], missing=2) == 3  # (0.2 / 0.7 + 2) / 4 of four
    assert Autoscaler(options).desired(0, 4, [1.4, 1.4], missing=2) == 4


def test_growth_is_held_to_a_share_a_period() -> None:
    assert Autoscaler(ScalerOptions(maximum=100, up_percent=100)).desired(0, 3, [70.0] * 3) == 6


def test_four_pods_or_twice_as_many_whichever_is_more() -> None:
    # Kubernetes' default behaviour; the chart has the percentage alone.
    options = ScalerOptions(maximum=100, up_pods=4)
    assert Autoscaler(options).desired(0, 1, [70.0]) == 5
    assert Autoscaler(options).desired(0, 10, [70.0] * 10) == 20


def test_a_policy_counts_from_the_beginning_of_its_period() -> None:
    scaler = Autoscaler(ScalerOptions(maximum=100, up_seconds=60))
    assert scaler.desired(0, 2, [70.0] * 2) == 4
    assert scaler.desired(15, 4, [70.0] * 4) == 4
    assert scaler.desired(60, 4, [70.0] * 4) == 8


def test_one_busy_moment_keeps_pods_for_five_minutes() -> None:
    scaler = Autoscaler(ScalerOptions(maximum=5))
    assert scaler.desired(0, 4, [0.7] * 4) == 4
    assert scaler.desired(150, 4, [0.7] * 4) == 4
    assert [scaler.desired(moment, 4, [0.1] * 4) for moment in (165, 300, 435, 449)] == [4] * 4
    assert scaler.desired(450, 4, [0.1] * 4) == 3


def test_pods_go_one_a_minute_after_five_quiet_minutes() -> None:
    scaler = Autoscaler(ScalerOptions(maximum=5))
    assert scaler.desired(0, 3, [1.2] * 3) == 5
    pods, steps = 5, {}
    for moment in range(15, 900, 15):
        now = scaler.desired(moment, pods, [0.1] * pods)
        if now != pods:
            steps[moment] = now
        pods = now
    assert list(steps.values()) == [4, 3, 2, 1]
    assert min(steps) >= 300
    moments = list(steps)
    assert all(later - earlier >= 60 for earlier, later in pairwise(moments))


def test_without_figures_nothing_changes() -> None:
    assert Autoscaler(ScalerOptions()).desired(0, 2, [], unready=2) == 2
