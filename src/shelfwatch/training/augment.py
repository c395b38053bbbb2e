"""Training views: crops and mosaics of photos as phones would have taken them, with their boxes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shelfwatch.inference.letterbox import PAD_VALUE

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class AugmentOptions:
    """How far a training view may differ from its photo; probabilities are a view's, magnitudes the largest drawn."""

    canvas: int = 640  # sides of a view, pixels; a multiple of the network's stride
    zoom: tuple[float, float] = (0.5, 1.7)  # scale against the one the detector is served at, drawn log-uniformly
    aspect: float = 0.10  # stretch of one side against the other
    degrees: float = 3.0  # rotation
    shear: float = 0.03
    perspective: float = 0.12  # how much smaller the far side of a view may be than the near one
    mosaic: float = 0.4  # probability that a view is made of four photos
    light: float = 0.8  # probabilities of each disturbance from here on
    blur: float = 0.15
    glare: float = 0.08
    shade: float = 0.10
    noise: float = 0.10
    jpeg: float = 0.30
    least_visible: float = 0.35  # share of a box that must remain in the view for it to count

    def distorted(self, factor: float) -> AugmentOptions:
        """The same with stretch, rotation, shear and perspective `factor` times as large."""
        bent = ("aspect", "degrees", "shear", "perspective")
        return replace(self, **{name: getattr(self, name) * factor for name in bent})


@dataclass(frozen=True, eq=False)
class View:
    """One training view: `pixels` uint8 (h, w, 3) RGB, `boxes` float32 (N, 4) xyxy in its pixels, `class_id` (N,).

    Where the boxes are not `exact`, they say where products are, but not where their edges run; where they are
    `corrected`, people have set right there what a model answered.
    """

    pixels: Pixels
    boxes: NDArray[np.float32]
    class_id: NDArray[np.int32]
    exact: bool = True
    corrected: bool = False


def mapped(boxes: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Axis-aligned boxes (N, 4) after a perspective `matrix` (3, 3).

    The hull of the four turned corners grows with every turn, although what fills a box seldom reaches its
    corners, and the box through the middles of the turned sides shrinks. The mean of both keeps its size.
    """
    x1, y1, x2, y2 = boxes.astype(np.float64).T
    cx, cy = (x1 + x2) / 2, (y1 + y2) / 2
    points = np.stack([np.stack([x1, x2, x2, x1, cx, x2, cx, x1], 1), np.stack([y1, y1, y2, y2, y1, cy, y2, cy], 1)], 2)
    turned = np.concatenate([points, np.ones_like(points[..., :1])], 2) @ matrix.T
    turned = turned[..., :2] / turned[..., 2:]
    both = [np.concatenate([part.min(1), part.max(1)], 1) for part in (turned[:, :4], turned[:, 4:])]
    result: NDArray[np.float32] = ((both[0] + both[1]) / 2).astype(np.float32)
    return result


def geometry(
    rng: np.random.Generator, width: int, height: int, cell: tuple[int, int], scale: float, options: AugmentOptions
) -> NDArray[np.float64]:
    """A random (3, 3) map from a photo of `width` × `height` pixels to a view of `cell` (width, height) at `scale`."""
    view_w, view_h = cell
    stretch = np.exp(rng.uniform(-options.aspect, options.aspect) / 2)
    # Look at a spot whose surroundings fill the view; a photo smaller than the view lies anywhere in it.
    spans = np.array([view_w / (scale * stretch), view_h / (scale / stretch)])
    room = np.array([width, height]) - spans
    spot = np.array([width, height]) / 2 + rng.uniform(-0.5, 0.5, 2) * np.abs(room)
    to_spot = np.array([[1, 0, -spot[0]], [0, 1, -spot[1]], [0, 0, 1.0]])
    angle = np.deg2rad(rng.uniform(-options.degrees, options.degrees))
    cos, sin = np.cos(angle), np.sin(angle)
    shear = rng.uniform(-options.shear, options.shear)
    flip = -1.0 if rng.random() < 0.5 else 1.0
    zoom = np.diag([flip * scale * stretch, scale / stretch, 1.0])
    turn = np.array([[cos, -sin + shear, 0], [sin, cos, 0], [0, 0, 1.0]])
    lean = np.eye(3)
    lean[2, :2] = rng.uniform(-options.perspective, options.perspective, 2) / np.array([view_w, view_h])
    to_view = np.array([[1, 0, view_w / 2], [0, 1, view_h / 2], [0, 0, 1.0]])
    matrix: NDArray[np.float64] = to_view @ lean @ turn @ zoom @ to_spot
    return matrix


def take(
    rng: np.random.Generator, photo: View, cell: tuple[int, int], input_size: int, options: AugmentOptions
) -> View:
    """One photo seen through a random geometry; `input_size` is the long side the detector is served at, pixels."""
    height, width = photo.pixels.shape[:2]
    scale = input_size / max(height, width) * np.exp(rng.uniform(*np.log(options.zoom)))
    pixels = photo.pixels
    matrix = geometry(rng, width, height, cell, scale, options)
    if scale < 0.8:  # the service shrinks with a filter; warping alone would skip pixels and alias
        size = max(1, round(width * scale)), max(1, round(height * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        shrunk = np.diag([size[0] / width, size[1] / height, 1.0])
        warp = matrix @ np.linalg.inv(shrunk)
    else:
        warp = matrix
    border = (PAD_VALUE,) * 3
    # Box coordinates count from a pixel's corner, OpenCV's from its middle; a mirrored view would miss by a pixel.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    warp = np.linalg.inv(half) @ warp @ half
    seen = cv2.warpPerspective(pixels, warp, cell, flags=cv2.INTER_LINEAR, borderValue=border)
    boxes = mapped(photo.boxes, matrix)
    limit = np.array([*cell, *cell], np.float32)
    inside = boxes.clip(0, limit)
    share = (inside[:, 2:] - inside[:, :2]).prod(1) / (boxes[:, 2:] - boxes[:, :2]).prod(1).clip(1e-6)
    kept = (share >= options.least_visible) & ((inside[:, 2:] - inside[:, :2]).min(1) >= 3)
    return View(np.asarray(seen, np.uint8), inside[kept], photo.class_id[kept])


def compose(rng: np.random.Generator, photos: list[View], input_size: int, options: AugmentOptions) -> View:
    """A view of `canvas` × `canvas` pixels from one photo, or a mosaic of four around a random crossing."""
    side = options.canvas
    if len(photos) == 1:
        return take(rng, photos[0], (side, side), input_size, options)
    x, y = (round(side * value) for value in rng.uniform(0.3, 0.7, 2))
    canvas = np.empty((side, side, 3), np.uint8)
    boxes, class_id = [], []
    corners = [(0, 0, x, y), (x, 0, side, y), (0, y, x, side), (x, y, side, side)]
    for photo, (x1, y1, x2, y2) in zip(photos, corners, strict=True):
        part = take(rng, photo, (x2 - x1, y2 - y1), input_size, options)
        canvas[y1:y2, x1:x2] = part.pixels
        boxes.append(part.boxes + np.array([x1, y1, x1, y1], np.float32))
        class_id.append(part.class_id)
    return View(canvas, np.concatenate(boxes), np.concatenate(class_id))


def disturb(rng: np.random.Generator, pixels: Pixels, options: AugmentOptions) -> Pixels:
    """What phones do to a picture: light, blur, glare, shade, noise, JPEG. uint8 (h, w, 3) RGB to the same."""
    if rng.random() < options.shade:
        pixels = shade(rng, pixels)
    if rng.random() < options.glare:
        pixels = glare(rng, pixels)
    if rng.random() < options.light:
        pixels = light(rng, pixels)
    if rng.random() < options.blur:
        pixels = blur(rng, pixels)
    if rng.random() < options.noise:
        spread = rng.uniform(2, 12)
        grain = rng.standard_normal(pixels.shape, np.float32) * spread
        pixels = (pixels + grain).clip(0, 255).astype(np.uint8)
    if rng.random() < options.jpeg:
        quality = int(rng.integers(25, 90))
        blue_first = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)  # the order whose colours JPEG keeps best
        _, data = cv2.imencode(".jpg", blue_first, [cv2.IMWRITE_JPEG_QUALITY, quality])
        pixels = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8)
    return pixels


def light(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """Exposure, contrast, gamma and white balance by one table a channel, then saturation."""
    ramp = np.linspace(0, 1, 256)
    gamma = np.exp(rng.uniform(-0.45, 0.45))
    contrast, offset = np.exp(rng.uniform(-0.35, 0.35)), rng.uniform(-0.12, 0.12)
    gains = np.exp(rng.uniform(-0.12, 0.12, 3))
    curve = ((ramp**gamma - 0.5) * contrast + 0.5 + offset)[:, None] * gains
    table = (curve * 255).clip(0, 255).astype(np.uint8)
    seen: Any = cv2.LUT(pixels, table[None])
    grey = cv2.cvtColor(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    amount = rng.uniform(0.3, 1.5)
    return np.asarray(cv2.addWeighted(seen, amount, grey, 1 - amount, 0), np.uint8)


def blur(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """A moving hand, a missed focus, or too few pixels."""
    kind = rng.integers(3)
    if kind == 0:
        length = int(rng.integers(3, 8))
        kernel = np.zeros((length, length), np.float32)
        kernel[length // 2] = 1
        turn = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), rng.uniform(0, 180), 1)
        kernel = np.asarray(cv2.warpAffine(kernel, turn, (length, length)), np.float32)
        return np.asarray(cv2.filter2D(pixels, -1, kernel / max(kernel.sum(), 1e-3)), np.uint8)
    if kind == 1:
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.5, 1.8)), np.uint8)
    height, width = pixels.shape[:2]
    factor = rng.uniform(0.4, 0.8)
    small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def spot(rng: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    """A soft elliptical spot somewhere in the view, float32 (h, w, 1) in 0..1."""
    cx, cy = rng.uniform(0, width), rng.uniform(0, height)
    rx, ry = rng.uniform(0.05, 0.4) * width, rng.uniform(0.05, 0.4) * height
    x = np.exp(-(((np.arange(width, dtype=np.float32) - cx) / rx) ** 2))
    y = np.exp(-(((np.arange(height, dtype=np.float32) - cy) / ry) ** 2))
    shape: NDArray[np.float32] = (y[:, None] * x[None, :])[..., None].astype(np.float32)
    return shape


def glare(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """A lamp mirrored in packaging or a cooler door."""
    lit = spot(rng, *pixels.shape[:2]) * rng.uniform(0.4, 1.0)
    return (pixels + (255 - pixels.astype(np.float32)) * lit).astype(np.uint8)


def shade(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """A darker part of the shelf: a soft spot or a slope over the view."""
    height, width = pixels.shape[:2]
    if rng.random() < 0.5:
        dark = spot(rng, height, width)
    else:
        slope = np.linspace(0, 1, height, dtype=np.float32)
        dark = np.broadcast_to((slope if rng.random() < 0.5 else slope[::-1])[:, None, None], (height, width, 1))
    return (pixels * (1 - dark * rng.uniform(0.2, 0.6))).astype(np.uint8)
