"""How right the shelf analysis is: rows, positions, levels and gaps against what is known of a photo."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shelfwatch.inference.detections import Detections
from shelfwatch.inference.nms import iou_matrix
from shelfwatch.shelf import ShelfReport
from shelfwatch.training.shelf_truth import ShelfTruth

SAME_PRODUCT = 0.5  # least IoU of a detection with the product it counts for
SAME_GAP = 0.5  # least IoU of a gap found with one that was rendered
SAME_DRAWN_GAP = 0.3  # the same for gaps drawn by hand, round the hole rather than where the product would stand
BESIDE = 0.2  # of the narrower one's width: overlap up to which two drawn rows are parts of one, in two bays


@dataclass(frozen=True)
class ShelfScore:
    """Counts over photos; add scores to join them.

    `rows_exact` photos have as many rows found as there are. Of `facings` that were detected, `in_row` are in the right
    row; of the `placed` ones, whose place is known, `in_place` and `at_level` are also at the right position and level.
    Of `gaps_found`, those in photos of which all gaps are known are `gaps_judged`; `gaps_hit` are for a true one.
    """

    photos: int = 0
    rows_exact: int = 0
    facings: int = 0
    placed: int = 0
    in_row: int = 0
    in_place: int = 0
    at_level: int = 0
    gaps: int = 0
    gaps_found: int = 0
    gaps_judged: int = 0
    gaps_hit: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def rates(self) -> dict[str, float | None]:
        """Shares by name, None where there is nothing to count."""

        def share(part: int, whole: int) -> float | None:
            return part / whole if whole else None

        return {
            "rows exact": share(self.rows_exact, self.photos if self.facings else 0),
            "in the right row": share(self.in_row, self.facings),
            "at the right position": share(self.in_place, self.placed),
            "at the right level": share(self.at_level, self.placed),
            "gap precision": share(self.gaps_hit, self.gaps_judged),
            "gap recall": share(self.gaps_hit, self.gaps),
        }

    def to_json(self) -> dict[str, Any]:
        """JSON-ready counts and shares, rounded to four digits."""
        shares = {name: None if value is None else round(value, 4) for name, value in self.rates().items()}
        counts = {"photos": self.photos, "facings": self.facings, "gaps": self.gaps, "gaps found": self.gaps_found}
        return counts | shares


def as_detections(boxes: NDArray[np.float32]) -> Detections:
    """Boxes known to hold products, float32 (N, 4), as sure detections of class 0."""
    return Detections(boxes, np.ones(len(boxes), np.float32), np.zeros(len(boxes), np.int32))


def score_rendered(truth: ShelfTruth, found: Detections, report: ShelfReport) -> ShelfScore:
    """Compare the report on the detections `found` with a rendered shelf."""
    true, seen = pair(iou_matrix(truth.boxes, found.xyxy), SAME_PRODUCT)
    row, got = truth.row[true], report.row[seen]
    counts = np.zeros((int(truth.row.max(initial=0)) + 1, len(report.rows) + 1), np.int64)
    np.add.at(counts, (row, got), 1)
    rows, partners = pair(counts.astype(np.float64), 1)
    partner = np.full(len(counts), len(report.rows))
    partner[rows] = partners
    right = partner[row] == got
    place = report.position[seen] == truth.position[true]
    level = report.level[seen] == truth.level[true]
    boxes = gap_boxes(report)
    return ShelfScore(
        photos=1,
        rows_exact=int(len(report.rows) == len(np.unique(truth.row))),
        facings=len(true),
        placed=len(true),
        in_row=int(right.sum()),
        in_place=int((right & place).sum()),
        at_level=int((right & level).sum()),
        gaps=len(truth.gaps),
        gaps_found=len(boxes),
        gaps_judged=len(boxes),
        gaps_hit=len(pair(iou_matrix(truth.gaps, boxes), SAME_GAP)[0]),
    )


def score_rows(drawn: NDArray[np.float32], found: Detections, report: ShelfReport) -> ShelfScore:
    """Compare the rows of a real photo with those drawn by hand, float32 (R, 4).

    Only products in exactly one drawn row count. Drawn rows beside each other may belong to one found row: they are
    drawn anew in each bay, where the report joins rows that line up.
    """
    middle = (found.xyxy[:, :2] + found.xyxy[:, 2:]) / 2
    offsets = np.minimum(middle[:, None] - drawn[None, :, :2], drawn[None, :, 2:] - middle[:, None])
    inside = offsets.min(axis=2) > 0
    counted = (inside.sum(axis=1) == 1) & (report.row >= 0)
    counts = np.zeros((len(drawn), len(report.rows)), np.int64)
    np.add.at(counts, (inside[counted].argmax(axis=1), report.row[counted]), 1)
    facings, left, in_row = int(counts.sum()), counts.copy(), 0
    joined: dict[int, list[int]] = {}
    while left.any():
        row, got = (int(index) for index in np.unravel_index(left.argmax(), left.shape))
        if all(_beside(drawn[row], drawn[other]) for other in joined.get(got, [])):
            joined.setdefault(got, []).append(row)
            in_row += int(left[row, got])
            left[row] = 0
        else:
            left[row, got] = 0
    rows = np.count_nonzero(counts.any(axis=1)), np.count_nonzero(counts.any(axis=0))
    return ShelfScore(photos=1, rows_exact=int(rows[0] == rows[1]), facings=facings, in_row=in_row)


def score_gaps(drawn: NDArray[np.float32], report: ShelfReport) -> ShelfScore:
    """Compare the gaps of a real photo with those drawn by hand, float32 (G, 4), which need not be all there are."""
    hit = len(pair(iou_matrix(drawn, gap_boxes(report)), SAME_DRAWN_GAP)[0])
    return ShelfScore(photos=1, gaps=len(drawn), gaps_found=len(report.gaps), gaps_hit=hit)


def gap_boxes(report: ShelfReport) -> NDArray[np.float32]:
    """The boxes of all gaps, float32 (G, 4)."""
    return np.array([gap.box for gap in report.gaps], np.float32).reshape(-1, 4)


def pair(values: NDArray[np.floating[Any]], least: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of a matrix paired one to one, largest values first, none below `least`."""
    rows, columns = np.nonzero(values >= least)
    taken_rows, taken_columns = set(), set()
    pairs = []
    for i in np.argsort(-values[rows, columns], kind="stable").tolist():
        row, column = int(rows[i]), int(columns[i])
        if row not in taken_rows and column not in taken_columns:
            taken_rows.add(row)
            taken_columns.add(column)
            pairs.append((row, column))
    one, other = np.array(pairs, np.intp).reshape(-1, 2).T
    return one, other


def _beside(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    shared = min(one[2], other[2]) - max(one[0], other[0])
    return bool(shared < BESIDE * min(one[2] - one[0], other[2] - other[0]))
