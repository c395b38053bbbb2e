"""What products look like: each as a small patch of the photo, whatever the light."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shelfwatch.shelf.links import Floats

CELLS = 8  # a patch is 8 x 8 colours
SAMPLES = 2  # pixels looked up along each side of a cell
PLAIN = 0.1  # contrast, against the photo's brightness, below which a patch counts as plain rather than as print

Looks = NDArray[np.float32]  # (N, D), rows of length 1: their dot product is the likeness, -1..1


@dataclass(frozen=True, eq=False)
class Shot:
    """One photo of a shelf: `boxes` of its products, float64 (N, 4), in a frame of `width` x `height` pixels, and the
    `pixels` at any scale, RGB uint8 (h, w, 3).
    """

    boxes: Floats
    width: int
    height: int
    pixels: NDArray[np.uint8]

    @cached_property
    def grids(self) -> Floats:
        """Where each product's patch is looked up, (N, S, 2)."""
        side = CELLS * SAMPLES
        steps = (np.arange(side) + 0.5) / side
        shares = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(1, -1, 2)
        grids: Floats = self.boxes[:, None, :2] + shares * (self.boxes[:, None, 2:] - self.boxes[:, None, :2])
        return grids

    @cached_property
    def looks(self) -> Looks:
        """What each product looks like."""
        return self.look(self.grids)

    def look(self, grids: Floats) -> Looks:
        """What the photo shows on `grids`, (N, S, 2) as `grids` has them; points outside take the edge's colour."""
        patches = self._patches(grids) / self._white
        mean = patches.mean(axis=1, keepdims=True)
        contrast = (patches - mean).reshape(len(patches), 3 * CELLS * CELLS) / np.float32(CELLS)
        # The constant makes two plain patches alike, and a plain one unlike one with print.
        tone = mean.reshape(-1, 3) - 1
        looks = np.hstack([contrast, tone, np.full((len(patches), 1), PLAIN, np.float32)])
        unit: Looks = looks / np.linalg.norm(looks, axis=1, keepdims=True)
        return unit

    @cached_property
    def _white(self) -> NDArray[np.float32]:
        """The mean colour of products, which stands for the light; (3,)."""
        if not len(self.boxes):
            return np.full(3, 128, np.float32)
        white: NDArray[np.float32] = np.maximum(self._patches(self.grids).mean(axis=(0, 1)), np.float32(1))
        return white

    def _patches(self, grids: Floats) -> NDArray[np.float32]:
        """Colours of cells, float32 (N, CELLS * CELLS, 3)."""
        height, width = self.pixels.shape[:2]
        x = np.clip(grids[..., 0] * (width / self.width), 0, width - 1).astype(np.intp)
        y = np.clip(grids[..., 1] * (height / self.height), 0, height - 1).astype(np.intp)
        seen = self.pixels[y, x].reshape(len(grids), CELLS, SAMPLES, CELLS, SAMPLES, 3)
        mean: NDArray[np.float32] = seen.mean(axis=(2, 4), dtype=np.float32)
        return mean.reshape(len(grids), CELLS * CELLS, 3)
