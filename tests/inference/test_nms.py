import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shelfwatch.inference.nms import BLOCK, iou_matrix, nms


def iou(a, b):
    """Intersection over union of two boxes, by the formula, in plain Python."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    overlap = max(0.0, width) * max(0.0, height)
    sizes = [max(0.0, c[2] - c[0]) * max(0.0, c[3] - c[1]) for c in (a, b)]
    union = sum(sizes) - overlap
    return overlap / union if union > 0 else 0.0


def greedy(boxes, scores, class_id, threshold):
    """The textbook loop: take the strongest, drop what it overlaps, go on. Ties go to the earlier index."""
    kept = []
    for i in sorted(range(len(scores)), key=lambda i: (-scores[i], i)):
        rivals = (j for j in kept if class_id[j] == class_id[i])
        if all(iou(boxes[i], boxes[j]) <= threshold for j in rivals):
            kept.append(i)
    return kept


# Whole-number corners make every overlap exact in float32 up to one division, and a threshold with an odd decimal
# is never hit by such a quotient: the comparison cannot turn on rounding.
corners = st.integers(0, 24)
candidates = st.lists(st.tuples(corners, corners, corners, corners, st.integers(0, 6), st.integers(0, 2)), max_size=60)


@given(candidates, st.sampled_from([0.1037, 0.3001, 0.5003, 0.6007, 0.9011]))
@settings(max_examples=150, deadline=None)
def test_same_as_the_greedy_loop(rows, threshold):
    boxes = np.array([row[:4] for row in rows], np.float32).reshape(-1, 4)
    scores = np.array([row[4] / 6 for row in rows], np.float32)
    class_id = np.array([row[5] for row in rows], np.int32)
    assert nms(boxes, scores, class_id, threshold).tolist() == greedy(
        boxes.tolist(), scores.tolist(), class_id.tolist(), threshold
    )


@pytest.mark.parametrize("seed", range(4))
def test_same_as_the_greedy_loop_over_several_blocks(seed):
    rng = np.random.default_rng(seed)
    count = 3 * BLOCK + 17
    low = rng.integers(0, 120, (count, 2))
    boxes = np.concatenate([low, low + rng.integers(0, 25, (count, 2))], axis=1).astype(np.float32)
    scores = (rng.integers(0, 40, count) / 40).astype(np.float32)  # many ties, some across a block's edge
    class_id = rng.integers(0, 3, count).astype(np.int32)
    kept = nms(boxes, scores, class_id, 0.3001).tolist()
    assert kept == greedy(boxes.tolist(), scores.tolist(), class_id.tolist(), 0.3001)
    assert BLOCK // 2 < len(kept) < count


def test_long_chain_of_rivals():
    # Each box overlaps only its neighbours: every second one must survive, which takes as many rounds as boxes.
    left = np.arange(BLOCK, dtype=np.float32) * 4
    boxes = np.stack([left, np.zeros_like(left), left + 10, np.full_like(left, 10)], axis=1)
    scores = np.linspace(1, 0.1, BLOCK, dtype=np.float32)
    kept = nms(boxes, scores, np.zeros(BLOCK, np.int32), 0.35)
    assert kept.tolist() == list(range(0, BLOCK, 2))


def test_equal_boxes_leave_the_first_of_each_class():
    boxes = np.tile(np.array([[3, 3, 9, 9]], np.float32), (BLOCK + 5, 1))
    scores = np.full(BLOCK + 5, 0.5, np.float32)
    class_id = np.zeros(BLOCK + 5, np.int32)
    class_id[-1] = 1
    assert nms(boxes, scores, class_id, 0.6).tolist() == [0, BLOCK + 4]


@pytest.mark.parametrize("between", [0, BLOCK], ids=["same-block", "later-block"])
def test_overlap_equal_to_the_threshold_survives(between):
    first, last = [[0, 0, 10, 10]], [[0, 0, 10, 5]]  # IoU exactly 0.5
    others = [[20 * i, 50, 20 * i + 10, 60] for i in range(between)]
    boxes = np.array(first + others + last, np.float32)
    scores = np.linspace(0.9, 0.5, len(boxes), dtype=np.float32)
    class_id = np.zeros(len(boxes), np.int32)
    assert nms(boxes, scores, class_id, 0.5).tolist() == list(range(len(boxes)))
    assert nms(boxes, scores, class_id, 0.49).tolist() == list(range(len(boxes) - 1))


def test_nothing_in_nothing_out():
    kept = nms(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32), 0.5)
    assert kept.shape == (0,)
    assert np.issubdtype(kept.dtype, np.integer)


boxes_of_floats = hnp.arrays(
    np.float32, st.tuples(st.integers(0, 12), st.just(4)), elements=st.floats(-50, 2000, width=32)
)


@given(boxes_of_floats, boxes_of_floats)
@settings(max_examples=100, deadline=None)
def test_iou_matrix_is_the_formula(a, b):
    matrix = iou_matrix(a, b)
    expected = np.array([[iou(p, q) for q in b.tolist()] for p in a.tolist()]).reshape(len(a), len(b))
    assert matrix.shape == (len(a), len(b))
    assert matrix.dtype == np.float32
    # Float32 areas of far corners cancel; slivers thinner than a thousandth of a pixel are no product.
    thick = [np.minimum(c[:, 2] - c[:, 0], c[:, 3] - c[:, 1]) for c in (a, b)]
    sliver = [(t > 0) & (t < 1e-3) for t in thick]
    clear = ~(sliver[0][:, None] | sliver[1][None, :])
    assert np.allclose(matrix[clear], expected[clear], atol=1e-3)


@pytest.mark.parametrize("flat", [[5, 5, 5, 5], [5, 0, 5, 10], [8, 8, 2, 2], [0, 9, 10, 3]])
def test_boxes_without_area_overlap_nothing(flat):
    boxes = np.array([flat, [0, 0, 10, 10]], np.float32)
    assert iou_matrix(boxes, boxes).tolist() == [[0, 0], [0, 1]]
