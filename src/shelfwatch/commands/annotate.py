"""Draw detections on a photo for people to look at."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from shelfwatch.inference.detections import Detections
from shelfwatch.shelf import ShelfReport

LINE = 0.0016  # width of a box's outline as a share of the photo's long side
GOLDEN = 0.61803  # hues a golden ratio apart stay distinct for any number of classes
GAP = (230, 30, 40)  # RGB of gaps
GAP_VEIL = 70  # opacity of their ground, 0..255


def colour(class_id: int) -> tuple[int, int, int]:
    """RGB of a class: green for the first, then hues far from those before."""
    return _hue((0.40 + GOLDEN * class_id) % 1)


def row_colour(row: int) -> tuple[int, int, int]:
    """RGB of a row: hues far from those of the rows above, none of them the red of gaps."""
    return _hue(0.12 + 0.76 * ((0.40 + GOLDEN * row) % 1))


def _hue(hue: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.85, 0.95)
    return round(red * 255), round(green * 255), round(blue * 255)


def annotate(
    pixels: NDArray[np.uint8], detections: Detections, classes: Sequence[str], report: ShelfReport | None = None
) -> Image.Image:
    """The photo, uint8 (H, W, 3), with a box a detection and a line that says how many.

    With more than one class each box carries its label. With a report on the detections, boxes have the colour of their
    row, and gaps are drawn with their width in facings. Boxes are in pixels of `pixels`.
    """
    image = Image.fromarray(pixels)
    width = max(1, round(LINE * max(image.size)))
    font = ImageFont.load_default(max(12, 6 * width))
    text = f"{len(detections)} found"
    outlines = [colour(class_id) for class_id in detections.class_id.tolist()]
    if report is not None:
        draw_gaps(image, report, width, font)
        text = f"{report.facings} facings, {len(report.rows)} rows, {report.fill_rate:.0%} filled"
        outlines = [row_colour(row) for row in report.row.tolist()]
    draw = ImageDraw.Draw(image)
    for box, class_id, outline in zip(detections.xyxy.tolist(), detections.class_id.tolist(), outlines, strict=True):
        draw.rectangle(box, outline=outline, width=width)
        if len(classes) > 1:
            draw.text((box[0] + 2 * width, box[1] + width), classes[class_id], outline, font)
    frame = draw.textbbox((4 * width, 4 * width), text, font)
    pad = 3 * width
    draw.rectangle((frame[0] - pad, frame[1] - pad, frame[2] + pad, frame[3] + pad), fill=(12, 16, 24))
    draw.text((4 * width, 4 * width), text, (255, 255, 255), font)
    return image


def draw_gaps(
    image: Image.Image, report: ShelfReport, width: int, font: ImageFont.ImageFont | ImageFont.FreeTypeFont
) -> None:
    """Mark the gaps of a report in red, each with its width in facings."""
    draw = ImageDraw.Draw(image, "RGBA")
    for gap in report.gaps:
        draw.rectangle(gap.box, fill=(*GAP, GAP_VEIL), outline=GAP, width=width)
        middle = (gap.box[0] + gap.box[2]) / 2, (gap.box[1] + gap.box[3]) / 2
        words = f"{gap.width_facings:.1f}"
        draw.text(middle, words, (255, 255, 255), font, "mm", stroke_width=width, stroke_fill=GAP)
