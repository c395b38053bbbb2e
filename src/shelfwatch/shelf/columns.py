"""Products that stand in a row, left to right: which share a place because they are stacked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelfwatch.shelf.links import Floats, Indices


@dataclass(frozen=True, eq=False)
class Columns:
    """Places of the products of one row.

    `position` and `level` are int64 (N,), one a product; `box` is float64 (P, 4), the bounds of each place's products,
    left to right.
    """

    position: NDArray[np.int64]
    level: NDArray[np.int64]
    box: Floats


def arrange(boxes: Floats, below: Indices) -> Columns:
    """Positions and levels in one row; `below` is the product each one stands on, itself for those on the shelf."""
    root, level = below.copy(), (below != np.arange(len(below))).astype(np.int64)
    while (root[root] != root).any():
        level, root = level + level[root], root[root]
    feet, column = np.unique(root, return_inverse=True)
    box = np.empty((len(feet), 4))
    for side, least in enumerate((np.inf, np.inf, -np.inf, -np.inf)):
        edge = np.full(len(feet), least)
        (np.minimum if side < 2 else np.maximum).at(edge, column, boxes[:, side])
        box[:, side] = edge
    order = np.argsort(boxes[feet, 0] + boxes[feet, 2], kind="stable")
    place = np.empty(len(feet), np.int64)
    place[order] = np.arange(len(feet))
    # Products side by side on one below share its place; the levels of a place count without holes.
    return Columns(place[column], level, box[order])
