"""Draw detections on a photo for people to look at."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from shelfwatch.inference.detections import Detections

LINE = 0.0016  # width of a box's outline as a share of the photo's long side
GOLDEN = 0.61803  # hues a golden ratio apart stay distinct for any number of classes


def colour(class_id: int) -> tuple[int, int, int]:
    """RGB of a class: green for the first, then hues far from those before."""
    red, green, blue = colorsys.hsv_to_rgb((0.40 + GOLDEN * class_id) % 1, 0.85, 0.95)
    return round(red * 255), round(green * 255), round(blue * 255)


def annotate(pixels: NDArray[np.uint8], detections: Detections, classes: Sequence[str]) -> Image.Image:
    """The photo, uint8 (H, W, 3), with a box a detection and a line that says how many.

    With more than one class each box carries its label. Boxes are in pixels of `pixels`.
    """
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    width = max(1, round(LINE * max(image.size)))
    font = ImageFont.load_default(max(12, 6 * width))
    for box, class_id in zip(detections.xyxy.tolist(), detections.class_id.tolist(), strict=True):
        draw.rectangle(box, outline=colour(class_id), width=width)
        if len(classes) > 1:
            draw.text((box[0] + 2 * width, box[1] + width), classes[class_id], colour(class_id), font)
    text = f"{len(detections)} found"
    frame = draw.textbbox((4 * width, 4 * width), text, font)
    pad = 3 * width
    draw.rectangle((frame[0] - pad, frame[1] - pad, frame[2] + pad, frame[3] + pad), fill=(12, 16, 24))
    draw.text((4 * width, 4 * width), text, (255, 255, 255), font)
    return image
