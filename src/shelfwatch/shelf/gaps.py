"""Places of a row where products are missing: wider than its ordinary spaces, and short of where its bay ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shelfwatch.shelf.slant import Floats, Slant

LEAST = 0.6  # facings; a narrower space is no gap
LEAST_AT_EDGE = 0.75  # facings where the photo ends: a product cut by its edge may stand there unseen
NEAR_EDGE = 0.9  # facings between a bay's outermost products and the photo's edge up to which the edge cuts the bay
BESIDE = 2  # neighbours on each side whose width counts
ORDINARY = 0.4  # facings; wider spaces do not count when a row's ordinary space is sought
IN_LINE = 0.2  # facings by which the ends of rows may differ and still be the end of the bay
REACHING = 1 / 3  # share of the rows that reach the end of their bay at least
LEAN = 0.2  # steepest lean of an upright, in widths a height


@dataclass(frozen=True, eq=False)
class Line:
    """The places of one row of a bay: `box` is float64 (P, 4), left to right, P at least 1."""

    box: Floats
    height: float  # where it passes the middle of its bay

    @property
    def width(self) -> Floats:
        """Width of each place, float64 (P,)."""
        return self.box[:, 2] - self.box[:, 0]

    def space(self) -> tuple[Floats, float]:
        """The space right of each place but the last, float64 (P - 1,), and how wide one ordinarily is."""
        reach = np.maximum.accumulate(self.box[:, 2])
        free: Floats = self.box[1:, 0] - reach[:-1]
        usual = free[free < ORDINARY * np.median(self.width)]
        return free, max(float(np.median(usual)), 0.0) if len(usual) else 0.0


@dataclass(frozen=True)
class Space:
    """An empty place: its row in the bay, its box and its width in facings of its neighbours."""

    row: int
    box: tuple[float, float, float, float]
    facings: float


def find_gaps(lines: Sequence[Line], slant: Slant, photo: tuple[float, float] | None) -> list[Space]:
    """The gaps of one bay, row by row and left to right; `photo` is its width and height where they are known."""
    left = _ends([line.box[0, 0] for line in lines], lines, 0.0 if photo else None)
    right = _ends([-line.box[:, 2].max() for line in lines], lines, -photo[0] if photo else None)
    gaps = []
    for number, line in enumerate(lines):
        free, usual = line.space()
        start, least = left[number]
        gaps += _at_end(number, line, slant, usual, line.box[0, 0] - start, start, least, 0)
        for place in np.flatnonzero(free > usual).tolist():
            beside = line.width[max(place + 1 - BESIDE, 0) : place + 1 + BESIDE]
            facings = float((free[place] - usual) / np.median(beside))
            if facings >= LEAST:
                end = line.box[place + 1, 0] - usual / 2
                gaps.append(_space(number, line.box[place : place + 2], slant, end - free[place] + usual, end, facings))
        end, least = right[number]
        reach = float(line.box[:, 2].max())
        gaps += _at_end(number, line, slant, usual, -end - reach, reach + usual, least, -1)
    return gaps


def _at_end(
    row: int, line: Line, slant: Slant, usual: float, free: float, start: float, least: float, side: int
) -> list[Space]:
    """The gap between a row's first or last place and the end of its bay, if there is one."""
    beside = line.width[:BESIDE] if side == 0 else line.width[-BESIDE:]
    facings = float((free - usual) / np.median(beside))
    if not least <= facings < np.inf:
        return []
    return [_space(row, line.box[[side]], slant, start, start + free - usual, facings)]


def _space(row: int, beside: Floats, slant: Slant, start: float, end: float, facings: float) -> Space:
    """A gap as high as the places beside it, moved along the shelf."""
    middle, at = (start + end) / 2, (beside[:, 0] + beside[:, 2]) / 2
    top, bottom = (float(slant.follow(beside[:, side], at, middle).mean()) for side in (1, 3))
    return Space(row, (float(start), top, float(end), bottom), facings)


def _ends(outermost: Sequence[float], lines: Sequence[Line], edge: float | None) -> list[tuple[float, float]]:
    """Where the bay ends left of each row, and the least gap there in facings; without an end, minus infinity.

    The end is the line that most rows reach, or the photo's `edge` where that cuts the bay.
    """
    x, y = np.array(outermost), np.array([line.height for line in lines])
    facing = float(np.median(np.concatenate([line.width for line in lines])))
    enough = max(2.0, REACHING * len(lines))
    if len(lines) > 1:
        one, other = np.triu_indices(len(lines), 1)
        lean = (x[other] - x[one]) / np.maximum(y[other] - y[one], 1e-9)
        straight = np.abs(lean) <= LEAN
        one, lean = np.append(one[straight], x.argmin()), np.append(lean[straight], 0.0)
        line = x[one, None] + lean[:, None] * (y[None, :] - y[one, None])
        reached = (np.abs(x[None, :] - line) <= IN_LINE * facing).sum(axis=1)
        # Among lines that as many rows reach, the one furthest out.
        best = int(np.lexsort((line.mean(axis=1), -reached))[0])
        if reached[best] >= enough:
            return [(float(end if edge is None else max(end, edge)), LEAST) for end in line[best]]
    if edge is not None and len(lines) > 1 and np.quantile(x, REACHING) - edge < NEAR_EDGE * facing:
        return [(edge, LEAST_AT_EDGE)] * len(lines)
    return [(np.inf, LEAST)] * len(lines)
