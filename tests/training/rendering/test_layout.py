from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwatch.training.rendering.layout import MIN_GAP_FACINGS, THEMES, RenderOptions, plan_shelf
from shelfwatch.training.rendering.packages import SHAPES

OPTIONS = RenderOptions(width=600, height=800)
seeds = st.integers(0, 2**32 - 1)


def plan(seed, options=OPTIONS, margin=60.0):
    return plan_shelf(np.random.default_rng(seed), options, margin)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": (0, 3)},
        {"rows": (4, 3)},
        {"facings": (0, 2)},
        {"bays": (1, 3)},
        {"gap_rate": 1.5},
        {"own_rows": 2.0},
        {"perspective": -0.1},
        {"width": 10},
    ],
)
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=r"range|between|least|bays"):
        RenderOptions(**wrong)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_rows_follow_each_other_down_the_shelf(seed):
    shelf = plan(seed)
    assert OPTIONS.rows[0] <= len(shelf.rows) <= OPTIONS.rows[1]
    for upper, lower in pairwise(shelf.rows):
        assert upper.top < upper.deck < upper.deck + upper.rail <= lower.top + 1e-6
        assert upper.pitch <= lower.pitch


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_products_stand_inside_their_row(seed):
    shelf = plan(seed)
    for facing in shelf.facings:
        row = shelf.rows[facing.row]
        assert facing.y <= row.deck + 1e-6
        assert facing.y - facing.height >= row.top - 0.05 * (row.deck - row.top) - max(row.rise, 0)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_neighbours_do_not_stand_in_each_other(seed):
    shelf = plan(seed)
    ground = [facing for facing in shelf.facings if facing.level == 0]
    for left, right in pairwise(ground):
        if left.row == right.row:
            overlap = (left.x + left.width / 2) - (right.x - right.width / 2)
            assert right.column == left.column + 1
            assert overlap < 0.1 * min(left.width, right.width)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_stacks_stand_on_the_item_below(seed):
    shelf = plan(seed, replace(OPTIONS, stack_rate=1.0))
    for lower, upper in pairwise(shelf.facings):
        if (upper.row, upper.column) == (lower.row, lower.column):
            assert upper.level == lower.level + 1
            assert upper.sku == lower.sku
            assert upper.y == pytest.approx(lower.y - lower.height, abs=0.02 * lower.height)


def test_stack_rate_zero_keeps_single_what_can_stand_single():
    levels = [facing.level for seed in range(10) for facing in plan(seed, replace(OPTIONS, stack_rate=0.0)).facings]
    stacked = [facing.level for seed in range(10) for facing in plan(seed, replace(OPTIONS, stack_rate=1.0)).facings]
    assert max(levels) == 0
    assert np.mean(np.array(stacked) > 0) > 0.3


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_gaps_are_empty_and_wide_enough(seed):
    shelf = plan(seed, replace(OPTIONS, gap_rate=0.6))
    for gap in shelf.gaps:
        assert gap.facings >= MIN_GAP_FACINGS
        for facing in shelf.facings:
            if facing.row == gap.row:
                cover = min(gap.right, facing.x + facing.width / 2) - max(gap.left, facing.x - facing.width / 2)
                assert cover < 0.06 * facing.width


def test_gap_rate_zero_leaves_no_gap_and_one_leaves_many():
    assert not any(plan(seed, replace(OPTIONS, gap_rate=0.0)).gaps for seed in range(10))
    assert all(plan(seed, replace(OPTIONS, gap_rate=1.0)).gaps for seed in range(10))


def test_facings_across_the_photo_follow_the_option():
    for asked in (8, 20):
        options = replace(OPTIONS, facings=(asked, asked), gap_rate=0.0, bays=(1, 1), rows=(5, 5))
        found = []
        for seed in range(12):
            shelf = plan(seed, options)
            span = (shelf.bays[0][1] - shelf.bays[0][0]) / options.width
            ground = sum(facing.level == 0 for facing in shelf.facings) / len(shelf.rows)
            found.append(ground / span)
        assert np.mean(found) == pytest.approx(asked, rel=0.3)


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_a_theme_sells_its_own_packages(theme):
    shapes = {design.shape for design in plan(3, replace(OPTIONS, theme=theme)).skus}
    assert shapes <= set(THEMES[theme])
    assert set(THEMES[theme]) <= set(SHAPES)


def test_two_bays_share_the_width():
    shelf = plan(1, replace(OPTIONS, bays=(2, 2)))
    assert len(shelf.bays) == 2
    assert shelf.bays[0][1] < shelf.bays[1][0]
    for facing in shelf.facings:
        left, right = shelf.bays[facing.bay]
        assert left - 0.1 * facing.width <= facing.x - facing.width / 2
        assert facing.x + facing.width / 2 <= right + 0.1 * facing.width


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_bays_may_have_rows_of_their_own(seed):
    shelf = plan(seed, replace(OPTIONS, bays=(2, 2), own_rows=1.0))
    assert [row.deck for row in shelf.rows] == sorted(row.deck for row in shelf.rows)
    for bay in (0, 1):
        own = [row for row in shelf.rows if row.bay == bay]
        assert OPTIONS.rows[0] <= len(own) <= OPTIONS.rows[1]
        assert [row.first for row in own] == [True] + [False] * (len(own) - 1)
        assert own[0].top == shelf.top
        assert own[-1].deck + own[-1].rail == pytest.approx(shelf.foot)
        for row in own:
            assert shelf.spans(row) == (shelf.bays[bay],)
    assert {shelf.rows[facing.row].bay == facing.bay for facing in shelf.facings} == {True}


def test_rows_of_their_own_leave_other_shelves_as_they_were():
    assert plan(5) == plan(5, replace(OPTIONS, own_rows=0.0))
    assert {row.bay for row in plan(5, replace(OPTIONS, bays=(2, 2))).rows} == {None}
