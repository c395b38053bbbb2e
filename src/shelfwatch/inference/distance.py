"""How large products look to the network, and at what size a photo shot from close by is looked at instead."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelfwatch.inference.detections import Detections
from shelfwatch.inference.letterbox import Letterbox

# How much larger than usual products may look. Of 246 photos of whole bays 99 % stay below; from there on models see
# parts of packs as products (docs/training.md, "Photos from close by").
TOO_CLOSE = 1.4
STEPS = 4  # at most; close up, a look shows products smaller than they are, and only the next one how large


def typical_side(areas: NDArray[np.floating[Any]]) -> float:
    """The side √area, in pixels, of a typical one of products of `areas` (N,) in square pixels; 0 where there are none.

    Half of what all products cover belongs to larger ones. By number, the parts of packs that a model takes for
    products close up would outweigh the packs themselves.
    """
    ordered = np.sort(areas.astype(np.float64))
    covered = np.cumsum(ordered)
    return float(np.sqrt(ordered[np.searchsorted(covered, covered[-1] / 2)])) if len(ordered) else 0.0


def typical_size(found: Detections, letterbox: Letterbox) -> float:
    """The side of a typical product of those `found`, in network pixels; 0 where nothing was found."""
    scale = letterbox.inner_width / letterbox.photo_width
    return typical_side((found.xyxy[:, 2:] - found.xyxy[:, :2]).prod(axis=1)) * scale


def room(found: Detections, letterbox: Letterbox, usual: float) -> float:
    """How many times larger the products `found` may look until they look as large as `usual`, in network pixels.

    Infinite where nothing was found or `usual`, a model's `product_size`, is unknown.
    """
    typical = typical_size(found, letterbox)
    return usual / typical if usual and typical else math.inf


def smaller_input(found: Detections, letterbox: Letterbox, usual: float, stride: int) -> int | None:
    """The long side of an input in which products look as large as `usual`; None where those `found` are not too large.

    `usual` is as for `room`. The side is a multiple of `stride`, so that a pixel of a product changes nothing.
    """
    share = room(found, letterbox, usual)
    if share >= 1 / TOO_CLOSE:
        return None
    long = max(letterbox.inner_width, letterbox.inner_height)
    size = max(1, round(long * share / stride)) * stride
    return size if size < long else None
