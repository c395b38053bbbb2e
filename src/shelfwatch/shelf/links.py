"""How products stand to each other: side by side, one above the other, or two boxes round the same one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

ALIKE = 0.15  # difference of height up to which neighbours say how the shelf runs, as a share of the taller
BESIDE = 0.5  # of the shorter one's height: overlap of two products side by side
OVER = 0.4  # of the narrower one's width: overlap of two products one above the other
SINK = 0.3  # how far a product may sink into the one below, in heights of the lower one; boxes are not exact
TWIN = 0.12  # difference of middle, width and height up to which one product may be stacked on another like it
NESTED = 0.8  # share of a box inside a larger one from which both are the same product
FLAT = 2 / 3  # of the usual height; flatter products count as that high where the room above them is measured
SMALLEST = 0.2  # of the larger one's area; smaller boxes are no second look at it


@dataclass(frozen=True, eq=False)
class Links:
    """Which of N products stand side by side and which over which, as indices.

    `left` and `right` are neighbours of like height. `above` and `below` are a product and the one it stands over, on
    it or on the shelf above; `space` is the room between them in heights of the shorter product, flat ones taken for
    taller: a shelf is no thinner over them. `twin` is whether they are of one size and one exactly above the other, as
    in a stack. `sure` are the products seen without doubt, bool (N,).
    """

    left: Indices
    right: Indices
    above: Indices
    below: Indices
    space: Floats
    twin: NDArray[np.bool_]
    sure: NDArray[np.bool_]

    @classmethod
    def find(cls, boxes: Floats, sure: NDArray[np.bool_] | None = None) -> Self:
        """The links of the products in `boxes`, float64 (N, 4); `sure` is bool (N,), None where all are."""
        one, other = near(boxes)
        height = boxes[:, 3] - boxes[:, 1]
        middle = boxes[:, :2] + boxes[:, 2:]  # doubled
        shorter, taller = np.minimum(height[one], height[other]), np.maximum(height[one], height[other])
        shared = np.minimum(boxes[one, 2:], boxes[other, 2:]) - np.maximum(boxes[one, :2], boxes[other, :2])
        away = middle[other, 0] - middle[one, 0]
        width = boxes[:, 2] - boxes[:, 0]
        narrower = np.minimum(width[one], width[other])
        beside = (away > narrower) & (shared[:, 1] > BESIDE * shorter) & (taller - shorter < ALIKE * taller)
        chosen = np.flatnonzero(beside)
        chosen = chosen[_least(one[chosen], away[chosen])]
        left, right = one[chosen], other[chosen]
        turned = middle[one, 1] > middle[other, 1]
        above, below = np.where(turned, other, one), np.where(turned, one, other)
        space = (boxes[below, 1] - boxes[above, 3]) / shorter
        covered = shared[:, 0] / narrower
        over = np.flatnonzero((covered > OVER) & (space > -SINK) & (middle[one, 1] != middle[other, 1]))
        # The one near below, and most under it.
        over = over[_least(above[over], space[over] - covered[over])]
        above, below = above[over], below[over]
        centre = np.abs(middle[above, 0] - middle[below, 0]) / 2
        unlike = np.maximum(centre, np.abs(width[above] - width[below])) / narrower[over]
        unlike = np.maximum(unlike, (taller / shorter)[over] - 1)
        room = space[over] * np.minimum(shorter[over] / (FLAT * _usual(height)), 1)
        sure = np.ones(len(boxes), bool) if sure is None else sure
        return cls(left, right, above, below, room, unlike < TWIN, sure)

    def within(self, members: Indices, count: int) -> Self:
        """The links among `members` of `count` products, as indices into `members`."""
        local = np.full(count, -1)
        local[members] = np.arange(len(members))
        beside = (local[self.left] >= 0) & (local[self.right] >= 0)
        over = (local[self.above] >= 0) & (local[self.below] >= 0)
        return type(self)(
            local[self.left[beside]],
            local[self.right[beside]],
            local[self.above[over]],
            local[self.below[over]],
            self.space[over],
            self.twin[over],
            self.sure[members],
        )

    def stacked(self, row: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of `above` stand on the one below, where `row` is the row of each product."""
        same: NDArray[np.bool_] = row[self.above] == row[self.below]
        return same


def _usual(height: Floats) -> float:
    """The height up to which products fill half of what all fill: flat ones in a stack count as much as a tall one."""
    ordered = np.sort(height)
    filled = ordered.cumsum()
    return float(ordered[np.searchsorted(filled, filled[-1] / 2)])


def near(boxes: Floats) -> tuple[Indices, Indices]:
    """Every pair of boxes, the second beginning at most a width of the first behind its end, as indices."""
    order = np.argsort(boxes[:, 0], kind="stable")
    start = boxes[order, 0]
    end = np.searchsorted(start, 2 * boxes[order, 2] - start)
    everyone = np.arange(len(boxes))
    number = np.maximum(end - everyone - 1, 0)
    one = np.repeat(everyone, number)
    other = np.arange(len(one)) - np.repeat(number.cumsum() - number, number) + one + 1
    return order[one], order[other]


def hosts(boxes: Floats) -> Indices:
    """The larger box that holds most of each box and is the same product, itself where there is none; (N,)."""
    one, other = near(boxes)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    # Of two equal boxes the first holds the second.
    turned = (area[one] > area[other]) | ((area[one] == area[other]) & (one < other))
    inner, outer = np.where(turned, other, one), np.where(turned, one, other)
    shared = np.minimum(boxes[one, 2:], boxes[other, 2:]) - np.maximum(boxes[one, :2], boxes[other, :2])
    inside = shared.clip(0).prod(axis=1) > np.maximum(NESTED * area[inner], SMALLEST * area[outer])
    inner, outer = inner[inside], outer[inside]
    largest = _least(inner, -area[outer])
    host = np.arange(len(boxes))
    host[inner[largest]] = outer[largest]
    while (host[host] != host).any():
        host = host[host]
    return host


def _least(group: Indices, cost: Floats) -> Indices:
    """The entry of least cost in each group, the first of equals."""
    order = np.lexsort((cost, group))
    return order[np.flatnonzero(np.diff(group[order], prepend=-1))]
