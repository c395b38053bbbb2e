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
