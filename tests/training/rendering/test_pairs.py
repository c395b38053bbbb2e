import numpy as np
import pytest

from shelfwatch.shelf.homography import project_boxes
from shelfwatch.training.rendering import RenderOptions, render_pair

SMALL = RenderOptions(width=300, height=400, rows=(2, 3), facings=(5, 7))


@pytest.fixture(scope="module")
def pairs():
    return [render_pair(seed, SMALL) for seed in range(8)]


def test_same_seed_same_bytes(pairs):
    again = render_pair(3, SMALL)
    assert again.earlier.image.tobytes() == pairs[3].earlier.image.tobytes()
    assert again.later.image.tobytes() == pairs[3].later.image.tobytes()
    assert (again.left, again.came) == (pairs[3].left, pairs[3].came)


def test_what_stayed_lies_where_the_matrix_says(pairs):
    for pair in pairs:
        both, one, other = np.intersect1d(pair.earlier.facing, pair.later.facing, return_indices=True)
        stayed = ~np.isin(both, list(pair.left | pair.came))
        mapped = project_boxes(pair.matrix, pair.earlier.boxes[one[stayed]].astype(np.float64))
        later = pair.later.boxes[other[stayed]]
        whole = (later > 2).all(axis=1) & (later < (298, 398, 298, 398)).all(axis=1)
        whole &= (mapped > 2).all(axis=1) & (mapped < (298, 398, 298, 398)).all(axis=1)
        assert np.median(np.abs(mapped - later)[whole]) < 2
    moved = [np.abs(pair.matrix - np.eye(3))[:2, 2].max() for pair in pairs]
    assert max(moved) > 10


def test_what_left_and_came_is_in_one_photo_only(pairs):
    left, came, swapped = 0, 0, 0
    for pair in pairs:
        earlier, later = set(pair.earlier.facing.tolist()), set(pair.later.facing.tolist())
        changed = pair.left & pair.came
        swapped += len(changed)
        left += len(earlier & pair.left - changed)
        came += len(later & pair.came - changed)
        assert not later & (pair.left - changed)
        assert not earlier & (pair.came - changed)
    assert min(left, came, swapped) > 0


def test_nothing_else_in_the_picture_changes():
    """Both photos of a shelf are drawn by the same random numbers, whatever stands on it."""
    from shelfwatch.training.rendering.layout import plan_shelf
    from shelfwatch.training.rendering.scene import Stock, draw_scene

    plan = plan_shelf(np.random.default_rng(1), SMALL, 30.0)
    gone = frozenset({0, len(plan.facings) - 1})
    full, less = (draw_scene(plan, np.random.default_rng(5), (0, 0, 300, 400), stock) for stock in (None, Stock(gone)))
    differs = (np.asarray(full.image) != np.asarray(less.image)).any(axis=2)
    assert differs.any()
    assert not differs[np.isin(full.owners, [n for n in range(len(plan.facings)) if n not in gone])].all()
    ys, xs = np.nonzero(differs)
    near = [(plan.facings[n].x, plan.facings[n].y, plan.facings[n].width, plan.facings[n].height) for n in gone]
    close = np.zeros(len(xs), bool)
    for x, y, width, height in near:
        close |= (np.abs(xs - x) < width * 1.3) & (ys > y - 1.3 * height) & (ys < y + 0.3 * height)
    assert close.all()
