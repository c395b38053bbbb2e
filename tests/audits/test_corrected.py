"""Which boxes a correction may hold, and how it differs from the model's answer."""

from __future__ import annotations

from typing import Any

import pytest

from shelfwatch.audits.corrected import Changes, checked, compare
from shelfwatch.audits.errors import InvalidError

MODEL = [{"label": "product", "box": [float(x), 0.0, x + 10.0, 10.0]} for x in range(0, 40, 10)]


def box(
    x1: float, y1: float, x2: float, y2: float, source: int | None = None, label: str = "product"
) -> dict[str, Any]:
    return {"box": [x1, y1, x2, y2], "label": label, "source": source}


def test_what_became_of_each_detection_is_counted() -> None:
    boxes = [box(0, 0, 10, 10, 0), box(12, 0, 20, 10, 1, "bottle"), box(20, 0, 30, 10, 2, "can"), box(0, 20, 10, 30)]
    assert compare(MODEL, boxes) == Changes(added=1, removed=1, moved=1, relabelled=2)
    assert compare(MODEL, []) == Changes(0, 4, 0, 0)
    rounded = [{"box": [side + 0.04 for side in found["box"]], "label": "product", "source": 3 - number}
               for number, found in enumerate(MODEL[::-1])]  # fmt: skip
    assert compare(MODEL, rounded) == Changes(0, 0, 0, 0)  # in whatever order


def test_boxes_are_kept_as_given() -> None:
    given = [box(0, 0, 40, 64, None, " can "), box(3.5, 2, 4.5, 3, 0)]
    assert checked(given, 40, 64, 1) == [box(0, 0, 40, 64, None, "can"), box(3.5, 2, 4.5, 3, 0)]
    assert checked([], 40, 64, 1) == []


@pytest.mark.parametrize(
    ("boxes", "word"),
    [
        ([box(-1, 0, 10, 10)], "within"),
        ([box(0, 0, 40.5, 10)], "within"),
        ([box(0, 0, 10, 65)], "within"),
        ([box(10, 0, 5, 10)], "within"),
        ([box(0, 0, float("nan"), 10)], "within"),
        ([box(0, 0, 0.9, 10)], "1 px"),
        ([box(0, 0, 10, 10, 4)], "source"),
        ([box(0, 0, 10, 10, -1)], "source"),
        ([box(0, 0, 10, 10, 1), box(20, 0, 30, 10, 1)], "1.source: 1 is used twice"),
        ([box(0, 0, 10, 10, None, " ")], "label"),
        ([box(0, 0, 10, 10, None, "x" * 101)], "label"),
        ([box(0, 0, 10, 10, None, "a\x07")], "label"),
        ([box(0, 0, 10, 10)] * 3001, "3000"),
    ],
)
def test_wrong_boxes_are_refused(boxes: list[dict[str, Any]], word: str) -> None:
    with pytest.raises(InvalidError, match=word):
        checked(boxes, 40, 64, 4)
