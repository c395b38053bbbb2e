import numpy as np
import pytest

from shelfwatch.shelf.changes import NOWHERE, assign, find_changes, overlap
from shelfwatch.shelf.homography import project_boxes
from shelfwatch.shelf.looks import Shot

MOVED = np.array([[1.02, 0.01, -30], [-0.01, 1.02, 15], [0, 0, 1.0]])


def without(shot, index):
    """The same photo, but a product was not detected."""
    return Shot(np.delete(shot.boxes, index, axis=0), shot.width, shot.height, shot.pixels)


@pytest.fixture
def shelf(rack):
    return rack(4, 10)


@pytest.fixture
def shoot(shelf, painted):
    """Take a photo of the shelf, with some of its products gone and some swapped."""

    def shot(matrix=MOVED, gone=(), swapped=()):
        products = np.arange(len(shelf.boxes))
        products[list(swapped)] += 500
        kept = np.setdiff1d(products % 500, gone)
        return painted(project_boxes(matrix, shelf.boxes[kept]), products[kept], light=(0.9, 0.85, 0.8))

    return shot


def test_nothing_changed(shoot, shelf):
    changes = find_changes(shoot(np.eye(3)), shoot(), MOVED)
    own = np.arange(len(shelf.boxes))
    assert changes.stayed.tolist() == np.column_stack([own, own]).tolist()
    for others in (changes.left, changes.came, changes.unseen_earlier, changes.unseen_later):
        assert len(others) == 0


def test_what_left_and_what_came(shoot):
    earlier, later = shoot(np.eye(3), gone=[0, 7]), shoot(gone=[3, 20, 21])
    changes = find_changes(earlier, later, MOVED)
    assert changes.left.tolist() == [2, 18, 19]  # two fewer before them
    assert changes.came.tolist() == [0, 6]
    assert len(changes.stayed) == 35
    assert np.abs(changes.in_later[2] - project_boxes(MOVED, earlier.boxes[2:3])[0]).max() < 1e-6
    assert np.abs(project_boxes(MOVED, changes.in_earlier[[0]]) - later.boxes[0]).max() < 1


def test_another_product_in_the_same_place_left_and_came(shoot):
    changes = find_changes(shoot(np.eye(3)), shoot(swapped=[11]), MOVED)
    assert changes.left.tolist() == changes.came.tolist() == [11]


def test_what_the_detector_missed_but_the_photo_shows_stayed(shoot):
    earlier, later = shoot(np.eye(3)), shoot()
    changes = find_changes(without(earlier, 39), without(later, 4), MOVED)
    assert len(changes.left) == len(changes.came) == 0
    assert [4, NOWHERE] in changes.stayed.tolist()
    assert [NOWHERE, 38] in changes.stayed.tolist()


def test_what_the_other_photo_does_not_show_is_unseen(shoot, shelf):
    aside = np.array([[1, 0, -310], [0, 1, 0], [0, 0, 1.0]])  # three of ten places to the left are out of view
    changes = find_changes(shoot(np.eye(3)), shoot(aside), aside)
    assert shelf.position[changes.unseen_earlier].tolist() == [0, 1, 2] * 4
    assert len(changes.left) == len(changes.came) == len(changes.unseen_later) == 0
    back = np.linalg.inv(aside)
    changes = find_changes(shoot(aside), shoot(np.eye(3)), back)
    assert len(changes.unseen_later) == 12
    assert len(changes.left) == len(changes.came) == len(changes.unseen_earlier) == 0


def test_empty_photos(shoot):
    empty = Shot(np.zeros((0, 4)), 1000, 1000, np.zeros((1000, 1000, 3), np.uint8))
    changes = find_changes(shoot(), empty, np.eye(3))
    assert len(changes.left) == 40
    assert len(changes.stayed) == len(changes.came) == 0
    changes = find_changes(empty, shoot(), np.eye(3))
    assert len(changes.came) == 40


def test_pairs_are_one_to_one_and_the_worthiest_first():
    rows, columns = assign(np.array([[0.9, 0.8, 0], [0.85, 0.1, 0], [0.4, 0.35, 0.29]]), 0.3)
    assert sorted(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 0), (2, 1)]


def test_overlap():
    boxes = np.array([[0, 0, 2, 2], [5, 5, 5, 9.0]])
    assert overlap(boxes, np.array([[1, 0, 3, 2], [0, 0, 2, 2], [5, 5, 5, 9.0]])).tolist() == [[1 / 3, 1, 0], [0, 0, 0]]
