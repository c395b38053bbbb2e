from dataclasses import replace

import numpy as np
import pytest

from shelfwatch.training.rendering.layout import Facing, Plan, RenderOptions, plan_shelf
from shelfwatch.training.rendering.packages import paint_package
from shelfwatch.training.rendering.scene import NOBODY, draw_scene, place_sprite

OPTIONS = RenderOptions(width=420, height=560, rows=(2, 3), facings=(5, 7), bays=(1, 1))


def whole_plan(seed=0, **changes):
    return plan_shelf(np.random.default_rng(seed), replace(OPTIONS, **changes), 20.0)


def drawn(plan, seed=0):
    return draw_scene(plan, np.random.default_rng(seed), (0, 0, 420, 560))


def test_owners_are_the_plans_facings():
    plan = whole_plan()
    scene = drawn(plan)
    assert scene.image.size == (420, 560)
    assert scene.owners.shape == (560, 420)
    assert scene.owners.min() == NOBODY
    assert scene.owners.max() < len(plan.facings)
    seen = np.bincount(scene.owners[scene.owners >= 0], minlength=len(plan.facings))
    assert (seen <= scene.areas).all()
    assert (seen > 0).mean() > 0.7


def test_a_facing_owns_its_place():
    plan = whole_plan(2)
    scene = drawn(plan)
    for number, facing in enumerate(plan.facings):
        x, y = round(facing.x), round(facing.y - facing.height / 2)
        if 5 < x < 415:
            assert scene.owners[y, x] == number


def test_nobody_stands_in_a_gap():
    plans = [whole_plan(seed, gap_rate=0.8) for seed in range(4)]
    shares = []
    for plan in plans:
        scene = drawn(plan)
        for gap in plan.gaps:
            window = scene.owners[
                max(0, round(gap.top)) : round(gap.bottom), max(0, round(gap.left)) : max(0, round(gap.right))
            ]
            if window.size > 50:
                shares.append((window != NOBODY).mean())
    assert len(shares) > 5
    assert max(shares) < 0.06


def test_removing_a_product_changes_the_picture_only_round_it():
    plan = whole_plan(5, stack_rate=0.0, gap_rate=0.0)
    number = next(
        n
        for n, f in enumerate(plan.facings)
        # Not the first of its SKU: that one sets the size its SKU is painted at.
        if 100 < f.x < 300 and f.sku == plan.facings[n - 1].sku
    )
    gone = replace(plan.facings[number], width=2.0, height=2.0)
    without = Plan(**{**plan.__dict__, "facings": (*plan.facings[:number], gone, *plan.facings[number + 1 :])})
    before, after = (np.asarray(drawn(p).image, np.int16) for p in (plan, without))
    changed = np.abs(before - after).max(axis=2) > 8
    facing = plan.facings[number]
    ys, xs = np.nonzero(changed)
    assert changed.sum() > 0.5 * facing.width * facing.height * 0.5
    assert xs.min() >= facing.x - facing.width * 0.8
    assert xs.max() <= facing.x + facing.width * 0.8
    assert ys.max() <= facing.y + facing.width * 0.3


@pytest.mark.parametrize("lean", [0.0, 4.0])
def test_a_placed_sprite_stands_on_its_foot(lean):
    plan = whole_plan()
    facing = Facing(0, 0, 0, 0, 0, 200.0, 300.0, 60.0, 110.0, lean, 1.0, 0, False)
    sprite, x, y = place_sprite(paint_package(plan.skus[0], 90, 165), facing)
    box = sprite.getchannel("A").point(lambda v: 255 * (v >= 128)).getbbox()
    assert y + box[3] == pytest.approx(300, abs=2)
    assert x + (box[0] + box[2]) / 2 == pytest.approx(200, abs=2)
    assert box[3] - box[1] == pytest.approx(110, abs=8)


def test_gain_darkens_and_keeps_the_silhouette():
    painted = paint_package(whole_plan().skus[0], 90, 165)
    bright, dark = (
        place_sprite(painted, Facing(0, 0, 0, 0, 0, 100, 200, 60, 110, 0, gain, 0, False))[0] for gain in (1.0, 0.5)
    )
    assert np.asarray(dark.convert("RGB")).mean() < 0.6 * np.asarray(bright.convert("RGB")).mean()
    assert dark.getchannel("A").tobytes() == bright.getchannel("A").tobytes()
