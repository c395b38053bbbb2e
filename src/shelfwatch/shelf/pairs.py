"""Which product stands over which: on it, or on the shelf above."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelfwatch.shelf.slant import Floats

Indices = NDArray[np.intp]

OVER = 0.4  # of the narrower one's width: two products one above the other
SINK = 0.3  # how far a product may sink into the one below, in heights of the lower one; boxes are not exact


@dataclass(frozen=True, eq=False)
class Pairs:
    """Products with the next one below them, as indices, and the space between in heights of the lower one."""

    above: Indices
    below: Indices
    space: Floats

    @classmethod
    def find(cls, boxes: Floats) -> Pairs:
        """Each product with the one it stands over: near below, and most under it; `boxes` is float64 (N, 4)."""
        x1, y1, x2, y2 = boxes.T
        width, height = x2 - x1, y2 - y1
        shared = np.minimum(x2[None, :], x2[:, None]) - np.maximum(x1[None, :], x1[:, None])
        shorter = np.minimum(height[None, :], height[:, None])
        shared /= np.minimum(width[None, :], width[:, None])
        space = (y1[None, :] - y2[:, None]) / shorter
        middle = y1 + y2
        over = (shared > OVER) & (space > -SINK) & (middle[None, :] > middle[:, None])
        far = np.where(over, space - shared, np.inf)
        nearest = far.argmin(axis=1)
        above = np.flatnonzero(np.isfinite(far[np.arange(len(boxes)), nearest]))
        below = nearest[above]
        return cls(above, below, space[above, below])
