import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shelfwatch.training.rendering import DENSE, RenderOptions, render_shelf
from shelfwatch.training.rendering.camera import aim
from shelfwatch.training.rendering.layout import Facing, Plan, plan_shelf
from shelfwatch.training.rendering.scene import draw_scene
from shelfwatch.training.rendering.shelf import MIN_VISIBLE, measure

SMALL = RenderOptions(width=300, height=400, rows=(2, 3), facings=(5, 7))
seeds = st.integers(0, 2**31)


@pytest.fixture(scope="module")
def shelves():
    options = replace(SMALL, gap_rate=0.3, perspective=0.6)
    return [render_shelf(seed, options) for seed in range(12)]


def test_same_seed_same_bytes():
    first, again = render_shelf(7, SMALL), render_shelf(7, SMALL)
    assert first.image.tobytes() == again.image.tobytes()
    assert first.boxes.tobytes() == again.boxes.tobytes()
    assert first.to_truth() == again.to_truth()


def test_another_seed_another_shelf():
    assert render_shelf(7, SMALL).image.tobytes() != render_shelf(8, SMALL).image.tobytes()


@given(seeds)
@settings(max_examples=8, deadline=None)
def test_truth_lies_inside_the_photo(seed):
    shelf = render_shelf(seed, SMALL)
    assert shelf.image.shape == (400, 300, 3)
    assert shelf.image.dtype == np.uint8
    assert len(shelf) > 0
    for boxes in (shelf.boxes, shelf.row_boxes, shelf.gap_boxes):
        assert (boxes >= 0).all()
        assert (boxes[:, [0, 2]] <= 300).all()
        assert (boxes[:, [1, 3]] <= 400).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()


def test_shapes_and_dtypes(shelves):
    for shelf in shelves:
        count, rows, gaps = len(shelf), len(shelf.row_boxes), len(shelf.gap_boxes)
        assert shelf.boxes.shape == (count, 4)
        assert shelf.boxes.dtype == np.float32
        for name in ("row", "position", "level", "bay", "sku"):
            values = getattr(shelf, name)
            assert values.shape == (count,)
            assert values.dtype == np.int32
        assert shelf.row_quads.shape == (rows, 4, 2)
        assert shelf.gap_boxes.shape == (gaps, 4)
        assert shelf.gap_row.shape == shelf.gap_width_facings.shape == (gaps,)


def test_rows_run_from_top_to_bottom(shelves):
    for shelf in shelves:
        assert sorted(set(shelf.row.tolist())) == list(range(len(shelf.row_boxes)))
        assert (np.diff(shelf.row_quads.mean(axis=1)[:, 1]) > 0).all()
        middles = [shelf.boxes[shelf.row == row][:, [1, 3]].mean() for row in range(len(shelf.row_boxes))]
        assert (np.diff(middles) > 0).all()


def test_products_lie_in_the_box_of_their_row(shelves):
    for shelf in shelves:
        centres = (shelf.boxes[:, :2] + shelf.boxes[:, 2:]) / 2
        rows = shelf.row_boxes[shelf.row]
        assert (centres >= rows[:, :2] - 1).all()
        assert (centres <= rows[:, 2:] + 1).all()


def test_positions_run_left_to_right_without_holes(shelves):
    for shelf in shelves:
        for row in range(len(shelf.row_boxes)):
            here = shelf.row == row
            positions = shelf.position[here]
            assert sorted(set(positions.tolist())) == list(range(positions.max() + 1))
            centres = [shelf.boxes[here][positions == p][:, [0, 2]].mean() for p in range(positions.max() + 1)]
            assert (np.diff(centres) > 0).all()
            assert (np.diff(shelf.bay[here]) >= 0).all()


def test_levels_climb_from_the_board():
    stacked = 0
    for seed in range(6):
        shelf = render_shelf(seed, replace(SMALL, stack_rate=1.0, perspective=0.0, tilt=0.0))
        for key in {(r, p) for r, p in zip(shelf.row.tolist(), shelf.position.tolist(), strict=True)}:
            column = (shelf.row == key[0]) & (shelf.position == key[1])
            assert shelf.level[column].tolist() == list(range(column.sum()))
            assert (np.diff(shelf.boxes[column][:, 3]) < 0).all()
            assert len(set(shelf.sku[column].tolist())) == 1
            stacked += column.sum() > 1
    assert stacked > 10


def test_gaps_hold_no_product(shelves):
    gaps = 0
    for shelf in shelves:
        for gap, facings in zip(shelf.gap_boxes, shelf.gap_width_facings.tolist(), strict=True):
            gaps += 1
            overlap = np.clip(
                np.minimum(shelf.boxes[:, 2:], gap[2:]) - np.maximum(shelf.boxes[:, :2], gap[:2]), 0, None
            )
            assert overlap.prod(axis=1).sum() < 0.25 * (gap[2:] - gap[:2]).prod()
            assert facings >= 0.6
    assert gaps > 5


def test_a_gap_is_darker_than_the_products_beside_it():
    options = replace(SMALL, gap_rate=0.5, noise=0.0, glare=0.0, perspective=0.0, tilt=0.0)
    darker = []
    for seed in range(8):
        shelf = render_shelf(seed, options)
        level = shelf.image.mean(axis=2)
        for gap, row in zip(shelf.gap_boxes.astype(int), shelf.gap_row.tolist(), strict=True):
            products = [level[b[1] : b[3], b[0] : b[2]].mean() for b in shelf.boxes[shelf.row == row].astype(int)]
            darker.append(level[gap[1] : gap[3], gap[0] : gap[2]].mean() < np.mean(products))
    assert len(darker) > 8
    assert np.mean(darker) > 0.85


@pytest.mark.parametrize("seed", range(6))
def test_a_box_is_tight_round_one_package(seed):
    """One package alone on the shelf: its pixels, sent through the camera, end where the box ends."""
    options = RenderOptions(width=300, height=400, rows=(1, 1), perspective=1.0, tilt=8.0, fixture="gondola")
    camera = aim(np.random.default_rng(seed), options)
    plan = plan_shelf(np.random.default_rng(seed), options, 50.0)
    alone = Facing(0, 0, 0, 0, 0, 150.0, plan.rows[0].deck, 80.0, 150.0, 2.0, 1.0, 0, False)
    plan = Plan(**{**plan.__dict__, "facings": (alone,), "gaps": (), "blocks": ()})
    extent = camera.extent(300, 400)
    scene = draw_scene(plan, np.random.default_rng(0), extent)
    mask = Image.fromarray(((scene.owners == 0) * 255).astype(np.uint8))
    found = camera.shoot(mask, scene.origin, 300, 400).getbbox()
    shelf = measure(np.zeros((400, 300, 3), np.uint8), plan, scene, camera)
    assert len(shelf) == 1
    assert np.allclose(shelf.boxes[0], found, atol=1.01)


def test_a_product_mostly_hidden_is_left_out():
    options = RenderOptions(width=300, height=400, rows=(1, 1), perspective=0.0, tilt=0.0, fixture="gondola")
    camera = aim(np.random.default_rng(0), options)
    plan = plan_shelf(np.random.default_rng(0), options, 50.0)
    foot = plan.rows[0].deck
    back = Facing(0, 0, 0, 0, 0, 150.0, foot, 80.0, 150.0, 0.0, 1.0, 0, False)
    for shift, expected in ((10.0, 1), (60.0, 2)):
        front = replace(back, column=1, x=150.0 + shift)
        both = Plan(**{**plan.__dict__, "facings": (back, front), "gaps": (), "blocks": ()})
        scene = draw_scene(both, np.random.default_rng(0), camera.extent(300, 400))
        shelf = measure(np.zeros((400, 300, 3), np.uint8), both, scene, camera)
        assert len(shelf) == expected
    # The covered one's box ends where its cover begins.
    assert shelf.boxes[0, 2] == pytest.approx(shelf.boxes[1, 0], abs=30)
    assert shelf.boxes[0, 2] < 190


def test_a_product_cut_by_the_photo_is_clipped_or_left_out(shelves):
    cut = [(box[2] - box[0]) for shelf in shelves for box in shelf.boxes if box[0] <= 0.6 or box[2] >= 299.4]
    assert cut
    assert min(cut) > 4
    assert 0 < MIN_VISIBLE < 1


def test_row_count_follows_the_option():
    for rows in ((1, 1), (4, 4)):
        shelf = render_shelf(1, replace(SMALL, rows=rows, perspective=0.0, tilt=0.0))
        assert len(shelf.row_boxes) == rows[0]


def test_dense_holds_four_hundred():
    # The count depends on the plan, not on pixels: a third of the size keeps the test short.
    assert len(render_shelf(0, replace(DENSE, width=600, height=800))) >= 400


def test_jpeg_is_the_photo(shelves):
    opened = Image.open(io.BytesIO(shelves[0].to_jpeg(95)))
    assert opened.format == "JPEG"
    assert opened.size == (300, 400)
    assert np.abs(np.asarray(opened, np.int16) - shelves[0].image).mean() < 6


def test_truth_is_json_and_complete(shelves):
    for shelf in shelves:
        truth = json.loads(json.dumps(shelf.to_truth()))
        assert (truth["width"], truth["height"]) == (300, 400)
        assert len(truth["products"]) == len(shelf)
        assert np.allclose([p["box"] for p in truth["products"]], shelf.boxes, atol=0.01)
        assert len(truth["rows"]) == len(shelf.row_boxes)
        assert [gap["row"] for gap in truth["gaps"]] == shelf.gap_row.tolist()
        assert all(0 <= p["sku"] < len(truth["sku_names"]) for p in truth["products"])


def test_yolo_lines_give_the_boxes_back(shelves):
    shelf = shelves[0]
    lines = np.array([[float(v) for v in line.split()] for line in shelf.to_yolo().splitlines()])
    assert (lines[:, 0] == 0).all()
    centre, size = lines[:, 1:3] * (300, 400), lines[:, 3:] * (300, 400)
    assert np.allclose(np.concatenate([centre - size / 2, centre + size / 2], axis=1), shelf.boxes, atol=0.01)
