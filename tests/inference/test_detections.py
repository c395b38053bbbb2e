import dataclasses

import numpy as np
import pytest

from shelfwatch.inference.detections import Detections


@pytest.fixture
def three():
    return Detections(
        np.arange(12, dtype=np.float32).reshape(3, 4),
        np.array([0.9, 0.5, 0.1], np.float32),
        np.array([0, 2, 1], np.int32),
    )


def test_empty():
    none = Detections.empty()
    assert len(none) == 0
    assert none.xyxy.shape == (0, 4)
    assert (none.xyxy.dtype, none.confidence.dtype, none.class_id.dtype) == (np.float32, np.float32, np.int32)


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (slice(0, 2), [0, 1]),
        (slice(None, None, -1), [2, 1, 0]),
        (np.array([True, False, True]), [0, 2]),
        (np.array([2, 0]), [2, 0]),
        (np.zeros(0, np.intp), []),
        (np.zeros(3, bool), []),
    ],
)
def test_indexing_takes_the_same_rows_of_all_three(three, index, expected):
    some = three[index]
    assert isinstance(some, Detections)
    assert len(some) == len(expected)
    assert np.array_equal(some.xyxy, three.xyxy[expected])
    assert np.array_equal(some.confidence, three.confidence[expected])
    assert np.array_equal(some.class_id, three.class_id[expected])


def test_one_number_is_no_index(three):
    with pytest.raises(TypeError):
        three[1]


@pytest.mark.parametrize(
    ("boxes", "scores", "ids"),
    [((2, 4), 3, 3), ((3, 4), 2, 3), ((3, 4), 3, 2), ((3, 5), 3, 3), ((12,), 3, 3)],
)
def test_unequal_lengths_are_refused(boxes, scores, ids):
    with pytest.raises(ValueError, match="unequal length"):
        Detections(np.zeros(boxes, np.float32), np.zeros(scores, np.float32), np.zeros(ids, np.int32))


def test_frozen(three):
    with pytest.raises(dataclasses.FrozenInstanceError):
        three.xyxy = np.zeros((3, 4), np.float32)
