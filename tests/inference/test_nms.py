import runpy
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shelfwatch.inference.nms import BLOCK, GRAPH, VOTE_IOU, VOTE_SHARE, iou_matrix, nms, vote
from support import ROOT


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


def test_the_graph_is_what_the_script_builds():
    built = runpy.run_path(str(ROOT / "scripts" / "make_nms.py"))["build"]()
    assert GRAPH.read_bytes() == built.SerializeToString()


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


def ballot(boxes, scores, class_id, kept, threshold):
    """Each kept box as the weighted mean of those that agree with it, in plain Python."""
    moved = []
    for i in kept:
        say = [
            scores[j]
            if j == i
            or (
                class_id[j] == class_id[i]
                and scores[j] >= VOTE_SHARE * scores[i]
                and iou(boxes[i], boxes[j]) > max(VOTE_IOU, threshold)
            )
            else 0.0
            for j in range(len(boxes))
        ]
        moved.append([sum(s * box[k] for s, box in zip(say, boxes, strict=True)) / sum(say) for k in range(4)])
    return moved


class TestVote:
    def test_a_weaker_candidate_pulls_by_its_score(self):
        # Of the first kept box: IoU 0.8 with half of its score is heard. IoU 0.6, less than half of its score and the
        # other class are not.
        boxes = np.array(
            [[0, 0, 10, 10], [0, 0, 10, 8], [0, 0, 10, 6], [0, 0, 10, 9], [0, 0, 9, 10], [50, 0, 60, 10]], np.float32
        )
        scores = np.array([0.8, 0.4, 0.7, 0.39, 0.8, 0.6], np.float32)
        class_id = np.array([0, 0, 0, 0, 1, 0], np.int32)
        moved = vote(boxes, scores, class_id, np.array([0, 4, 5]), 0.5)
        assert moved.dtype == np.float32
        assert np.allclose(moved[0], [0, 0, 10, (0.8 * 10 + 0.4 * 8) / 1.2])
        assert moved[1:].tolist() == boxes[[4, 5]].tolist()  # alone, they stay where they are

    def test_kept_boxes_do_not_move_each_other(self):
        # Suppression lets both stand, so they are two products although one overlaps the other by 0.8.
        boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 8]], np.float32)
        moved = vote(boxes, np.array([0.9, 0.8], np.float32), np.zeros(2, np.int32), np.array([0, 1]), 0.85)
        assert moved.tolist() == boxes.tolist()

    @pytest.mark.parametrize("flat", [[5, 5, 5, 5], [5, 0, 5, 10], [8, 8, 2, 2]])
    def test_boxes_without_area_stay(self, flat):
        boxes = np.array([flat, flat, [0, 0, 10, 10]], np.float32)
        scores = np.array([0.9, 0.8, 0.7], np.float32)
        assert vote(boxes, scores, np.zeros(3, np.int32), np.arange(3), 0.5).tolist() == boxes.tolist()

    def test_boxes_without_a_score_stay(self):
        boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9]], np.float32)
        assert vote(boxes, np.zeros(2, np.float32), np.zeros(2, np.int32), np.array([1]), 0.5).tolist() == [
            boxes[1].tolist()
        ]

    def test_nothing_in_nothing_out(self):
        none = vote(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32), np.arange(0), 0.5)
        assert none.shape == (0, 4)

    @pytest.mark.parametrize("seed", range(3))
    def test_same_as_the_formula_over_several_blocks(self, seed):
        boxes, scores, class_id = crowd(seed, 2 * BLOCK + 31)
        kept = nms(boxes, scores, class_id, 0.5003)
        expected = ballot(boxes.tolist(), scores.tolist(), class_id.tolist(), kept.tolist(), 0.5003)
        moved = vote(boxes, scores, class_id, kept, 0.5003)
        assert np.allclose(moved, expected, atol=1e-4)
        assert (moved != boxes[kept]).any(axis=1).mean() > 0.3

    @pytest.mark.parametrize("overlap", [0.3001, 0.5003, 0.8009])
    @given(st.integers(0, 2**32), st.sampled_from([0.1, 0.25, 0.4, 0.7]))
    @settings(max_examples=10, deadline=None)
    def test_boxes_do_not_depend_on_the_threshold(self, overlap, seed, threshold):
        boxes, scores, class_id = crowd(seed, BLOCK + 40)
        everything = nms(boxes, scores, class_id, overlap)
        moved = vote(boxes, scores, class_id, everything, overlap)
        given_ = np.flatnonzero(scores >= VOTE_SHARE * threshold)
        strong = np.flatnonzero(scores[given_] >= threshold)
        kept = strong[nms(*(values[given_][strong] for values in (boxes, scores, class_id)), overlap)]
        again = vote(*(values[given_] for values in (boxes, scores, class_id)), kept, overlap)
        assert given_[kept].tolist() == everything[scores[everything] >= threshold].tolist()
        assert again.tobytes() == moved[scores[everything] >= threshold].tobytes()

    @given(
        hnp.arrays(np.float32, st.tuples(st.integers(1, 12), st.just(4)), elements=st.floats(-1e6, 1e6, width=32)),
        st.data(),
    )
    @settings(max_examples=150, deadline=None)
    def test_finite_and_between_the_candidates(self, boxes, data):
        scores = data.draw(hnp.arrays(np.float32, len(boxes), elements=st.floats(0, 1, width=32)))
        class_id = data.draw(hnp.arrays(np.int32, len(boxes), elements=st.integers(0, 1)))
        kept = nms(boxes, scores, class_id, 0.5)
        moved = vote(boxes, scores, class_id, kept, 0.5)
        assert moved.dtype == np.float32
        assert moved.shape == (len(kept), 4)
        assert (moved >= boxes.min(axis=0)).all()
        assert (moved <= boxes.max(axis=0)).all()


def crowd(seed, count):
    """Candidates in clusters around a few products, as a network gives them, in no order."""
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 8, (count, 2)) * 31 + rng.integers(0, 7, (count, 2))
    boxes = np.concatenate([low, low + 30 + rng.integers(0, 6, (count, 2))], axis=1).astype(np.float32)
    boxes += rng.integers(0, 64, (count, 4)).astype(np.float32) / 64  # exact, so that overlaps are
    return boxes, (rng.integers(1, 100, count) / 100).astype(np.float32), rng.integers(0, 2, count).astype(np.int32)


def test_a_flood_of_candidates_costs_little_memory():
    # A whole matrix of overlaps would take gigabytes where a photo of noise makes the network see products everywhere.
    rng = np.random.default_rng(0)
    low = rng.random((8000, 2), np.float32) * 940
    boxes = np.concatenate([low, low + 20], axis=1)
    scores = rng.random(len(boxes), np.float32)
    class_id = np.zeros(len(boxes), np.int32)
    tracemalloc.start()
    kept = nms(boxes, scores, class_id, 0.5)
    vote(boxes, scores, class_id, kept, 0.5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(kept) > 2000
    assert peak < 30e6
