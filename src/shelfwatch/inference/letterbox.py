"""Geometry between photo and network input, both ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shelfwatch.inference.image import Photo, resize, scaled

PAD_VALUE = 114  # grey of the border, 0..255: what Ultralytics trains with
MAX_UPSCALE = 4.0  # a thumbnail gains nothing from more, and a 1 × 1 photo must stay cheap


@dataclass(frozen=True)
class Letterbox:
    """A photo scaled into a grid of whole strides, centred on grey.

    The photo of `photo_width` × `photo_height` pixels becomes `inner_width` × `inner_height` network pixels at
    offset (`left`, `top`) of an input of `width` × `height`. The input is not square: only the short side's last
    stride is padded, which for a 3:4 photo saves a quarter of the arithmetic.
    """

    photo_width: int
    photo_height: int
    inner_width: int
    inner_height: int
    left: int
    top: int
    width: int
    height: int

    @classmethod
    def fit(cls, photo_width: int, photo_height: int, input_size: int, stride: int) -> Letterbox:
        """The letterbox whose long side is `input_size` network pixels and whose sides are multiples of `stride`."""
        scale = min(input_size / max(photo_width, photo_height), MAX_UPSCALE)
        inner_width, inner_height = scaled(photo_width, photo_height, scale)
        width = -(-inner_width // stride) * stride
        height = -(-inner_height // stride) * stride
        return cls(
            photo_width,
            photo_height,
            inner_width,
            inner_height,
            (width - inner_width) // 2,
            (height - inner_height) // 2,
            width,
            height,
        )

    def apply(self, photo: Photo) -> NDArray[np.uint8]:
        """The network input, uint8 (1, height, width, 3) RGB."""
        canvas = np.full((1, self.height, self.width, 3), PAD_VALUE, np.uint8)
        pixels = photo.pixels
        if pixels.shape[:2] != (self.inner_height, self.inner_width):
            pixels = np.asarray(resize(Image.fromarray(pixels), (self.inner_width, self.inner_height)))
        canvas[0, self.top : self.top + self.inner_height, self.left : self.left + self.inner_width] = pixels
        return canvas

    def to_photo(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes from network pixels to photo pixels, clipped to the photo: float32 (N, 4) xyxy both ways."""
        offset = np.array([self.left, self.top] * 2, np.float32)
        scale = np.array([self.photo_width / self.inner_width, self.photo_height / self.inner_height] * 2, np.float32)
        limit = np.array([self.photo_width, self.photo_height] * 2, np.float32)
        inside: NDArray[np.float32] = np.clip((boxes - offset) * scale, 0, limit)
        return inside

    def to_network(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes from photo pixels to network pixels: float32 (N, 4) xyxy both ways."""
        offset = np.array([self.left, self.top] * 2, np.float32)
        scale = np.array([self.inner_width / self.photo_width, self.inner_height / self.photo_height] * 2, np.float32)
        return boxes * scale + offset
