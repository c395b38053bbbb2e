"""How shelves run through a photo: the slope of a shelf at each place, and the way along it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Self

import numpy as np

from shelfwatch.shelf.links import ALIKE, Floats, Links

ROUNDS = 6  # of reweighting; more change nothing that shows
NOISE = 0.02  # least spread of slopes between neighbours: boxes are not exact
# Standard deviations expected of the slope in the middle and of its change over half a photo to the right, downwards
# and both. They keep a shelf of few products straight.
EXPECTED = np.array([0.25, 0.05, 0.15, 0.05])
STEPS = 6  # of following a shelf


@dataclass(frozen=True, eq=False)
class Slant:
    """The slope of shelves in a photo, `a + b x + c y + d x y`; x and y count from `middle` in units of `unit` pixels.

    A tilted camera is in `a`, perspective mostly in `c`, the bulge of a lens in `d`.
    """

    middle: tuple[float, float]
    unit: float
    terms: tuple[float, float, float, float]

    @classmethod
    def fit(cls, boxes: Floats, links: Links) -> Self:
        """The slope that neighbours of like height agree on; `boxes` is float64 (N, 4), N at least 1."""
        low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        middle, unit = (low + high) / 2, float((high - low).max()) / 2
        left, right = links.left, links.right
        height = boxes[:, 3] - boxes[:, 1]
        # Feet stand on the shelf; tops are as high as the products.
        feet = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]])
        step = feet[right] - feet[left]
        slope = step[:, 1] / step[:, 0]
        x, y = (((feet[left] + feet[right]) / 2 - middle) / unit).T
        design = np.column_stack([np.ones_like(x), x, y, x * y])
        likeness = 1 - np.abs(height[left] - height[right]) / (ALIKE * np.maximum(height[left], height[right]))
        terms = np.zeros(4)
        if len(slope):
            terms[0] = median(slope.tolist())
        for _ in range(ROUNDS):
            error = slope - design @ terms
            spread = max(NOISE, 1.48 * median(np.abs(error).tolist())) if len(error) else NOISE
            weight = likeness / (1 + (error / (2 * spread)) ** 2) / spread**2
            pull = design.T * weight
            terms = np.linalg.solve(pull @ design + np.diag(EXPECTED**-2), pull @ slope)
        a, b, c, d = terms.tolist()
        return cls((float(middle[0]), float(middle[1])), unit, (a, b, c, d))

    def follow(self, y: Floats, start: Floats | float, end: Floats | float) -> Floats:
        """Where a shelf that passes (`start`, `y`) passes `end`; pixels, float64 (N,)."""
        a, b, c, d = self.terms
        at = (np.asarray(start, np.float64) - self.middle[0]) / self.unit
        step = ((np.asarray(end, np.float64) - self.middle[0]) / self.unit - at) / STEPS
        height = (y - self.middle[1]) / self.unit
        for _ in range(STEPS):  # Runge's midpoint rule
            half = height + step / 2 * (a + b * at + (c + d * at) * height)
            at = at + step / 2
            height = height + step * (a + b * at + (c + d * at) * half)
            at = at + step / 2
        followed: Floats = height * self.unit + self.middle[1]
        return followed
