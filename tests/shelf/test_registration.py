import numpy as np
import pytest

from shelfwatch.shelf.homography import project, project_boxes
from shelfwatch.shelf.looks import Shot
from shelfwatch.shelf.registration import register

VIEWS = {
    "the same": np.eye(3),
    "moved": np.array([[1, 0, -140], [0, 1, 60], [0, 0, 1.0]]),
    "nearer": np.array([[1.4, 0, -200], [0, 1.4, -250], [0, 0, 1.0]]),
    "turned": np.array([[0.98, -0.17, 120], [0.17, 0.98, -60], [0, 0, 1.0]]),
    "from the side": np.array([[0.8, 0.02, 90], [-0.14, 0.93, 60], [-2.6e-4, 0, 1.0]]),
}


def printed(shelf, seed=0, same=1):
    """A product for each box of a shelf; `same` of them stand side by side."""
    return seed * 1000 + shelf.row * 100 + shelf.position // same


def error(matrix, true):
    points = np.array([(x, y) for x in range(200, 801, 100) for y in range(200, 801, 100)], float)
    return np.linalg.norm(project(matrix, points) - project(true, points), axis=1).max()


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("same", [1, 4])
def test_two_photos_of_one_shelf(rack, painted, view, same):
    shelf = rack(4, 12)
    products = printed(shelf, same=same)
    later = painted(project_boxes(VIEWS[view], shelf.boxes), products, light=(0.9, 0.8, 0.7), seed=1)
    found = register(painted(shelf.boxes, products), later)
    assert found is not None
    assert error(found.matrix, VIEWS[view]) < 8
    assert found.share > 0.8
    assert found.residual < 0.05


def test_another_shelf_with_products_in_the_very_same_places(rack, painted):
    shelf = rack(4, 12)
    for seed in range(1, 6):
        assert register(painted(shelf.boxes, printed(shelf)), painted(shelf.boxes, printed(shelf, seed))) is None


def test_half_the_products_are_gone(rack, painted):
    shelf = rack(4, 12)
    products = printed(shelf)
    kept = np.random.default_rng(2).random(len(products)) < 0.5
    later = painted(project_boxes(VIEWS["moved"], shelf.boxes[kept]), products[kept])
    found = register(painted(shelf.boxes, products), later)
    assert found is not None
    assert error(found.matrix, VIEWS["moved"]) < 5


def test_one_row_is_enough(rack, painted):
    shelf = rack(1, 12)
    later = painted(project_boxes(VIEWS["moved"], shelf.boxes), printed(shelf))
    found = register(painted(shelf.boxes, printed(shelf)), later)
    assert found is not None
    assert np.abs(project_boxes(found.matrix, shelf.boxes) - project_boxes(VIEWS["moved"], shelf.boxes)).max() < 5


def test_the_answer_is_the_same_every_time(rack, painted):
    shelf = rack(3, 10)
    shots = [painted(shelf.boxes, printed(shelf), seed=seed) for seed in range(2)]
    first, again = register(*shots), register(*shots)
    assert first is not None
    assert again is not None
    assert (first.matrix == again.matrix).all()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_products(rack, painted, count):
    shelf = rack(1, 4)
    some = painted(shelf.boxes[:count], printed(shelf)[:count])
    assert register(some, painted(shelf.boxes, printed(shelf))) is None
    assert register(painted(shelf.boxes, printed(shelf)), some) is None


def test_blank_photos(rack):
    blank = Shot(rack(4, 12).boxes, 1000, 1000, np.zeros((100, 100, 3), np.uint8))
    other = Shot(rack(3, 9).boxes, 1000, 1000, np.full((100, 100, 3), 255, np.uint8))
    for pair in ((blank, other), (other, blank)):
        assert register(*pair) is None
