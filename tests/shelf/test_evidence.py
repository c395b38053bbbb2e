import numpy as np
import pytest

from shelfwatch.shelf import analyze
from shelfwatch.shelf.evidence import texture


@pytest.fixture
def photo():
    """Plain grey with print, one pixel in two, in the left half."""
    pixels = np.full((200, 400, 3), 90, np.uint8)
    pixels[:, :200:2] = 190
    return pixels


def test_print_is_told_from_plain_ground(photo):
    found = texture(photo, np.array([[10, 10, 110, 110], [250, 10, 350, 110], [150, 10, 250, 110.0]]))
    assert found[:2].tolist() == [100, 0]
    assert 40 < found[2] < 60  # half of what is left without the sides


def test_boxes_without_pixels_have_no_texture(photo):
    boxes = np.array([[500, 10, 600, 90], [-90, 10, -5, 90], [30, 30, 30.2, 30.2]])
    assert np.isnan(texture(photo, boxes)).all()


def test_texture_is_the_mean_change_from_pixel_to_pixel():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    light = pixels[..., 1].astype(int)
    inner = light[8:25, 16:41]  # rows 8..23, columns 16..39 and one more each way
    expected = np.abs(np.diff(inner, axis=0)[:, :-1]).mean() + np.abs(np.diff(inner, axis=1)[:-1]).mean()
    assert texture(pixels, np.array([[12 + 4 / 6, 5 + 2 / 6, 43 + 2 / 6, 26 + 4 / 6]])) == pytest.approx(expected)


@pytest.mark.parametrize("scale", [1, 2])
def test_a_gap_full_of_print_is_a_product_that_was_missed(rack, scale):
    shelf = rack(3, 10)
    shelf = shelf[~((shelf.row == 1) & np.isin(shelf.position, (2, 6)))]
    size = {"width": 900, "height": 800}
    first, second = analyze(shelf.detections, **size).gaps
    pixels = np.full((800, 900, 3), 60, np.uint8)
    rng = np.random.default_rng(0)
    for x1, y1, x2, y2 in [*shelf.boxes.tolist(), second.box]:
        part = pixels[int(y1) : int(y2), int(x1) : int(x2)]
        part[:] = rng.integers(0, 256, part.shape)
    report = analyze(shelf.detections, **size, pixels=pixels[::scale, ::scale])
    assert report.gaps == (first,)
    assert report.rows[1].fill_rate > analyze(shelf.detections, **size).rows[1].fill_rate
    assert (report.row == shelf.row).all()
