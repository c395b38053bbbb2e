"""Brightness and sharpness of photos: right directions, what must not matter, extremes."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from shelfwatch.inference.image import decode
from shelfwatch.inference.quality import Quality, measure


@pytest.fixture(scope="module")
def shelf(sample: bytes) -> NDArray[np.uint8]:
    return decode(sample, target=960, shrink=True).pixels


def whole(pixels: NDArray[np.uint8]) -> Quality:
    """The same numbers from every pixel by their definition, at half the scale of 960 px."""
    grey = np.asarray(Image.fromarray(pixels).convert("L").reduce(2), np.float64) / 255
    inner = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
    return Quality(grey.mean(), laplacian.var() / (20 * grey.var()))


def test_patches_tell_what_the_whole_photo_does(shelf: NDArray[np.uint8]) -> None:
    looked, truth = measure(shelf), whole(shelf)
    assert looked.brightness == pytest.approx(truth.brightness, abs=0.02)
    assert looked.sharpness == pytest.approx(truth.sharpness, rel=0.2)


def test_darker_photos_are_less_bright_and_just_as_sharp(shelf: NDArray[np.uint8]) -> None:
    bright = measure(shelf)
    for gain in (0.8, 0.5, 0.2):
        dark = measure((shelf * gain).astype(np.uint8))
        assert dark.brightness == pytest.approx(bright.brightness * gain, abs=0.005)
        assert dark.sharpness == pytest.approx(bright.sharpness, rel=0.05)


def test_each_step_of_blur_is_less_sharp_and_as_bright(shelf: NDArray[np.uint8]) -> None:
    last = measure(shelf)
    for radius in (1, 2, 4, 8):
        blurred = measure(np.asarray(Image.fromarray(shelf).filter(ImageFilter.GaussianBlur(radius))))
        assert blurred.sharpness < last.sharpness / 1.5, radius
        assert blurred.brightness == pytest.approx(last.brightness, abs=0.02)
        last = blurred


def test_a_blurred_jpeg_is_known_through_the_decoder(sample: bytes, shelf: NDArray[np.uint8]) -> None:
    out = io.BytesIO()
    Image.open(io.BytesIO(sample)).filter(ImageFilter.GaussianBlur(6)).save(out, "JPEG")
    shaken = decode(out.getvalue(), target=960, shrink=True).pixels
    assert measure(shaken).sharpness < measure(shelf).sharpness / 5


def test_megapixels_and_turns_do_not_matter(sample: bytes, shelf: NDArray[np.uint8]) -> None:
    here = measure(shelf)
    for other in (decode(sample).pixels, shelf[::-1], shelf[:, ::-1], np.rot90(shelf)):
        there = measure(other)
        assert there.brightness == pytest.approx(here.brightness, abs=0.02)
        assert abs(math.log(there.sharpness / here.sharpness)) < 0.5  # blur of a single pixel is a factor of 2.5


def test_noise_is_one() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 300, 3), dtype=np.uint8)
    assert measure(noise).sharpness == pytest.approx(1, abs=0.1)
    assert measure(noise).brightness == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 700), (700, 1), (3, 3), (4, 5000), (960, 720), (5000, 7)])
def test_extremes_are_finite(size: tuple[int, int]) -> None:
    black, white = np.zeros((*size, 3), np.uint8), np.full((*size, 3), 255, np.uint8)
    assert measure(black) == Quality(0.0, 0.0)
    assert measure(white) == Quality(pytest.approx(1.0), 0.0)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 1100), st.integers(1, 1100), st.integers(0, 2**32 - 1))
def test_any_size_gives_numbers_in_range(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    quality = measure(pixels)
    assert 0 <= quality.brightness <= 1
    assert 0 <= quality.sharpness < 3.3  # a checkerboard, the sharpest there is, has 64 / 20
