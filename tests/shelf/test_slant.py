import numpy as np
import pytest

from shelfwatch.shelf.slant import Slant


@pytest.mark.parametrize(("slope", "fan"), [(0.0, 0.0), (0.12, 0.0), (-0.08, 0.02), (0.05, -0.04)])
def test_feet_of_one_row_pass_one_place(rack, slope, fan):
    shelf = rack(5, 12, slope=slope, fan=fan)
    slant = Slant.fit(shelf.boxes, shelf.links)
    middle = (shelf.boxes[:, 0] + shelf.boxes[:, 2]) / 2
    feet = slant.follow(shelf.boxes[:, 3], middle, slant.middle[0])
    for row in range(5):
        own = feet[shelf.row == row]
        assert np.ptp(own) < 0.04 * 200  # of the distance between rows


def test_a_few_products_that_stand_elsewhere_do_not_turn_the_shelf(rack):
    shelf = rack(4, 10, slope=0.1)
    shelf.boxes[3::7, 1::2] -= 25
    slant = Slant.fit(shelf.boxes, shelf.links)
    assert slant.terms[0] == pytest.approx(0.1, abs=0.01)


def test_following_there_and_back_leads_to_the_same_place(rack):
    shelf = rack(5, 12, slope=0.05, fan=-0.04)
    slant = Slant.fit(shelf.boxes, shelf.links)
    start = np.linspace(200, 1000, 9)
    there = slant.follow(start, 100.0, 900.0)
    assert slant.follow(there, 900.0, 100.0) == pytest.approx(start, abs=0.05)
    assert (np.diff(there) > 0).all()


def test_one_product_stands_on_a_level_shelf(rack):
    shelf = rack(1, 1)
    assert Slant.fit(shelf.boxes, shelf.links).terms == (0.0, 0.0, 0.0, 0.0)
