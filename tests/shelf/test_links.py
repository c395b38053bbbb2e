import numpy as np
import pytest

from shelfwatch.shelf.links import Links, hosts, near


def pairs(one, other):
    return set(zip(one.tolist(), other.tolist(), strict=True))


def test_neighbours_are_those_of_like_height_in_one_row(rack):
    shelf = rack(2, 4, levels=dict.fromkeys([(0, 0), (0, 1)], 2))
    links = shelf.links
    for left, right in pairs(links.left, links.right):
        assert shelf.row[left] == shelf.row[right]
        assert shelf.level[left] == shelf.level[right]
        assert shelf.position[right] > shelf.position[left]
    # Both levels of the two stacks.
    assert {(0, 2), (1, 3)} <= pairs(links.left, links.right)


def test_a_neighbour_is_the_nearest():
    boxes = np.array([[0, 0, 10, 30], [12, 0, 22, 30], [14, 0, 24, 30.0]])
    assert pairs(Links.find(boxes).left, Links.find(boxes).right) == {(0, 1)}


def test_each_stands_over_the_one_most_under_it():
    boxes = np.array([[0, 40, 20, 60], [21, 40, 41, 60], [8, 20, 28, 40.0]])
    links = Links.find(boxes)
    assert pairs(links.above, links.below) == {(2, 0)}
    assert links.space.tolist() == [0.0]


def test_space_counts_in_heights_and_twins_are_alike():
    boxes = np.array([[0, 0, 20, 40], [0, 50, 20, 90], [100, 0, 120, 42], [106, 62, 126, 102.0]])
    links = Links.find(boxes)
    assert pairs(links.above, links.below) == {(0, 1), (2, 3)}
    assert links.space == pytest.approx([0.25, 0.5])
    assert links.twin.tolist() == [True, False]


def test_flat_products_count_as_two_thirds_of_the_usual_height():
    flat = [[200, 30 * level, 220, 20 + 30 * level] for level in range(5)]
    boxes = np.array([*flat, [0, 0, 20, 90], [30, 0, 50, 90], [30, 108, 50, 198.0]])
    links = Links.find(boxes)
    # Though most are flat, 90 is usual: the others fill more of the photo's height.
    assert links.space == pytest.approx([10 / 60] * 4 + [18 / 90])


def test_links_keep_which_products_are_sure():
    boxes = np.array([[0, 0, 20, 40], [0, 50, 20, 90], [100, 0, 120, 80.0]])
    assert Links.find(boxes).sure.all()
    links = Links.find(boxes, np.array([True, False, True]))
    assert links.within(np.array([1, 2]), 3).sure.tolist() == [False, True]


def test_links_within_some_products_speak_of_those(rack):
    shelf = rack(3, 5)
    members = np.flatnonzero(shelf.row > 0)
    inner = shelf.links.within(members, len(shelf.row))
    direct = Links.find(shelf.boxes[members])
    assert pairs(inner.above, inner.below) == pairs(direct.above, direct.below) != set()
    assert pairs(inner.left, inner.right) == pairs(direct.left, direct.right)


def test_near_pairs_are_all_that_overlap_or_nearly_do():
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 500, (60, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(5, 60, (60, 2))], axis=1)
    found = pairs(*near(boxes))
    for i, (x1, _, x2, _) in enumerate(boxes.tolist()):
        for j, start in enumerate(boxes[:, 0].tolist()):
            if i != j and x1 <= start:
                assert ((i, j) in found) == (start < 2 * x2 - x1)


def test_a_box_in_a_larger_one_is_the_same_product():
    boxes = np.array([[0, 0, 50, 100], [5, 10, 45, 90], [8, 20, 40, 80], [60, 0, 110, 100], [60, 0, 110, 100.0]])
    assert hosts(boxes).tolist() == [0, 0, 0, 3, 3]


def test_a_small_box_in_a_large_one_is_a_product_of_its_own():
    boxes = np.array([[0, 0, 100, 100], [10, 10, 30, 30.0]])
    assert hosts(boxes).tolist() == [0, 1]
