import numpy as np
import pytest

from shelfwatch.commands.annotate import annotate, colour
from shelfwatch.inference.detections import Detections

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
