"""The rows of one bay: cut where few products reach across, unless what lies on both sides is stacked."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from shelfwatch.shelf.links import Floats, Indices, Links
from shelfwatch.shelf.slant import Slant

BINS = 512  # heights at which products across a bay are summed up
DEEPEST = 0.35  # products at a shelf's front edge, as a share of those in the emptier row beside it
APART = 0.08  # least space between rows in heights of the lower product above or below; less is a stack's seam
APART_TWINS = 0.2  # the same between products that look stacked: boxes are not exact
STRAYS = 3  # products that make a row even where each is seen with doubt


@dataclass(frozen=True, eq=False)
class Bay:
    """Part of a photo in which rows line up, and how they run.

    `members` are the indices of its products, `links` how they stand to each other; `row` is int64, the row of each
    from the top; `top` and `foot` are float64, where the shelf lines through a product's top and foot pass the middle
    of the bay, in pixels.
    """

    members: Indices
    links: Links
    slant: Slant
    row: NDArray[np.int64]
    top: Floats
    foot: Floats

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.row.max()) + 1

    @property
    def on_shelf(self) -> NDArray[np.bool_]:
        """Which members stand on a shelf, rather than on another product."""
        standing = np.ones(len(self.members), bool)
        standing[self.links.above[self.links.stacked(self.row)]] = False
        return standing

    @property
    def off(self) -> Floats:
        """How far each member that stands on a shelf is below the others of its row, in distances of rows."""
        row, foot = self.row[self.on_shelf], self.foot[self.on_shelf]
        floor = [median(foot[row == number].tolist()) for number in range(self.rows)]
        apart = median(np.diff(floor).tolist()) if self.rows > 1 else float(np.ptp(np.append(self.foot, self.top)))
        off: Floats = (foot - np.take(floor, row)) / max(apart, 1e-9)
        return off

    @property
    def tangled(self) -> int:
        """Pairs in one row that have a shelf between them, and stacks in two rows."""
        space = self.links.space / _apart(self.links)
        return int(np.count_nonzero(np.where(self.links.stacked(self.row), space > 2, space < 0.5)))


def find_rows(boxes: Floats, links: Links, members: Indices) -> Bay:
    """The rows of the products `members` as if they stood in one bay; `boxes` is float64 (N, 4)."""
    own, links = boxes[members], links.within(members, len(boxes))
    slant = Slant.fit(own, links)
    middle = (own[:, 0] + own[:, 2]) / 2
    top, foot = slant.follow(own[:, 1::2].T, middle, slant.middle[0])
    cuts = _valleys(top, foot, own[:, 2] - own[:, 0])
    height = (top + foot) / 2
    band = np.searchsorted(cuts, height)
    crossing = band[links.below] - band[links.above] == 1
    apart = links.space >= _apart(links)
    sure = links.sure[links.below] & links.sure[links.above]
    keep = []
    for number in range(len(cuts)):
        asked = crossing & (band[links.above] == number)
        votes = apart[asked & sure] if (asked & sure).any() else apart[asked]
        if 2 * np.count_nonzero(votes) > len(votes) or not len(votes):
            keep.append(number)
    _, row = np.unique(np.searchsorted(cuts[keep], height), return_inverse=True)
    return Bay(members, links, slant, _without_strays(row, height, links.sure), top, foot)


def _without_strays(row: NDArray[np.int64], height: Floats, sure: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The rows, where few products all seen with doubt make none: signs and rails join the nearest one."""
    stray = (np.bincount(row, sure) == 0) & (np.bincount(row) < STRAYS)
    if not stray.any() or stray.all():
        return row
    strays = stray[row]
    others = np.flatnonzero(~strays)
    others = others[np.argsort(row[others], kind="stable")]  # of two as near, the upper row
    joined = row.copy()
    joined[strays] = row[others[np.abs(height[strays, None] - height[others]).argmin(axis=1)]]
    rows: NDArray[np.int64] = np.unique(joined, return_inverse=True)[1]
    return rows


def _apart(links: Links) -> Floats:
    """The least space that a shelf takes between each pair."""
    return np.where(links.twin, APART_TWINS, APART)


def _valleys(top: Floats, foot: Floats, width: Floats) -> Floats:
    """Heights that few products reach across, with more above and below: a shelf's front edge or a stack's seam."""
    low, high = float(top.min()), float(foot.max())
    scale = BINS / (high - low)
    first, last = ((edge - low) * scale for edge in (top, foot))
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
