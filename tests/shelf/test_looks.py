import numpy as np

from shelfwatch.shelf.looks import Shot

BOXES = np.array([[x, y, x + 60, y + 120] for y in (50, 250, 450) for x in range(50, 900, 80)], float)
PRODUCTS = np.arange(len(BOXES))


def test_products_are_told_apart_in_another_light(painted):
    one = painted(BOXES, PRODUCTS)
    other = painted(BOXES, PRODUCTS, light=(0.8, 0.7, 0.55), seed=1)
    likeness = one.looks @ other.looks.T
    own = likeness.diagonal()
    strangers = likeness[~np.eye(len(BOXES), dtype=bool)]
    assert own.min() > 0.95
    assert np.percentile(strangers, 99) < 0.6


def test_looks_do_not_depend_on_the_scale_of_the_pixels(painted):
    shot = painted(BOXES, PRODUCTS)
    half = Shot(shot.boxes, shot.width, shot.height, shot.pixels[::2, ::2])
    assert (shot.looks * half.looks).sum(axis=1).min() > 0.95


def test_plain_products_are_known_by_their_colour():
    colours = np.array([[200, 30, 30], [30, 60, 200], [220, 220, 220], [20, 20, 20]], np.uint8)
    shot = Shot(
        np.array([[10 * i, 0, 10 * i + 10, 40] for i in range(4)], float),
        40,
        40,
        colours.repeat(10, 0)[None].repeat(40, 0),
    )
    likeness = shot.looks @ shot.looks.T
    assert np.allclose(likeness.diagonal(), 1, atol=1e-5)
    assert likeness[~np.eye(4, dtype=bool)].max() < 0.5


def test_what_lies_outside_and_no_product_at_all_are_no_fault(painted):
    shot = painted(BOXES, PRODUCTS)
    assert np.isfinite(shot.look(shot.grids - 5000)).all()
    empty = Shot(np.zeros((0, 4)), 100, 100, shot.pixels)
    assert len(empty.looks) == 0
    assert np.isfinite(empty.look(shot.grids)).all()
