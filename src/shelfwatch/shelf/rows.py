"""The rows of one bay: cut where few products reach across, unless what lies on both sides is stacked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelfwatch.shelf.pairs import Indices, Pairs
from shelfwatch.shelf.slant import Floats, Slant

BINS = 512  # heights at which products across a bay are summed up
DEEPEST = 0.35  # products at a shelf's front edge, as a share of those in the emptier row beside it
APART = 0.08  # least space between rows in heights of the lower product above or below; less is a stack's seam


@dataclass(frozen=True, eq=False)
class Bay:
    """Part of a photo in which rows line up, and how they run."""

    members: Indices  # products
    row: NDArray[np.int64]  # of each member, 0 = top
    slant: Slant
    tangled: int  # pairs in one row that have a shelf between them, and stacks in two


def find_rows(boxes: Floats, pairs: Pairs, members: Indices) -> Bay:
    """The rows of the products `members` as if they stood in one bay; `boxes` is float64 (N, 4)."""
    own = boxes[members]
    slant = Slant.fit(own)
    middle = (own[:, 0] + own[:, 2]) / 2
    top, bottom = (slant.follow(own[:, side], middle, slant.middle[0]) for side in (1, 3))
    local = np.full(len(boxes), -1)
    local[members] = np.arange(len(members))
    within = (local[pairs.above] >= 0) & (local[pairs.below] >= 0)
    above, below, space = local[pairs.above[within]], local[pairs.below[within]], pairs.space[within]
    cuts = _valleys(top, bottom, own[:, 2] - own[:, 0])
    band = np.searchsorted(cuts, (top + bottom) / 2)
    crossing = band[below] - band[above] == 1
    keep = []
    for number in range(len(cuts)):
        voters = space[crossing & (band[above] == number)]
        if not len(voters) or np.median(voters) >= APART:
            keep.append(number)
    row = np.searchsorted(cuts[keep], (top + bottom) / 2)
    _, row = np.unique(row, return_inverse=True)
    tangled = np.count_nonzero(np.where(row[above] == row[below], space > 2 * APART, space < APART / 2))
    return Bay(members, row, slant, int(tangled))


def _valleys(top: Floats, bottom: Floats, width: Floats) -> Floats:
    """Heights that few products reach across, with more above and below: a shelf's front edge or a stack's seam."""
    low, high = float(top.min()), float(bottom.max())
    scale = BINS / (high - low)
    first, last = ((edge - low) * scale for edge in (top, bottom))
    change = np.bincount(first.astype(np.intp), width, BINS + 1) - np.bincount(last.astype(np.intp), width, BINS + 1)
    there = np.cumsum(change)[:BINS]
    there[there < 1e-6 * width.sum()] = 0  # what rounding leaves
    starts = np.flatnonzero(np.diff(there, prepend=-1.0))
    level = there[starts]
    ends = np.append(starts[1:], BINS)
    dips = 1 + np.flatnonzero((level[1:-1] < level[:-2]) & (level[1:-1] < level[2:]))
    if not len(dips):
        return np.zeros(0)
    peaks = np.maximum.reduceat(level, np.append(0, dips)).tolist()
    valleys = dips.tolist()
    while valleys:
        depth = [level[valley] / min(peaks[i], peaks[i + 1]) for i, valley in enumerate(valleys)]
        worst = int(np.argmax(depth))
        if depth[worst] <= DEEPEST:
            break
        peaks[worst : worst + 2] = [max(peaks[worst : worst + 2])]
        del valleys[worst]
    middle: Floats = (starts[valleys] + ends[valleys]) / 2 / scale + low
    return middle
