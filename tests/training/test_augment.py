"""Boxes must lie where their pixels went."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("cv2", reason="the extra `train` is not installed")

from shelfwatch.training.augment import (
    AugmentOptions,
    View,
    blur,
    compose,
    disturb,
    geometry,
    glare,
    light,
    mapped,
    shade,
    take,
)

pytestmark = pytest.mark.train

PLAIN = AugmentOptions(canvas=256, zoom=(1, 1), aspect=0, degrees=0, shear=0, perspective=0, mosaic=0)
ZOOMED = replace(PLAIN, zoom=(0.4, 1.8), aspect=0.2)
TURNED = replace(PLAIN, zoom=(0.6, 1.6), degrees=3, shear=0.03, perspective=0.12)
CELL = (256, 192)
INPUT_SIZE = 300


def white_on_black(boxes, width=300, height=220):
    """A black photo with white boxes, whole pixels."""
    pixels = np.zeros((height, width, 3), np.uint8)
    for x1, y1, x2, y2 in boxes:
        pixels[y1:y2, x1:x2] = 255
    return View(pixels, np.float32(boxes).reshape(-1, 4), np.zeros(len(boxes), np.int32))


def extent(share):
    """The box around what is white, from each pixel's share (h, w) in 0..1, with the edges where half is white."""
    sides = []
    for axis in (0, 1):
        profile = share.max(axis)
        inside = np.flatnonzero(profile >= 0.5)
        low, high = inside[0], inside[-1]
        before = profile[low - 1] if low else 0
        after = profile[high + 1] if high + 1 < len(profile) else 0
        # Between two pixel middles the white ends where the line between them crosses a half.
        sides.append(
            (
                low + 0.5 - (profile[low] - 0.5) / (profile[low] - before),
                high + 0.5 + (profile[high] - 0.5) / (profile[high] - after),
            )
        )
    (x1, x2), (y1, y2) = sides
    return np.array([x1, y1, x2, y2])


def misses(options, seeds=120, box=(110, 70, 170, 150)):
    """How far the box of each seed's view is from its pixels: (N, 4), and the boxes; only where it is whole."""
    found = []
    for seed in range(seeds):
        view = take(np.random.default_rng(seed), white_on_black([box]), CELL, INPUT_SIZE, options)
        if len(view.boxes) and (view.boxes[0, :2] > 2).all() and (view.boxes[0, 2:] < np.array(CELL) - 2).all():
            white = (view.pixels[..., 0].astype(float) / 255) * (view.pixels != 114).any(2)
            found.append((extent(white) - view.boxes[0], view.boxes[0]))
    return tuple(np.array(part) for part in zip(*found, strict=True))


class TestTake:
    @pytest.mark.parametrize("options", [PLAIN, ZOOMED], ids=["plain", "zoomed"])
    def test_straight_boxes_lie_on_their_pixels(self, options):
        miss, _ = misses(options)
        assert len(miss) > 40
        assert np.abs(miss).max() < 0.75
        assert np.abs(miss.mean(0)).max() < 0.12

    def test_turned_boxes_keep_their_middle(self):
        miss, boxes = misses(TURNED)
        assert len(miss) > 40
        middle = (miss[:, :2] + miss[:, 2:]) / 2
        assert np.abs(middle).max() < 1.5
        assert np.abs(middle.mean(0)).max() < 0.3
        # A turned product's corners reach out of its box, but not far.
        growth = (miss[:, 2:] - miss[:, :2]) / (boxes[:, 2:] - boxes[:, :2])
        assert -0.02 < growth.min() < growth.max() < 0.15

    def test_a_mirrored_view_is_the_mirror_of_the_other(self):
        class Fixed(np.random.Generator):
            """The middle of every range, and one given draw where a probability is asked for."""

            def __init__(self, draw):
                super().__init__(np.random.PCG64(0))
                self.draw = draw

            def uniform(self, low=0.0, high=1.0, size=None):
                return np.full(size or (), (low + high) / 2)[()]

            def random(self):
                return self.draw

        photo = white_on_black([(40, 30, 90, 120), (180, 90, 240, 180)], *CELL)
        photo.pixels[30:120, 40:90] = [255, 0, 0]
        mirrored, upright = (take(Fixed(draw), photo, CELL, 256, PLAIN) for draw in (0.1, 0.9))
        assert np.array_equal(upright.pixels, photo.pixels)
        assert np.array_equal(mirrored.pixels, photo.pixels[:, ::-1])
        assert np.allclose(upright.boxes, photo.boxes)
        assert np.allclose(mirrored.boxes, (photo.boxes * [-1, 1, -1, 1] + [256, 0, 256, 0])[:, [2, 1, 0, 3]])

    def test_half_of_the_views_are_mirrored(self):
        left = white_on_black([(20, 60, 60, 160)])
        options = replace(PLAIN, zoom=(0.8, 0.8))  # the whole photo is in the view
        sides = [take(np.random.default_rng(s), left, CELL, INPUT_SIZE, options).boxes[0, 0] < 100 for s in range(100)]
        assert 35 < sum(sides) < 65

    def test_scale_is_the_served_one_times_the_zoom(self):
        photo = white_on_black([(100, 80, 160, 140)])
        for zoom in (0.5, 1.0):
            options = replace(PLAIN, zoom=(zoom, zoom))
            view = take(np.random.default_rng(3), photo, (640, 640), 600, options)
            assert np.allclose(view.boxes[0, 2:] - view.boxes[0, :2], 60 * 2 * zoom, rtol=1e-4)

    @pytest.mark.parametrize("least", [0.0, 0.35, 1.0])
    def test_boxes_that_are_mostly_outside_do_not_count(self, least):
        options = replace(PLAIN, zoom=(1.5, 1.5), least_visible=least)
        shares = []
        for seed in range(60):
            view = take(np.random.default_rng(seed), white_on_black([(20, 10, 80, 90)]), CELL, INPUT_SIZE, options)
            shares += [np.prod(box[2:] - box[:2]) / (60 * 80 * 1.5**2) for box in view.boxes]
            for box in view.boxes:
                assert (box[:2] >= 0).all()
                assert (box[2:] <= CELL).all()
                assert (box[2:] - box[:2]).min() >= 3
        assert min(shares) >= least - 1e-4
        assert (min(shares) < 0.3) == (least == 0)

    def test_a_photo_without_boxes(self):
        view = take(np.random.default_rng(0), white_on_black([]), CELL, INPUT_SIZE, TURNED)
        assert (view.boxes.shape, view.boxes.dtype, view.class_id.shape) == ((0, 4), np.float32, (0,))
        assert (view.pixels.shape, view.pixels.dtype) == ((192, 256, 3), np.uint8)

    def test_boxes_beside_the_view_never_come_back_through_perspective(self):
        """Far from a small view a strong perspective maps points behind the camera."""
        options = replace(TURNED, zoom=(1, 1), perspective=0.3)
        row = [(x, y, x + 20, y + 30) for x in range(0, 1580, 25) for y in range(0, 1160, 40)]
        photo = white_on_black(row, 1600, 1200)
        for seed in range(30):
            rng = np.random.default_rng(seed)
            view = take(rng, photo, (96, 96), 1600, options)
            share = (view.pixels[..., 0] > 128).mean()
            covered = np.prod(view.boxes[:, 2:] - view.boxes[:, :2], axis=1).sum() / 96**2
            assert abs(covered - share) < 0.2


class TestGeometry:
    def test_a_small_photo_lies_whole_in_the_view(self):
        corners = np.array([[0, 0, 1], [80, 0, 1], [80, 60, 1], [0, 60, 1.0]])
        for seed in range(50):
            matrix = geometry(np.random.default_rng(seed), 80, 60, CELL, 1.0, PLAIN)
            seen = corners @ matrix.T
            assert (seen[:, :2] >= -1e-6).all()
            assert (seen[:, :2] <= np.array(CELL) + 1e-6).all()

    def test_a_large_photo_fills_the_view(self):
        view = np.array([[0, 0, 1], [256, 0, 1], [256, 192, 1], [0, 192, 1.0]])
        for seed in range(50):
            matrix = geometry(np.random.default_rng(seed), 900, 700, CELL, 1.0, PLAIN)
            seen = view @ np.linalg.inv(matrix).T
            assert (seen[:, :2] >= -1e-6).all()
            assert (seen[:, :2] <= np.array([900, 700]) + 1e-6).all()

    def test_mapped_without_a_turn_is_exact(self):
        boxes = np.float32([[10, 20, 50, 90], [0, 0, 5, 5]])
        matrix = np.array([[-2, 0, 100], [0, 0.5, 3], [0, 0, 1.0]])
        assert np.allclose(mapped(boxes, matrix), [[0, 13, 80, 48], [90, 3, 100, 5.5]])

    def test_mapped_keeps_the_size_of_a_turned_square(self):
        angle = np.deg2rad(10)
        matrix = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        (box,) = mapped(np.float32([[-50, -50, 50, 50]]), matrix)
        assert np.allclose(box[2:] - box[:2], 100, rtol=0.08)


class TestCompose:
    COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))

    def photos(self):
        """Photos with one box each, of a class and a colour of its own."""
        made = []
        for number, colour in enumerate(self.COLOURS):
            photo = white_on_black([(120, 80, 180, 140)])
            photo.pixels[80:140, 120:180] = colour
            made.append(View(photo.pixels, photo.boxes, np.int32([number])))
        return made

    @pytest.mark.parametrize("seed", range(6))
    def test_mosaic(self, seed):
        view = compose(np.random.default_rng(seed), self.photos(), INPUT_SIZE, PLAIN)
        assert view.pixels.shape == (256, 256, 3)
        assert (view.boxes.dtype, view.class_id.dtype) == (np.float32, np.int32)
        seen = set()
        for box, class_id in zip(view.boxes, view.class_id, strict=True):
            colour = np.array(self.COLOURS[class_id])
            mask = (np.abs(view.pixels.astype(int) - colour) < 60).all(2)
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            found = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
            assert np.abs(box - found).max() <= 1.5
            seen.add(int(class_id))
        hidden = set(range(4)) - seen
        for class_id in hidden:  # no label: little of it is in the view
            mask = (np.abs(view.pixels.astype(int) - self.COLOURS[class_id]) < 60).all(2)
            assert mask.sum() <= PLAIN.least_visible * 60 * 60 * 1.1

    def test_one_photo_alone(self):
        photo = self.photos()[2]
        view = compose(np.random.default_rng(1), [photo], INPUT_SIZE, PLAIN)
        expected = take(np.random.default_rng(1), photo, (256, 256), INPUT_SIZE, PLAIN)
        assert np.array_equal(view.pixels, expected.pixels)
        assert np.array_equal(view.boxes, expected.boxes)


@pytest.fixture
def noisy():
    """A picture that any disturbance changes."""
    return np.random.default_rng(0).integers(0, 256, (48, 80, 3), np.uint8)


class TestDisturb:
    OFF = replace(PLAIN, light=0, blur=0, glare=0, shade=0, noise=0, jpeg=0)

    @pytest.mark.parametrize("name", ["light", "blur", "glare", "shade", "noise", "jpeg"])
    def test_each_alone(self, noisy, name):
        before = noisy.copy()
        for seed in range(8):
            changed = disturb(np.random.default_rng(seed), noisy, replace(self.OFF, **{name: 1}))
            assert (changed.shape, changed.dtype) == (noisy.shape, np.uint8)
            assert not np.array_equal(changed, noisy)
        assert np.array_equal(noisy, before)  # in place would spoil a cached photo

    def test_all_together(self, noisy):
        options = replace(self.OFF, **dict.fromkeys(("light", "blur", "glare", "shade", "noise", "jpeg"), 1))
        changed = disturb(np.random.default_rng(0), noisy, options)
        assert (changed.shape, changed.dtype) == (noisy.shape, np.uint8)

    def test_none(self, noisy):
        assert np.array_equal(disturb(np.random.default_rng(0), noisy, self.OFF), noisy)

    def test_glare_only_brightens_and_shade_only_darkens(self, noisy):
        for seed in range(10):
            rng = np.random.default_rng(seed)
            assert (glare(rng, noisy).astype(int) >= noisy.astype(int) - 1).all()
            assert (shade(rng, noisy) <= noisy).all()

    def test_blur_flattens(self, noisy):
        for seed in range(10):
            assert blur(np.random.default_rng(seed), noisy).std() < noisy.std()

    def test_light_keeps_the_order_of_greys(self):
        ramp = np.repeat(np.arange(0, 256, 5, dtype=np.uint8)[None, :, None], 3, axis=2)
        for seed in range(10):
            grey = light(np.random.default_rng(seed), np.ascontiguousarray(ramp))[0].astype(int).sum(1)
            assert (np.diff(grey) >= -2).all()
