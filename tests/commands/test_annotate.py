from itertools import pairwise

import numpy as np
import pytest

from shelfwatch.commands.annotate import GAP, annotate, colour, row_colour
from shelfwatch.inference.detections import Detections
from shelfwatch.shelf import analyze

WHITE = np.full((300, 400, 3), 255, np.uint8)


def detections(boxes, class_id):
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.9, np.float32), np.array(class_id, np.int32)
    )


def is_colour(pixels, rgb):
    return (pixels == rgb).all(axis=2)


def test_colours_are_distinct():
    colours = [np.array(colour(number)) for number in range(8)]
    assert all(((value >= 0) & (value <= 255)).all() for value in colours)
    distances = [np.abs(a - b).max() for i, a in enumerate(colours) for b in colours[:i]]
    assert min(distances) >= 40
    red, green, blue = colours[0].tolist()
    assert green > max(red, blue)


@pytest.mark.parametrize("box", [[150, 120, 250, 220], [300, 10, 380, 290], [130, 200, 399, 299]])
def test_an_outline_stands_on_the_box(box):
    before = WHITE.copy()
    picture = np.asarray(annotate(before, detections([box], [0]), ("product",)))
    assert picture.shape == WHITE.shape
    rows, columns = np.nonzero(is_colour(picture, colour(0)))
    assert [columns.min(), rows.min(), columns.max(), rows.max()] == box
    x1, y1, x2, y2 = box
    assert (picture[y1 + 4 : y2 - 3, x1 + 4 : x2 - 3] == 255).all()  # the product itself stays visible
    assert (before == 255).all()


def test_outline_grows_with_the_photo():
    large = np.full((3000, 4000, 3), 255, np.uint8)
    picture = np.asarray(annotate(large, detections([[2000, 1000, 3000, 2000]], [0]), ("product",)))
    assert is_colour(picture, colour(0))[1500, 2000:2200].sum() == round(0.0016 * 4000)


def test_each_class_has_its_colour_and_label():
    boxes = [[100, 100, 180, 280], [200, 100, 280, 280], [300, 100, 380, 280]]
    found = detections(boxes, [1, 0, 1])
    picture = np.asarray(annotate(WHITE, found, ("bottle", "can")))
    for box, class_id in zip(boxes, (1, 0, 1), strict=True):
        assert is_colour(picture, colour(class_id))[100, box[0] : box[2]].all()
        assert (picture[102:130, box[0] + 2 : box[0] + 60] != 255).any()  # its word


def test_one_class_needs_no_label():
    picture = np.asarray(annotate(WHITE, detections([[200, 100, 280, 280]], [0]), ("product",)))
    assert (picture[102:278, 202:278] == 255).all()


def test_says_how_many():
    def corner(count):
        found = detections([[300, 200, 390, 290]] * count, [0] * count)
        return np.asarray(annotate(WHITE, found, ("product",)))[:40, :120]

    assert (corner(0) != 255).any()
    assert (corner(2) != corner(3)).any()


def test_nothing_found():
    picture = np.asarray(annotate(WHITE, Detections.empty(), ("product",)))
    assert (picture[60:] == 255).all()


def test_a_report_colours_rows_and_marks_gaps():
    boxes = [[x, y, x + 30, y + 60] for y in (60, 200) for x in (20, 60, 100, 140, 260, 300)]
    boxes[8:9] = []  # one more is missing in the lower row
    found = detections(boxes, [0] * len(boxes))
    report = analyze(found)
    picture = np.asarray(annotate(WHITE, found, ("product",), report))
    for (x1, y1, _, _), row in zip(boxes, report.row.tolist(), strict=True):
        assert is_colour(picture, row_colour(row))[y1 + 20, x1]
    assert len(report.gaps) == 3
    for gap in report.gaps:
        x1, y1, x2, y2 = map(round, gap.box)
        inside = picture[y1 + 5 : y1 + 15, x1 + 3 : x2 - 3].reshape(-1, 3).astype(int)
        assert (inside[:, 0] > inside[:, 1] + 40).all()
        assert is_colour(picture, GAP)[y1 : y2 + 1, x1 : x2 + 1].any()


def test_rows_next_to_each_other_are_told_apart_and_none_is_red():
    colours = [np.array(row_colour(number)) for number in range(12)]
    assert all(np.abs(one - other).max() >= 60 for one, other in pairwise(colours))
    assert all(max(green, blue) > 100 for _, green, blue in colours)
