"""Plain shelves made of boxes, of which everything is known."""

from dataclasses import dataclass

import numpy as np
import pytest

from shelfwatch.inference.detections import Detections
from shelfwatch.shelf.links import Links
from shelfwatch.shelf.looks import Shot


@dataclass
class Rack:
    """Boxes float64 (N, 4), and row, position and level of each, row by row from the top and left to right."""

    boxes: np.ndarray
    row: np.ndarray
    position: np.ndarray
    level: np.ndarray

    def __getitem__(self, index):
        return Rack(self.boxes[index], self.row[index], self.position[index], self.level[index])

    @property
    def detections(self):
        return as_detections(self.boxes)

    @property
    def links(self):
        return Links.find(self.boxes)


def as_detections(boxes, class_id=0):
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    return Detections(boxes, np.full(len(boxes), 0.9, np.float32), np.full(len(boxes), class_id, np.int32))


def make_rack(
    rows=4,
    places=10,
    *,
    left=100,
    top=100,
    pitch=200,
    width=60,
    step=70,
    slope=0.0,
    fan=0.0,
    levels=None,
    tallest=0.82,
    seed=0,
):
    """Rows of products of uneven height; `slope` tilts them, `fan` lets them part to the right as perspective does.

    `levels` maps (row, position) to the height of a stack there; elsewhere stands one product, at most `tallest` of the
    distance between rows.
    """
    rng = np.random.default_rng(seed)
    found = []
    for row in range(rows):
        for position in range(places):
            x = left + position * step
            middle = x + width / 2
            foot = top + (row + 1) * pitch + (slope + fan * row) * (middle - left)
            number = (levels or {}).get((row, position), 1)
            height = pitch * (0.8 if number > 1 else rng.uniform(0.5, tallest)) / number
            for level in range(number):
                found.append((x, foot - height, x + width, foot, row, position, level))
                foot -= height
    values = np.array(found)
    return Rack(values[:, :4], *values[:, 4:].astype(np.int64).T)


@pytest.fixture(scope="session")
def rack():
    """Make a `Rack`; see `make_rack`."""
    return make_rack


@pytest.fixture(scope="session")
def detections():
    """Boxes as sure detections of one class, the first by default."""
    return as_detections


def paint(boxes, products, *, width=1000, height=1000, light=(1.0, 1.0, 1.0), seed=0):
    """A photo in which each box, (N, 4), shows the print of its product, a number; `light` tints it, `seed` adds noise.

    Products may stick out of the photo, whose boxes are cut then; those outside are left out, their indices not kept.
    """
    rng = np.random.default_rng(seed)
    photo = np.full((height, width, 3), 40.0)
    shown = np.rint(np.clip(boxes, 0, np.tile((width, height), 2))).astype(int)
    for (left, top, right, bottom), (x1, y1, x2, y2), product in zip(boxes, shown, products, strict=True):
        print_of = np.random.default_rng(product).uniform(30, 220, (6, 4, 3))
        rows = ((np.arange(y1, y2) + 0.5 - top) / (bottom - top) * 6).astype(int).clip(0, 5)
        columns = ((np.arange(x1, x2) + 0.5 - left) / (right - left) * 4).astype(int).clip(0, 3)
        photo[y1:y2, x1:x2] = print_of[rows][:, columns]
    photo = photo * light + rng.normal(0, 4, photo.shape)
    kept = (shown[:, 2:] > shown[:, :2]).all(axis=1)
    return Shot(shown[kept].astype(np.float64), width, height, photo.clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="session")
def painted():
    """Make a `Shot`; see `paint`."""
    return paint
