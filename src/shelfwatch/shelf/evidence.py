"""What the photo itself says about a gap: the back of a shelf is plainer than the print on products."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shelfwatch.shelf.links import Floats

BUSY = 0.9  # texture of a gap against that of its row's products from which something stands there after all
MARGIN = 1 / 8  # of a box's sides left out: neighbours reach in


def texture(pixels: NDArray[np.uint8], boxes: Floats) -> Floats:
    """How much neighbouring pixels differ inside each box, float64 (N,); boxes without pixels get not a number.

    `pixels` is RGB, uint8 (H, W, 3); `boxes` is float64 (N, 4) in its pixels.
    """
    light = pixels[..., 1].astype(np.int16)  # green is most of what the eye calls light
    change = np.abs(np.diff(light, axis=0)[:, :-1]) + np.abs(np.diff(light, axis=1)[:-1])
    summed = np.zeros((change.shape[0] + 1, change.shape[1] + 1), np.int64)
    np.cumsum(change, axis=0, out=summed[1:, 1:])
    np.cumsum(summed, axis=1, out=summed)
    margin = np.tile((boxes[:, 2:] - boxes[:, :2]) * MARGIN, 2) * [1, 1, -1, -1]
    limit = np.array([change.shape[1], change.shape[0]] * 2)
    x1, y1, x2, y2 = np.clip(np.rint(boxes + margin), 0, limit).astype(np.intp).T
    total = summed[y2, x2] - summed[y1, x2] - summed[y2, x1] + summed[y1, x1]
    area = (x2 - x1) * (y2 - y1)
    mean: Floats = np.where(area > 0, total / np.maximum(area, 1), np.nan)
    return mean
