"""A served model: alone and side by side it sees the same, on threads of its own."""

from __future__ import annotations

import numpy as np

from shelfwatch.inference.detector import packaged_models
from shelfwatch.service.lanes import Lane
from shelfwatch.service.served import Served

FAST = packaged_models()["fast"]


def test_side_by_side_a_photo_is_seen_as_alone(sample: bytes) -> None:
    served = Served(FAST, threads=4, lanes=2)
    assert (served.model.threads, served.beside.model.threads) == (4, 2)
    assert served.model.session is not served.beside.model.session
    photo = served.decode(sample)
    alone, beside = served.detect(photo).detections, served.beside.detect(photo).detections
    np.testing.assert_array_equal(alone.xyxy, beside.xyxy)
    np.testing.assert_array_equal(alone.confidence, beside.confidence)


def test_one_lane_needs_no_second_session() -> None:
    served = Served(FAST, threads=1, lanes=4)
    assert served.beside is served


def test_a_lane_is_crowded_when_each_of_its_threads_has_work() -> None:
    lane = Lane("infer", 2)
    lane.pace.begin()
    assert not lane.crowded
    lane.pace.begin()
    assert lane.crowded
    lane.close()
