"""Photos shot from close by: how large products look, and the smaller input in which they look as usual."""

import dataclasses
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from shelfwatch.inference.detections import Detections
from shelfwatch.inference.detector import Detector
from shelfwatch.inference.distance import STEPS, TOO_CLOSE, smaller_input, typical_side, typical_size
from shelfwatch.inference.image import Photo
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.model import Model
from shelfwatch.inference.nms import iou_matrix
from shelfwatch.training.rendering import RenderOptions, render_shelf


def found(*sides):
    """Square products of these sides in photo pixels."""
    boxes = np.array([[0, 0, side, side] for side in sides], np.float32).reshape(-1, 4)
    return Detections(boxes, np.full(len(sides), 0.9, np.float32), np.zeros(len(sides), np.int32))


class TestTypicalSize:
    @pytest.mark.parametrize(
        ("sides", "expected"),
        [
            ([], 0),
            ([40], 40),
            ([51, 30, 40], 51),
            ([49, 30, 40], 40),
            ([100, *[20] * 24], 100),
            ([100, *[20] * 26], 20),
        ],
    )
    def test_half_of_the_covered_area_belongs_to_larger_ones(self, sides, expected):
        assert typical_side(np.array(sides, np.float32) ** 2) == pytest.approx(expected)

    def test_parts_of_packs_do_not_outweigh_the_packs(self):
        # Close up, each of six packs is also found as five labels and lids.
        assert typical_size(found(*[200] * 6, *[35] * 30), Letterbox.fit(960, 960, 960, 32)) == pytest.approx(200)

    def test_it_is_in_network_pixels(self):
        assert typical_size(found(100), Letterbox.fit(3000, 4000, 960, 32)) == pytest.approx(24)


class TestSmallerInput:
    @given(st.floats(1, 900), st.integers(64, 1280), st.floats(10, 100))
    def test_products_then_look_as_usual(self, side, size, usual):
        letterbox = Letterbox.fit(960, 1280, size, 32)
        typical = typical_size(found(side), letterbox)
        smaller = smaller_input(found(side), letterbox, usual, 32)
        if typical <= TOO_CLOSE * usual:
            assert smaller is None
        elif smaller is None:  # no smaller multiple of the stride is nearer
            assert size * usual / typical < 32 or size < 64
        else:
            assert smaller < size
            assert smaller % 32 == 0
            scale = smaller / 1280
            assert side * scale == pytest.approx(usual, abs=side * 16.5 / 1280) or smaller == 32

    def test_unknown_sizes_are_never_too_large(self):
        assert smaller_input(found(900), Letterbox.fit(960, 960, 960, 32), 0.0, 32) is None

    def test_nothing_found(self):
        assert smaller_input(Detections.empty(), Letterbox.fit(960, 960, 960, 32), 50.0, 32) is None


class Recorder(Detector):
    """A detector that remembers the size of each look."""

    def __init__(self, model):
        super().__init__(model)
        self.sizes = []

    def look(self, photo, letterbox, threshold):
        self.sizes.append(max(letterbox.width, letterbox.height))
        return super().look(photo, letterbox, threshold)


BLANK = Photo(np.zeros((640, 640, 3), np.uint8), 640, 640)


class TestLooks:
    def test_usual_products_are_looked_at_once(self, fixed_model):
        detector = Recorder(Model(fixed_model([[0, 0, 69, 69]], [0.9], product_size=50.0)))
        assert detector.detect(BLANK).detections.xyxy.tolist() == [[0, 0, 69, 69]]
        assert detector.sizes == [640]

    def test_a_model_that_always_sees_large_products_ends(self, fixed_model):
        detector = Recorder(Model(fixed_model([[0, 0, 75, 75]], [0.9], product_size=50.0)))
        assert len(detector.detect(BLANK).detections) == 1
        assert detector.sizes == [640, 416, 288, 192, 128]  # each two thirds of the last, to whole strides
        assert len(detector.sizes) == STEPS + 1

    def test_a_patch_is_found_where_it_is(self, red_patch_detector):
        pixels = np.full((640, 480, 3), 90, np.uint8)
        pixels[100:420, 60:300] = (255, 0, 0)
        photo = Photo(pixels, 480, 640)
        detector = Recorder(red_patch_detector.model)
        detector.info = dataclasses.replace(detector.info, product_size=40.0)
        (box,) = detector.detect(photo).detections.xyxy
        assert len(detector.sizes) == 2
        assert detector.sizes[1] < 160
        assert np.abs(box - [60, 100, 300, 420]).max() <= 640 / detector.sizes[1]

    @pytest.mark.parametrize("tiles", [False, True])
    def test_the_confidence_asked_for_does_not_decide(self, fixed_model, tiles):
        # The large product alone is too large; what is asked for beyond or below the operating threshold is not.
        boxes, scores = [[0, 0, 150, 150], [200, 200, 220, 220]], [0.45, 0.9]
        detector = Recorder(Model(fixed_model(boxes, scores, operating_threshold=0.4, product_size=50.0)))
        answers, sizes = {}, set()
        for confidence in (0.01, 0.4, 0.7):
            detector.sizes.clear()
            answers[confidence] = detector.detect(BLANK, confidence=confidence, tiles=tiles).detections
            sizes.add(tuple(detector.sizes))
        ((first, *smaller),) = sizes
        assert first > max(smaller)
        kept = answers[0.01][answers[0.01].confidence >= 0.7]
        assert answers[0.7].xyxy.tolist() == kept.xyxy.tolist()

    def test_a_smaller_look_that_finds_nothing_does_not_count(self, red_patch_detector):
        """One red pixel column vanishes when the photo shrinks; what was seen before stays."""
        pixels = np.full((640, 640, 3), 90, np.uint8)
        pixels[0:640:40, :] = (255, 0, 0)  # thin lines, one box around them all
        detector = Recorder(red_patch_detector.model)
        detector.info = dataclasses.replace(detector.info, product_size=30.0)
        (box,) = detector.detect(Photo(pixels, 640, 640)).detections.xyxy
        assert box.tolist() == [0, 0, 640, 601]


@pytest.mark.parametrize(
    ("product_size", "tiled"),
    [(0.0, True), (50.0, True), (25.0, False)],
    ids=["unknown", "smaller than usual", "as usual"],
)
def test_a_panorama_is_looked_at_closer_unless_its_products_look_as_usual(fixed_model, product_size, tiled):
    boxes = [[x, 20, x + 25, 45] for x in range(0, 600, 60)]
    detector = Detector(Model(fixed_model(boxes, [0.9] * len(boxes), product_size=product_size)))
    photo = Photo(np.zeros((500, 2000, 3), np.uint8), 2000, 500)
    assert (detector.detect(photo, tiles=True).tiles > 0) is tiled


@pytest.mark.parametrize("times", [2, 3, 4])
def test_a_shelf_from_close_by(packaged, times):
    """A part of a shelf that fills the photo: its products are found, and their parts are not taken for products."""
    shelf = render_shelf(5, RenderOptions(width=2400, height=3200))
    width, height = 2400 // times, 3200 // times
    corner = np.array([600, 800, 600, 800])
    out = io.BytesIO()
    Image.open(io.BytesIO(shelf.to_jpeg())).crop((600, 800, 600 + width, 800 + height)).save(out, "JPEG", quality=92)
    found = packaged.detect(packaged.decode(out.getvalue())).detections
    seen = (shelf.boxes - corner).clip(0, [width, height, width, height])
    share = (seen[:, 2:] - seen[:, :2]).prod(axis=1) / (shelf.boxes[:, 2:] - shelf.boxes[:, :2]).prod(axis=1)
    assert (iou_matrix(seen[share > 0.9], found.xyxy).max(axis=1) > 0.5).mean() >= 0.9
    assert len(found) <= 1.1 * (share > 0.1).sum()
