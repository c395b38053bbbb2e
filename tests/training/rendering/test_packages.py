import numpy as np
import pytest
from PIL import Image, ImageDraw

from shelfwatch.training.rendering.packages import (
    SHAPES,
    View,
    invent_sku,
    paint_package,
    pick_brand,
    silhouette,
)


def sku(shape, seed=0, aspect=None):
    rng = np.random.default_rng(seed)
    low, high = SHAPES[shape].aspect
    return invent_sku(rng, shape, aspect or (low + high) / 2, *pick_brand(rng))


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("pitch", [-0.15, 0.0, 0.3])
def test_a_package_fills_its_picture(shape, pitch):
    painted = paint_package(sku(shape), 96, 128, View(pitch=pitch))
    assert painted.mode == "RGBA"
    assert painted.size == (96, 128)
    alpha = np.asarray(painted.getchannel("A"))
    left, top, right, bottom = Image.fromarray((alpha >= 128).astype(np.uint8)).getbbox()
    # A facing's width and height are those of its picture; slack would loosen every box.
    assert left <= 4
    assert right >= 92
    assert top <= 3
    assert bottom >= 125


@pytest.mark.parametrize("shape", ["bottle", "can", "tub", "tube", "bag", "pouch", "flask"])
def test_a_shaped_package_is_cut_out(shape):
    alpha = np.asarray(paint_package(sku(shape), 96, 160).getchannel("A"))
    share = (alpha >= 128).mean()
    assert 0.3 < share < 0.995


def test_a_package_is_the_same_each_time():
    assert paint_package(sku("jar"), 80, 100).tobytes() == paint_package(sku("jar"), 80, 100).tobytes()


def test_a_round_package_is_darker_at_its_sides():
    # White all over, so only the light can make a difference.
    design = sku("tub", seed=5)
    plain = type(design)(**{**design.__dict__, "ground": "solid", "motif": "none"})
    picture = np.asarray(paint_package(plain, 200, 160).convert("RGB"), np.float32)[110:120].mean(axis=(0, 2))
    assert picture[30:40].mean() < picture[80:120].mean()


def test_looking_down_shows_the_lid():
    flat, above = (
        np.asarray(paint_package(sku("tin"), 120, 120, View(pitch=pitch)).getchannel("A")) >= 128
        for pitch in (0.0, 0.3)
    )
    # The lid's ellipse narrows the topmost rows of the silhouette.
    assert flat[2].sum() > 110
    assert above[2].sum() < 80


def test_a_turned_package_shows_another_part_of_its_label():
    first, second = (np.asarray(paint_package(sku("can"), 120, 200, View(turn=turn)), np.int16) for turn in (-0.5, 0.6))
    assert np.abs(first - second)[..., :3].mean() > 3
    assert (first[..., 3] == second[..., 3]).all()


def test_silhouette_points_span_the_solid_pixels():
    mask = Image.new("L", (60, 50))
    ImageDraw.Draw(mask).ellipse((10, 5, 39, 44), fill=255)
    points = silhouette(np.asarray(mask))
    assert points.dtype == np.float32
    left, top, right, bottom = mask.getbbox()
    assert points.min(axis=0).tolist() == [left, top]
    assert points.max(axis=0).tolist() == [right, bottom]


def test_silhouette_under_a_homography_bounds_every_pixel():
    rng = np.random.default_rng(0)
    solid = np.asarray(paint_package(sku("bottle"), 60, 160).getchannel("A")) >= 128
    ys, xs = np.nonzero(solid)
    corners = np.concatenate([np.stack([xs + dx, ys + dy], axis=1) for dx in (0, 1) for dy in (0, 1)])
    outline = silhouette(solid)
    for _ in range(5):
        matrix = np.eye(3) + rng.normal(0, [[0.2, 0.2, 5], [0.2, 0.2, 5], [5e-4, 5e-4, 0]], (3, 3))

        def through(points, matrix=matrix):
            mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
            return mapped[:, :2] / mapped[:, 2:]

        full, hull = through(corners), through(outline)
        assert np.allclose(full.min(axis=0), hull.min(axis=0), atol=1e-6)
        assert np.allclose(full.max(axis=0), hull.max(axis=0), atol=1e-6)


def test_silhouette_of_nothing_is_empty():
    assert silhouette(np.zeros((4, 4), np.uint8)).shape == (0, 2)
