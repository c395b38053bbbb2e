"""What changed between two photos of a bay: which facings left, came or stayed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelfwatch.shelf.homography import invert, project, project_boxes
from shelfwatch.shelf.links import Floats, Indices
from shelfwatch.shelf.looks import Looks, Shot

SAME_PLACE = 0.3  # least IoU of two boxes of one place, in the frame of the later photo
SAME_LOOK = 0.65  # least likeness of a product that stayed in its place
SAME_LOOK_MISSED = 0.8  # the same where the other photo has no box there, only pixels
IN_VIEW = 0.6  # share of a box that the other photo must show to say anything about it
SURE = 0.85  # likeness from which nothing better is looked for
BESIDE = tuple((0.08 * x, 0.08 * y) for y in (-1, 0, 1) for x in (-1, 0, 1) if x or y)  # steps aside, in product sizes
NOWHERE = -1  # index of a product that only the photo's pixels show


@dataclass(frozen=True, eq=False)
class Changes:
    """What became of each product, as indices into the boxes of the earlier and the later photo.

    `stayed` is (S, 2), earlier and later, `NOWHERE` where a photo shows the product but has no box for it. `left` and
    `unseen_earlier` are the other products of the earlier photo, `came` and `unseen_later` those of the later; the
    unseen ones lie outside the other photo. A product that made room for another left, and the other came.
    `in_later` are all earlier boxes, (N, 4), as they lie in the later photo, `in_earlier` the later ones, (M, 4).
    """

    stayed: Indices
    left: Indices
    came: Indices
    unseen_earlier: Indices
    unseen_later: Indices
    in_later: Floats
    in_earlier: Floats


def find_changes(earlier: Shot, later: Shot, matrix: Floats) -> Changes:
    """Compare two photos; `matrix` is the homography, (3, 3), from pixels of the earlier to those of the later."""
    back = invert(matrix)
    in_later, in_earlier = project_boxes(matrix, earlier.boxes), project_boxes(back, later.boxes)
    # What each product's place shows in the other photo, box or no box.
    still, before = _still(earlier, later, matrix), _still(later, earlier, back)
    one, other = assign(overlap(in_later, later.boxes), SAME_PLACE)
    like = np.maximum(_likeness(earlier.looks[one], later.looks[other]), np.maximum(still[one], before[other]))
    same = like >= SAME_LOOK
    fate, origin = (np.full(len(boxes), NOWHERE, np.intp) for boxes in (in_later, in_earlier))
    paired, paired_later = (np.zeros(len(boxes), bool) for boxes in (in_later, in_earlier))
    paired[one], paired_later[other] = True, True
    fate[one[same]], origin[other[same]] = other[same], one[same]
    missed = ~paired & (still >= SAME_LOOK_MISSED)
    missed_before = ~paired_later & (before >= SAME_LOOK_MISSED)
    seen, seen_later = _in_view(in_later, later), _in_view(in_earlier, earlier)
    stays, stayed_later = (fate != NOWHERE) | (missed & seen), (origin != NOWHERE) | (missed_before & seen_later)
    kept, only_later = np.flatnonzero(stays), np.flatnonzero(stayed_later & (origin == NOWHERE))
    pairs = np.concatenate(
        [np.column_stack([kept, fate[kept]]), np.column_stack([np.full(len(only_later), NOWHERE), only_later])]
    )
    return Changes(
        stayed=pairs,
        left=np.flatnonzero(~stays & (seen | paired)),
        came=np.flatnonzero(~stayed_later & (seen_later | paired_later)),
        unseen_earlier=np.flatnonzero(~stays & ~seen & ~paired),
        unseen_later=np.flatnonzero(~stayed_later & ~seen_later & ~paired_later),
        in_later=in_later,
        in_earlier=in_earlier,
    )


def overlap(boxes: Floats, others: Floats) -> Floats:
    """IoU of each of `boxes` (N, 4) with each of `others` (M, 4)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.maximum(high - low, 0).prod(axis=2)
    areas = ((part[:, 2:] - part[:, :2]).prod(axis=1) for part in (boxes, others))
    total = np.add.outer(*areas) - shared
    iou: Floats = np.where(total > 0, shared / np.where(total > 0, total, 1), 0)
    return iou


def assign(worth: NDArray[np.floating[Any]], least: float) -> tuple[Indices, Indices]:
    """Rows and columns paired one to one, the worthiest first, none below `least`.

    Products hardly overlap, so a box rarely has two partners, and the greedy choice is then the best one too.
    """
    rows, columns = np.nonzero(worth >= least)
    taken_rows, taken_columns = (np.zeros(length, bool) for length in worth.shape)
    chosen = []
    for i in np.argsort(-worth[rows, columns], kind="stable").tolist():
        if not taken_rows[rows[i]] and not taken_columns[columns[i]]:
            taken_rows[rows[i]] = taken_columns[columns[i]] = True
            chosen.append(i)
    return rows[chosen], columns[chosen]


def _still(shot: Shot, other: Shot, matrix: Floats) -> Looks:
    """How alike what the other photo shows in each product's place is to it, there or a little beside; (N,)."""
    still = _likeness(shot.looks, other.look(project(matrix, shot.grids)))
    unsure = np.flatnonzero(still < SURE)
    looks, grids = shot.looks[unsure], shot.grids[unsure]
    size = (shot.boxes[unsure, 2:] - shot.boxes[unsure, :2])[:, None]
    for step in BESIDE:
        beside = _likeness(looks, other.look(project(matrix, grids + size * step)))
        still[unsure] = np.maximum(still[unsure], beside)
    return still


def _likeness(looks: Looks, others: Looks) -> Looks:
    """How alike two looks are, for each of as many; (N,)."""
    likeness: Looks = np.einsum("nd,nd->n", looks, others)
    return likeness


def _in_view(boxes: Floats, shot: Shot) -> NDArray[np.bool_]:
    """Which boxes lie within a photo, most of each."""
    frame = np.array([shot.width, shot.height], np.float64)
    shown = np.clip(boxes[:, 2:], 0, frame) - np.clip(boxes[:, :2], 0, frame)
    whole = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    view: NDArray[np.bool_] = shown.prod(axis=1) >= IN_VIEW * np.maximum(whole, 1e-9)
    return view
