import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shelfwatch.inference.image import Photo
from shelfwatch.inference.letterbox import MAX_UPSCALE, PAD_VALUE, Letterbox

sides = st.integers(1, 10_000)
input_sizes = st.sampled_from([32, 320, 640, 832, 960])


def plain(width, height, colour=(10, 20, 30)):
    return Photo(np.full((height, width, 3), colour, np.uint8), width, height)


@given(sides, sides, input_sizes, st.sampled_from([1, 8, 32, 64]))
@settings(max_examples=300, deadline=None)
def test_fit(width, height, size, stride):
    assume(size >= stride)
    box = Letterbox.fit(width, height, size, stride)
    assert box.width % stride == 0
    assert box.height % stride == 0
    scale = min(size / max(width, height), MAX_UPSCALE)
    # The long side is `size`, or four times the photo where that is less; the short side follows within a pixel.
    assert max(box.inner_width, box.inner_height) == round(scale * max(width, height))
    assert max(box.width, box.height) == -(-max(box.inner_width, box.inner_height) // stride) * stride
    assert abs(box.inner_width - max(1, width * scale)) <= 0.5
    assert abs(box.inner_height - max(1, height * scale)) <= 0.5
    # Less than one stride of border, the same on both sides within a pixel.
    for whole, inner, before in ((box.width, box.inner_width, box.left), (box.height, box.inner_height, box.top)):
        border = whole - inner
        assert 0 <= border < stride
        assert before == border // 2


@given(
    sides,
    sides,
    input_sizes,
    st.lists(st.tuples(*[st.floats(0, 1, width=32)] * 4), min_size=1, max_size=8),
)
@settings(max_examples=200, deadline=None)
def test_there_and_back(width, height, size, shares):
    box = Letterbox.fit(width, height, size, 32)
    truth = np.array(shares, np.float32) * np.array([width, height] * 2, np.float32)
    network = box.to_network(truth)
    assert network.dtype == np.float32
    assert (network[:, ::2] >= box.left - 1e-3).all()
    assert (network[:, ::2] <= box.left + box.inner_width + 1e-3).all()
    assert (network[:, 1::2] >= box.top - 1e-3).all()
    assert (network[:, 1::2] <= box.top + box.inner_height + 1e-3).all()
    back = box.to_photo(network)
    assert back.dtype == np.float32
    # Float32 resolves a network pixel to 6e-5; one network pixel is width / inner_width photo pixels.
    tolerance = 2e-4 * max(1, width / box.inner_width, height / box.inner_height)
    assert np.abs(back - truth).max() <= tolerance


def test_to_photo_clips_to_the_photo():
    box = Letterbox.fit(300, 400, 640, 32)
    wild = np.array([[-50, -50, 5000, 5000], [-9, -9, -1, -1]], np.float32)
    assert box.to_photo(wild).tolist() == [[0, 0, 300, 400], [0, 0, 0, 0]]


def test_no_boxes():
    box = Letterbox.fit(300, 400, 640, 32)
    assert box.to_photo(np.zeros((0, 4), np.float32)).shape == (0, 4)
    assert box.to_network(np.zeros((0, 4), np.float32)).shape == (0, 4)


def test_the_border_is_padding_and_nothing_else():
    photo = plain(300, 410)
    box = Letterbox.fit(300, 410, 640, 32)
    canvas = box.apply(photo)
    assert canvas.shape == (1, box.height, box.width, 3)
    assert canvas.dtype == np.uint8
    inside = np.zeros((box.height, box.width), bool)
    inside[box.top : box.top + box.inner_height, box.left : box.left + box.inner_width] = True
    assert not inside.all()
    assert (canvas[0][~inside] == PAD_VALUE).all()
    assert (canvas[0][inside] == (10, 20, 30)).all()


def test_one_pixel_stays_cheap():
    box = Letterbox.fit(1, 1, 960, 32)
    assert (box.inner_width, box.inner_height) == (4, 4)
    assert (box.width, box.height) == (32, 32)
    canvas = box.apply(plain(1, 1))
    assert (canvas[0, box.top : box.top + 4, box.left : box.left + 4] == (10, 20, 30)).all()
    assert (canvas[0, 0] == PAD_VALUE).all()


def test_a_strip_keeps_one_row():
    box = Letterbox.fit(4000, 20, 640, 32)
    assert (box.inner_width, box.inner_height) == (640, 3)
    assert (box.width, box.height) == (640, 32)
    assert Letterbox.fit(10_000, 1, 640, 32).inner_height == 1


@pytest.mark.parametrize(
    ("width", "height", "patch"),
    [
        (1200, 900, (300, 150, 720, 600)),
        (900, 1600, (90, 800, 450, 1600)),
        (301, 203, (31, 20, 140, 90)),
        (160, 120, (40, 24, 100, 90)),  # enlarged
        (2000, 333, (1500, 33, 2000, 300)),
    ],
)
def test_content_lies_where_the_geometry_says(width, height, patch):
    pixels = np.zeros((height, width, 3), np.uint8)
    x1, y1, x2, y2 = patch
    pixels[y1:y2, x1:x2] = (255, 0, 200)
    box = Letterbox.fit(width, height, 640, 32)
    canvas = box.apply(Photo(pixels, width, height))[0]
    rows, columns = np.nonzero((canvas[..., 0] > 127) & (canvas[..., 1] < 60))
    found = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], np.float32)
    expected = box.to_network(np.array([patch], np.float32))
    assert np.abs(found - expected).max() <= 1  # a resampled edge is half bright within a pixel
    pixel = max(width / box.inner_width, height / box.inner_height)
    assert np.abs(box.to_photo(found) - patch).max() <= pixel


def test_photo_decoded_at_reduced_scale_lands_in_the_same_place():
    full = np.zeros((1200, 1600, 3), np.uint8)
    full[300:900, 400:800] = 255
    reduced = Photo(full[::2, ::2], 1600, 1200)
    box = Letterbox.fit(1600, 1200, 640, 32)
    whole, small = box.apply(Photo(full, 1600, 1200))[0], box.apply(reduced)[0]
    assert whole.shape == small.shape
    differs = np.abs(whole.astype(int) - small.astype(int)).max(axis=2) > 64
    assert differs.mean() < 0.01
