"""Places of a row where products are missing: wider than its ordinary spaces, and short of where its bay ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

import numpy as np

from shelfwatch.shelf.links import Floats
from shelfwatch.shelf.slant import Slant

LEAST = 0.6  # facings; a narrower space is no gap
LEAST_AT_EDGE = 0.75  # facings where the photo ends: a product cut by its edge may stand there unseen
NEAR_EDGE = 0.9  # facings between a bay's outermost products and the photo's edge up to which the edge cuts the bay
BESIDE = 2  # neighbours on each side whose width counts
ORDINARY = 0.4  # facings; wider spaces do not count when a row's ordinary space is sought
IN_LINE = 0.2  # facings by which the ends of rows may differ and still be the end of the bay
REACHING = 1 / 3  # share of the rows that reach the end of their bay at least
SURE = 1.5  # facings from which a gap beside a doubtful place counts too: no single product stands there unseen
UPRIGHT = 0.05  # lean up to which two rows are enough to show the end of a bay
POST = 0.3  # facings; a narrower space has no room for an upright
POST_SHARE = 0.75  # share of rows that an upright runs through
POST_ROWS = 4  # rows from which uprights are looked for; in fewer, gaps may lie above each other by chance
LEAN = 0.2  # steepest lean of an upright, in widths a height


@dataclass(frozen=True, eq=False)
class Line:
    """The places of one row of a bay: `box` is float64 (P, 4), left to right, P at least 1.

    `doubtful` are the places seen with doubt: often pieces of a product, whose width and ends then say little.
    """

    box: Floats
    height: float  # where it passes the middle of its bay
    doubtful: frozenset[int] = frozenset()

    @cached_property
    def width(self) -> list[float]:
        """Width of each place."""
        width: list[float] = (self.box[:, 2] - self.box[:, 0]).tolist()
        return width

    @cached_property
    def space(self) -> list[float]:
        """The space right of each place but the last."""
        space: list[float] = (self.box[1:, 0] - np.maximum.accumulate(self.box[:, 2])[:-1]).tolist()
        return space

    @cached_property
    def usual(self) -> float:
        """The space that ordinarily is between two places."""
        widest = ORDINARY * median(self.width)
        ordinary = [space for space in self.space if space < widest]
        return max(median(ordinary), 0.0) if ordinary else 0.0

    def facing(self, start: int, end: int) -> float:
        """The usual width of places `start` to before `end`: of the sure ones where there are any."""
        near = range(max(start, 0), min(end, len(self.width)))
        sure = [self.width[place] for place in near if place not in self.doubtful]
        return median(sure or [self.width[place] for place in near])

    def least(self, facings: float, *beside: int) -> float:
        """The width of a gap beside these places from which it counts, where `facings` is that beside sure ones."""
        return facings if self.doubtful.isdisjoint(beside) else SURE


@dataclass(frozen=True)
class Space:
    """An empty place: its row in the bay, its left and right edge, its width in facings, and the places beside it."""

    row: int
    start: float
    end: float
    facings: float
    beside: tuple[int, int]


def find_gaps(lines: Sequence[Line], photo: tuple[float, float] | None) -> list[Space]:
    """The gaps of one bay, row by row and left to right; `photo` is its width and height where they are known."""
    left = _ends([float(line.box[0, 0]) for line in lines], lines, 0.0 if photo else None)
    right = _ends([-float(line.box[:, 2].max()) for line in lines], lines, -photo[0] if photo else None)
    gaps: list[Space] = []
    posts = _posts(lines)
    for row, line in enumerate(lines):
        usual, last = line.usual, len(line.space)
        start, least = left[row]
        least = line.least(least, 0)
        first = float(line.box[0, 0])
        facings = (first - start - usual) / line.facing(0, BESIDE)
        if least <= facings < math.inf:
            gaps.append(Space(row, start, first - usual, facings, (0, 0)))
        for place, space in enumerate(line.space):
            post = posts.get((row, place), 0.0)
            facings = (space - usual - post) / line.facing(place + 1 - BESIDE, place + 1 + BESIDE)
            if facings >= line.least(LEAST, place, place + 1):
                end = float(line.box[place + 1, 0])
                gaps.append(Space(row, end - space + usual / 2, end - usual / 2, facings, (place, place + 1)))
        end, least = -right[row][0], line.least(right[row][1], last)
        reach = float(line.box[:, 2].max())
        facings = (end - reach - usual) / line.facing(last + 1 - BESIDE, last + 1)
        if least <= facings < math.inf:
            gaps.append(Space(row, reach + usual, end, facings, (last, last)))
    return gaps


def _posts(lines: Sequence[Line]) -> dict[tuple[int, int], float]:
    """The width of the upright in each space through which one runs, by row and place left of it.

    An upright takes a space of nearly every row, each space below the one of the row above.
    """
    if len(lines) < POST_ROWS:
        return {}
    posts: dict[tuple[int, int], float] = {}
    chains: list[list[tuple[int, int]]] = []
    spans: dict[tuple[int, int], tuple[float, float]] = {}
    for row, line in enumerate(lines):
        least, end = POST * median(line.width), line.box[1:, 0].tolist()
        for place, space in enumerate(line.space):
            if space < least:
                continue
            span = spans[row, place] = (end[place] - space, end[place])
            above = [chain for chain in chains if 0 < row - chain[-1][0] <= 2 and _meet(spans[chain[-1]], span)]
            if above:
                max(above, key=len).append((row, place))
            else:
                chains.append([(row, place)])
    for chain in chains:
        if len(chain) >= max(POST_ROWS, POST_SHARE * len(lines)):
            width = median([spans[key][1] - spans[key][0] for key in chain])
            posts |= {key: max(width - lines[key[0]].usual, 0.0) for key in chain}
    return posts


def _meet(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two spans share half of the narrower one."""
    return min(one[1], other[1]) - max(one[0], other[0]) > min(one[1] - one[0], other[1] - other[0]) / 2


def bound(gaps: Sequence[Space], lines: Sequence[Line], slant: Slant) -> Floats:
    """The boxes of gaps, float64 (G, 4): as high as the places beside them, moved along the shelf."""
    beside = np.array([lines[gap.row].box[list(gap.beside)] for gap in gaps]).reshape(-1, 2, 4)
    start, end = np.array([(gap.start, gap.end) for gap in gaps]).reshape(-1, 2).T
    at = (beside[..., 0] + beside[..., 2]) / 2
    edges = slant.follow(beside[..., 1::2], at[..., None], (start + end)[:, None, None] / 2).mean(axis=1)
    return np.column_stack([start, edges[:, 0], end, edges[:, 1]])


def _ends(outermost: Sequence[float], lines: Sequence[Line], edge: float | None) -> list[tuple[float, float]]:
    """Where the bay ends left of each row, infinity where that is unknown, and the least gap there in facings.

    The end is the line that most rows reach, or the photo's `edge` where that cuts the bay.
    """
    x, y = np.array(outermost), np.array([line.height for line in lines])
    facing = median([width for line in lines for width in line.width])
    if len(lines) > 1:
        one, other = np.triu_indices(len(lines), 1)
        lean = (x[other] - x[one]) / np.maximum(y[other] - y[one], 1e-9)
        straight = np.abs(lean) <= LEAN
        one, lean = np.append(one[straight], x.argmin()), np.append(lean[straight], 0.0)
        line = x[one, None] + lean[:, None] * (y[None, :] - y[one, None])
        reached = (np.abs(x[None, :] - line) <= IN_LINE * facing).sum(axis=1)
        # Among lines that as many rows reach, the one furthest out.
        best = int(np.lexsort((line.mean(axis=1), -reached))[0])
        # Two points make a line; only an upright one says something.
        if reached[best] >= max(2 if abs(lean[best]) < UPRIGHT else 3, REACHING * len(lines)):
            return [(float(end if edge is None else max(end, edge)), LEAST) for end in line[best]]
    if (
        edge is not None
        and len(lines) > 1
        and sorted(outermost)[int(REACHING * len(lines))] - edge < NEAR_EDGE * facing
    ):
        return [(edge, LEAST_AT_EDGE)] * len(lines)
    return [(np.inf, LEAST)] * len(lines)
