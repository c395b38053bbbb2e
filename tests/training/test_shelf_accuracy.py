from pathlib import Path

import numpy as np
import pytest

from shelfwatch.shelf import analyze
from shelfwatch.training.shelf_accuracy import (
    ShelfScore,
    as_detections,
    pair,
    score_gaps,
    score_rendered,
    score_rows,
)
from shelfwatch.training.shelf_truth import ShelfTruth

WIDTH, PITCH, PLACES = 50, 150, 8


def shelf(rows=3, missing=()):
    """Boxes row by row, their rows and positions, without the places in `missing`."""
    spots = [(row, place) for row in range(rows) for place in range(PLACES) if (row, place) not in missing]
    boxes = [[place * 55, row * PITCH, place * 55 + WIDTH, row * PITCH + 110] for row, place in spots]
    return np.array(boxes, np.float32), np.array([row for row, _ in spots], np.int32)


def truth(rows=3, missing=()):
    boxes, row = shelf(rows, missing)
    position = np.concatenate([np.arange(np.count_nonzero(row == i)) for i in range(rows)]).astype(np.int32)
    gaps = np.array([[p * 55, r * PITCH, p * 55 + WIDTH, r * PITCH + 110] for r, p in missing], np.float32)
    gap_row = np.array([r for r, _ in missing], np.int32)
    level = np.zeros_like(row)
    return ShelfTruth(Path("shelf.jpg"), 440, 450, boxes, row, position, level, gaps.reshape(-1, 4), gap_row)


def test_a_right_report_is_all_right():
    known = truth(missing=[(1, 3)])
    found = as_detections(known.boxes)
    score = score_rendered(known, found, analyze(found))
    assert score == ShelfScore(1, 1, 23, 23, 23, 23, 23, 1, 1, 1, 1)
    assert set(score.rates().values()) == {1.0}


def test_facings_in_a_wrong_row_count_as_wrong():
    known = truth()
    merged = known.row.copy()
    merged[known.row == 2] = 1  # what the shelf is said to be: the lower rows are one
    said = ShelfTruth(**{**vars(known), "row": merged})
    found = as_detections(known.boxes)
    score = score_rendered(said, found, analyze(found))
    assert (score.rows_exact, score.facings, score.in_row) == (0, 24, 16)


def test_only_detections_of_products_count_and_each_product_once():
    known = truth()
    extra = np.array([[0, 600, 40, 700], *known.boxes[:2] + 3], np.float32)
    found = as_detections(np.concatenate([known.boxes[4:], extra]))
    score = score_rendered(known, found, analyze(found))
    assert score.facings == 22
    assert score.rows_exact == 0


def test_gaps_that_are_none_lower_precision():
    known = truth(missing=[(1, 3)])
    fewer = np.delete(known.boxes, 20, axis=0)  # a product the detector missed
    found = as_detections(fewer)
    rates = score_rendered(known, found, analyze(found)).rates()
    assert (rates["gap precision"], rates["gap recall"]) == (0.5, 1.0)


def test_rows_drawn_anew_in_each_bay_may_be_one():
    boxes, _ = shelf()
    found = as_detections(boxes)
    report = analyze(found)
    halves = [[x, row * PITCH - 5, x + 219, row * PITCH + 130] for row in range(3) for x in (-5, 215)]
    score = score_rows(np.array(halves, np.float32), found, report)
    assert (score.facings, score.in_row, score.rows_exact) == (24, 24, 0)
    whole = np.array([[-5, row * PITCH - 5, 440, row * PITCH + 130] for row in range(3)], np.float32)
    assert score_rows(whole, found, report) == ShelfScore(photos=1, rows_exact=1, facings=24, in_row=24)


def test_one_drawn_row_cannot_be_two():
    boxes, _ = shelf()
    found = as_detections(boxes)
    drawn = np.array([[-5, -5, 440, 130], [-5, PITCH - 5, 440, 3 * PITCH]], np.float32)
    score = score_rows(drawn, found, analyze(found))
    assert (score.facings, score.in_row) == (24, 16)


def test_products_in_no_drawn_row_or_in_two_do_not_count():
    boxes, _ = shelf()
    found = as_detections(boxes)
    drawn = np.array([[-5, -5, 440, 130], [-5, 0, 100, 130]], np.float32)
    score = score_rows(drawn, found, analyze(found))
    assert (score.facings, score.in_row) == (6, 6)


def test_drawn_gaps_need_not_be_all():
    boxes, _ = shelf(missing=[(0, 2), (1, 5)])
    report = analyze(as_detections(boxes))
    drawn = np.array([[2 * 55, -20, 2 * 55 + 50, 100], [300, 320, 340, 400]], np.float32)
    score = score_gaps(drawn, report)
    assert (score.gaps, score.gaps_found, score.gaps_hit) == (2, 2, 1)
    assert score.rates()["gap precision"] is None
    assert score.rates()["gap recall"] == 0.5


def test_pairs_are_one_to_one_and_largest_first():
    rows, columns = pair(np.array([[0.9, 0.95], [0.4, 0.8], [0.2, 0.1]]), 0.3)
    assert sorted(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 1), (1, 0)]
    assert pair(np.zeros((0, 3)), 0.3)[0].shape == (0,)


def test_scores_add_up():
    one = ShelfScore(photos=1, rows_exact=1, facings=10, placed=10, in_row=9, in_place=8, at_level=7)
    both = one + ShelfScore(photos=1, facings=10, placed=10, in_row=10, in_place=10, at_level=10)
    assert both.rates()["in the right row"] == pytest.approx(0.95)
    assert both.rates()["rows exact"] == 0.5
    assert both.to_json()["gap recall"] is None
