"""The report on one photo of a shelf: rows, positions, levels, gaps and fill rates."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shelfwatch.inference.detections import Detections
from shelfwatch.shelf.bays import find_bays
from shelfwatch.shelf.columns import Columns, arrange
from shelfwatch.shelf.evidence import BUSY, texture
from shelfwatch.shelf.gaps import Line, bound, find_gaps
from shelfwatch.shelf.links import Floats, Indices, Links, hosts

MAJOR = 1.5  # facings from which a gap is major: more than one product is missing
CRITICAL = 3.0  # facings from which it is critical
DOUBT = 0.5  # of the confidence usual in the photo, below which a product is seen with doubt
NOWHERE = -1  # row, position and level of what is no product
PLACE = ("row", "position", "level")  # fields that a detection gets

Box = tuple[float, float, float, float]
Severity = Literal["minor", "major", "critical"]


@dataclass(frozen=True)
class Row:
    """One row of the shelf: `index` counts from the top, `bay` from the left; `box` bounds its products and gaps.

    `fill_rate` is the share of its length that is not gap, 0..1.
    """

    index: int
    bay: int
    box: Box
    facings: int
    fill_rate: float


@dataclass(frozen=True)
class Gap:
    """An empty place of a row; `width_facings` is its width in widths of its neighbours."""

    row: int
    box: Box
    width_facings: float

    @property
    def severity(self) -> Severity:
        """How much is missing: less than `MAJOR`, less than `CRITICAL`, or more."""
        if self.width_facings < MAJOR:
            return "minor"
        return "major" if self.width_facings < CRITICAL else "critical"


@dataclass(frozen=True, eq=False)
class ShelfReport:
    """What stands where in one photo.

    `row`, `position` and `level` are int32 (N,), one a detection and in their order, `NOWHERE` for what is no product.
    Second boxes of one product share its place and are not counted in `facings`. `fill_rate` is the share of all rows'
    length that is not gap, 0 where no product is seen. Boxes are in pixels, as those of the detections.
    """

    row: NDArray[np.int32]
    position: NDArray[np.int32]
    level: NDArray[np.int32]
    rows: tuple[Row, ...]
    gaps: tuple[Gap, ...]
    facings: int
    fill_rate: float

    def to_json(self) -> dict[str, Any]:
        """JSON-ready report: facings, fill rate, rows and gaps."""
        return {
            "facings": self.facings,
            "fill_rate": round(self.fill_rate, 4),
            "rows": [
                {
                    "index": row.index,
                    "bay": row.bay,
                    "box": _rounded(row.box),
                    "facings": row.facings,
                    "fill_rate": round(row.fill_rate, 4),
                }
                for row in self.rows
            ],
            "gaps": [
                {
                    "row": gap.row,
                    "box": _rounded(gap.box),
                    "width_facings": round(gap.width_facings, 2),
                    "severity": gap.severity,
                }
                for gap in self.gaps
            ],
        }

    def place(self, detections: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The JSON-ready detections with row, position and level, which are None for what is no product.

        Those behind the ones that were analysed have no place either.
        """
        places = np.column_stack([self.row, self.position, self.level]).tolist()
        places += [[NOWHERE] * len(PLACE)] * (len(detections) - len(places))
        return [
            {**detection, **{name: None if at == NOWHERE else at for name, at in zip(PLACE, place, strict=True)}}
            for detection, place in zip(detections, places, strict=True)
        ]


@dataclass(frozen=True, eq=False)
class _Found:
    """One row before rows are numbered across bays."""

    bay: int
    members: Indices
    columns: Columns
    line: Line
    gaps: Floats  # (G, 4)
    gap_facings: list[float]


def analyze(
    detections: Detections,
    *,
    width: int | None = None,
    height: int | None = None,
    products: Collection[int] | None = None,
    pixels: NDArray[np.uint8] | None = None,
) -> ShelfReport:
    """Where each product stands and what is missing.

    `width` and `height` are those of the photo in pixels; with them, gaps at its edges are told from products it cuts.
    `products` are the class ids of products; None takes every class for one. `pixels` is the photo at any scale, RGB
    uint8 (H, W, 3); gaps in which it shows as much print as products have are then taken for products that were missed.

    Products of less than half the usual confidence make no narrow gaps beside them, and few of them no row; all other
    figures count them as any.
    """
    boxes = detections.xyxy.astype(np.float64)
    real = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    if products is not None:
        real &= np.isin(detections.class_id, list(products))
    seen = np.flatnonzero(real)
    row, position, level = np.full((3, len(boxes)), NOWHERE, np.int32)
    if not len(seen):
        return ShelfReport(row, position, level, (), (), 0, 0.0)
    host = hosts(boxes[seen])
    facings = seen[host == np.arange(len(seen))]
    photo = (float(width), float(height)) if width and height else None
    rows: list[Row] = []
    gaps: list[Gap] = []
    lengths, missing = [], []
    confidence = detections.confidence[facings]
    shelf_rows = _rows(boxes[facings], confidence < DOUBT * median(confidence.tolist()), photo)
    if pixels is not None:
        shelf_rows = _confirmed(shelf_rows, boxes[facings], pixels, photo)
    for index, found in enumerate(shelf_rows):
        members = facings[found.members]
        row[members], position[members], level[members] = index, found.columns.position, found.columns.level
        bounds = np.concatenate([found.columns.box, found.gaps])
        box = (*bounds[:, :2].min(axis=0).tolist(), *bounds[:, 2:].max(axis=0).tolist())
        lengths.append(box[2] - box[0])
        missing.append(float((found.gaps[:, 2] - found.gaps[:, 0]).sum()))
        rows.append(Row(index, found.bay, box, len(members), 1 - missing[-1] / lengths[-1]))
        gaps += [
            Gap(index, (gap[0], gap[1], gap[2], gap[3]), wide)
            for gap, wide in zip(found.gaps.tolist(), found.gap_facings, strict=True)
        ]
    for place in (row, position, level):
        place[seen] = place[seen[host]]
    return ShelfReport(row, position, level, tuple(rows), tuple(gaps), len(facings), 1 - sum(missing) / sum(lengths))


def _rows(boxes: Floats, doubtful: NDArray[np.bool_], photo: tuple[float, float] | None) -> list[_Found]:
    """Every row of a photo, by the height at which it passes the middle of its bay."""
    rows = []
    for number, bay in enumerate(find_bays(boxes, Links.find(boxes, ~doubtful))):
        below = np.arange(len(bay.members))
        stacked = bay.links.stacked(bay.row)
        below[bay.links.above[stacked]] = bay.links.below[stacked]
        chosen, columns, lines = [], [], []
        for index in range(bay.rows):
            members = np.flatnonzero(bay.row == index)
            chosen.append(bay.members[members])
            columns.append(arrange(boxes[chosen[-1]], np.searchsorted(members, below[members])))
            height = median(bay.foot[members[below[members] == members]].tolist())
            sure = columns[-1].position[~doubtful[chosen[-1]]].tolist()
            lines.append(Line(columns[-1].box, height, frozenset(range(len(columns[-1].box))).difference(sure)))
        gaps = find_gaps(lines, photo)
        gap_boxes = bound(gaps, lines, bay.slant)
        if photo is not None:
            gap_boxes = gap_boxes.clip(0, np.tile(photo, 2))
        for index, line in enumerate(lines):
            own = [i for i, gap in enumerate(gaps) if gap.row == index and gap_boxes[i, 1] < gap_boxes[i, 3]]
            facings = [gaps[i].facings for i in own]
            rows.append(_Found(number, chosen[index], columns[index], line, gap_boxes[own], facings))
    return sorted(rows, key=lambda found: found.line.height)


def _confirmed(
    rows: list[_Found], boxes: Floats, pixels: NDArray[np.uint8], photo: tuple[float, float] | None
) -> list[_Found]:
    """The rows without the gaps that the photo shows to be no gaps."""
    if not any(row.gap_facings for row in rows):
        return rows
    height, width = pixels.shape[:2]
    scale = np.tile((width, height), 2) / np.tile(photo or (width, height), 2)
    print_of = texture(pixels, np.concatenate([boxes, *(row.gaps for row in rows)]) * scale)
    start, confirmed = len(boxes), []
    for row in rows:
        own = print_of[start : start + len(row.gap_facings)]
        start += len(own)
        seen = print_of[row.members]
        seen = seen[np.isfinite(seen)].tolist()
        empty = ~(own >= BUSY * median(seen)) if seen else np.ones(len(own), bool)
        wide = [facings for facings, keep in zip(row.gap_facings, empty.tolist(), strict=True) if keep]
        confirmed.append(replace(row, gaps=row.gaps[empty], gap_facings=wide))
    return confirmed


def _rounded(box: Box) -> list[float]:
    return [round(edge, 2) for edge in box]
