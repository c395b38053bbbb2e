import numpy as np

from shelfwatch.shelf.columns import arrange


def test_places_count_from_the_left_and_levels_from_the_board():
    boxes = np.array([[50, 60, 70, 100], [0, 60, 20, 100], [1, 20, 21, 60], [0, 0, 20, 20.0]])
    columns = arrange(boxes, np.array([0, 1, 1, 2]))
    assert columns.position.tolist() == [1, 0, 0, 0]
    assert columns.level.tolist() == [0, 0, 1, 2]
    assert columns.box.tolist() == [[0, 0, 21, 100], [50, 60, 70, 100]]


def test_two_on_one_share_its_place_and_level():
    boxes = np.array([[0, 50, 40, 100], [0, 20, 19, 50], [21, 20, 40, 50], [60, 50, 80, 100.0]])
    columns = arrange(boxes, np.array([0, 0, 0, 3]))
    assert columns.position.tolist() == [0, 0, 0, 1]
    assert columns.level.tolist() == [0, 1, 1, 0]


def test_a_tall_stack():
    boxes = np.array([[0, 100 - 10 * i, 10, 110 - 10 * i] for i in range(9)], float)
    columns = arrange(boxes, np.array([0, *range(8)]))
    assert columns.level.tolist() == list(range(9))
    assert columns.position.tolist() == [0] * 9
