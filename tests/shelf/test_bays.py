import numpy as np
import pytest

from shelfwatch.shelf.bays import find_bays
from shelfwatch.shelf.links import Links


def bays_of(*shelves):
    boxes = np.concatenate([shelf.boxes for shelf in shelves])
    return find_bays(boxes, Links.find(boxes))


@pytest.mark.parametrize("slope", [0.0, 0.08])
def test_rows_that_line_up_are_one_bay(rack, slope):
    (bay,) = bays_of(rack(5, 16, slope=slope))
    assert bay.rows == 5


@pytest.mark.parametrize(("left", "right"), [(5, 7), (6, 4), (3, 8)])
def test_bays_of_different_rows(rack, left, right):
    one = rack(left, 8, pitch=1200 / left)
    other = rack(right, 9, left=100 + 8 * 70 + 25, pitch=1200 / right)
    found = bays_of(one, other)
    assert [bay.rows for bay in found] == [left, right]
    for bay, shelf, start in zip(found, (one, other), (0, len(one.boxes)), strict=True):
        assert (bay.members == start + np.arange(len(shelf.boxes))).all()
        assert (bay.row == shelf.row).all()


def test_three_bays(rack):
    parts = [rack(n, 7, left=100 + 520 * i, pitch=1200 / n) for i, n in enumerate((5, 7, 4))]
    assert [bay.rows for bay in bays_of(*parts)] == [5, 7, 4]


def test_rows_that_nearly_line_up_are_two_bays(rack):
    one, other = rack(5, 8, tallest=0.65), rack(5, 8, left=100 + 8 * 70 + 25, tallest=0.65)
    for row, shift in enumerate((20, -16, 14, -18, 16)):
        other.boxes[other.row == row, 1::2] += shift
    found = bays_of(one, other)
    assert [bay.rows for bay in found] == [5, 5]
    assert len(found[0].members) == len(one.boxes)


def test_products_pushed_back_do_not_make_a_bay(rack):
    shelf = rack(5, 16)
    rng = np.random.default_rng(3)
    for row in range(5):
        start = int(rng.integers(12))
        back = (shelf.row == row) & (shelf.position >= start) & (shelf.position < start + 4)
        shelf.boxes[back, 1::2] -= 30
    (bay,) = bays_of(shelf)
    assert (bay.row == shelf.row).all()


def test_shelves_that_slope_each_by_itself_are_one_bay(rack):
    shelf = rack(4, 14, tallest=0.6)
    middle = (shelf.boxes[:, :1] + shelf.boxes[:, 2:3]) / 2
    drop = np.array([12, -12, 12, -12])[shelf.row, None]
    shelf.boxes[:, 1::2] += drop * (middle - middle.mean()) / 500
    (bay,) = bays_of(shelf)
    assert (bay.row == shelf.row).all()
