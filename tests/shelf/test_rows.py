import numpy as np
import pytest

from shelfwatch.shelf.links import Links
from shelfwatch.shelf.rows import find_rows


def rows_of(shelf):
    bay = find_rows(shelf.boxes, shelf.links, np.arange(len(shelf.boxes)))
    assert (bay.members == np.arange(len(shelf.boxes))).all()
    return bay


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
@pytest.mark.parametrize("slope", [0.0, 0.1, -0.15])
def test_tilted_rows(rack, rows, slope):
    shelf = rack(rows, 12, slope=slope)
    bay = rows_of(shelf)
    assert bay.rows == rows
    assert (bay.row == shelf.row).all()
    assert bay.tangled == 0


def test_rows_in_perspective(rack):
    shelf = rack(6, 14, slope=-0.1, fan=0.04)
    assert (rows_of(shelf).row == shelf.row).all()


def test_rows_of_unequal_height(rack):
    tall, low = rack(2, 10, pitch=400), rack(3, 10, top=900, pitch=120)
    boxes = np.concatenate([tall.boxes, low.boxes])
    bay = find_rows(boxes, Links.find(boxes), np.arange(len(boxes)))
    assert bay.row.tolist() == [*tall.row, *(low.row + 2)]


def test_a_row_of_nothing_but_stacks_is_one_row(rack):
    shelf = rack(3, 9, levels={(1, position): 4 for position in range(9)})
    assert (rows_of(shelf).row == shelf.row).all()


def test_stacks_stay_together_when_boxes_are_not_exact(rack):
    shelf = rack(3, 9, levels={(1, position): 3 for position in range(9)})
    rng = np.random.default_rng(1)
    shelf.boxes += rng.normal(0, 2, shelf.boxes.shape)
    assert (rows_of(shelf).row == shelf.row).all()


def test_shelves_close_to_each_other_stay_apart(rack):
    shelf = rack(5, 10)
    shelf.boxes[:, 1] = shelf.boxes[:, 3] - 176  # 12 % of the distance is clear
    shelf.boxes[:, [0, 2]] += 23 * shelf.row[:, None]
    assert (rows_of(shelf).row == shelf.row).all()


def test_members_alone_are_looked_at(rack):
    shelf = rack(4, 10)
    members = np.flatnonzero((shelf.row == 1) | (shelf.row == 3))
    bay = find_rows(shelf.boxes, shelf.links, members)
    assert (bay.members == members).all()
    assert (bay.row == shelf.row[members] // 2).all()


def with_doubt(boxes, doubtful):
    sure = np.ones(len(boxes), bool)
    sure[doubtful] = False
    return find_rows(boxes, Links.find(boxes, sure), np.arange(len(boxes)))


def test_a_doubtful_box_on_a_rail_makes_no_row(rack):
    shelf = rack(3, 10, tallest=0.7)
    sign = [300, 322, 340, 340]  # hangs below the first shelf, at 300
    boxes = np.array([*shelf.boxes, sign])
    last = len(shelf.boxes)
    assert with_doubt(boxes, []).rows == 4
    bay = with_doubt(boxes, [last])
    assert bay.rows == 3
    assert bay.row.tolist() == [*shelf.row, 0]


def test_a_row_seen_with_doubt_throughout_stays_a_row(rack):
    shelf = rack(4, 10)
    for row in range(4):
        assert (with_doubt(shelf.boxes, shelf.row == row).row == shelf.row).all()
    assert (with_doubt(shelf.boxes, shelf.row >= 0).row == shelf.row).all()


def test_doubtful_boxes_have_no_say_in_what_is_stacked(rack):
    shelf = rack(3, 9, levels={(1, position): 2 for position in range(9)})
    # Most stacks seem to have a shelf in them, as the box of the upper product was found too short.
    short = (shelf.row == 1) & (shelf.level == 1) & (shelf.position < 6)
    shelf.boxes[short, 3] -= 20
    assert with_doubt(shelf.boxes, []).rows == 4
    assert (with_doubt(shelf.boxes, short).row == shelf.row).all()


def test_half_of_the_stacks_make_no_shelf(rack):
    shelf = rack(3, 8, levels={(1, position): 2 for position in range(8)})
    upper = (shelf.row == 1) & (shelf.level == 1)
    shelf.boxes[upper, 3] -= np.where(shelf.position[upper] % 2 == 0, 20, 3)
    assert (rows_of(shelf).row == shelf.row).all()


def test_flat_products_loosely_stacked_are_no_rows(rack):
    # 20 high and 5 apart, a quarter of their height, on shelves of products 100 to 160 high.
    shelf = rack(3, 12)
    flat = [
        [400 + 70 * column, 460 - 25 * level, 460 + 70 * column, 480 - 25 * level]
        for column in range(8)
        for level in range(4)
    ]
    kept = (shelf.row != 1) | (shelf.position < 4)
    boxes = np.array([*shelf.boxes[kept], *flat], np.float64)
    boxes[kept.sum() :, 1::2] += 20
    bay = find_rows(boxes, Links.find(boxes), np.arange(len(boxes)))
    assert bay.row.tolist() == [*shelf.row[kept], *[1] * len(flat)]
