"""The bays of a photo: parts side by side whose rows do not line up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shelfwatch.shelf.links import Floats, Indices, Links
from shelfwatch.shelf.rows import BINS, Bay, find_rows

MISTAKES = 4  # products that rows may fail to hold without being in bays
TANGLED = 0.05  # share of products that rows cannot hold, from which bays are looked for
REMAINING = 0.25  # share of those that may remain
PLACES = 96  # across a photo at which bays may meet
TRIED = 6  # best such places looked at closely
SPREAD = 5  # of those, at least between two
CLEARNESS = 4  # power of the share that is clear
LEAST = 3  # products a bay holds
DEPTH = 3  # times a photo may be split
STEP = 0.035  # mean step of a row's feet where bays meet, in distances of rows, the largest step left out
EVENED = 0.4  # share of the unevenness of feet that a step at one place explains
LARGEST_STEP = 0.25  # in distances of rows; a product further off is a mistake
TELLING = 2  # products at least from which the front of a shelf is known
EDGE = 0.2  # of a product's width: its sides, over which an upright may pass
CROSSING = 0.02  # share of products that may reach over such a place


def find_bays(boxes: Floats, links: Links) -> list[Bay]:
    """The bays of a photo, left to right; `boxes` is float64 (N, 4), N at least 1."""
    return [
        found
        for part in _split(boxes, links, find_rows(boxes, links, np.arange(len(boxes))), DEPTH)
        for found in _step_apart(boxes, links, part)
    ]


def _split(boxes: Floats, links: Links, bay: Bay, depth: int) -> list[Bay]:
    """The parts of a bay, each with rows of its own, if those hold the products that one set of rows cannot."""
    if depth == 0 or bay.tangled <= max(MISTAKES, TANGLED * len(bay.members)):
        return [bay]
    halves = [_sides(boxes, links, bay.members, place) for place in _places(boxes[bay.members], bay)]
    best = min(filter(None, halves), key=lambda sides: sum(map(_misfit, sides)), default=())
    parts = [part for side in best for part in _split(boxes, links, side, depth - 1)]
    return parts if parts and sum(part.tangled for part in parts) <= REMAINING * bay.tangled else [bay]


def _misfit(bay: Bay) -> float:
    """How badly one set of rows holds the products of a bay."""
    return bay.tangled + float(np.abs(bay.off).clip(max=LARGEST_STEP).sum())


def _sides(boxes: Floats, links: Links, members: Indices, place: float) -> tuple[Bay, Bay] | None:
    """What stands left and right of a place, where that is enough for two bays."""
    inside = boxes[members, 0] + boxes[members, 2] < 2 * place
    if not LEAST <= inside.sum() <= len(members) - LEAST:
        return None
    return find_rows(boxes, links, members[inside]), find_rows(boxes, links, members[~inside])


def _step_apart(boxes: Floats, links: Links, bay: Bay) -> tuple[Bay, ...]:
    """Two bays whose rows nearly line up: at one place the feet of several rows step up or down."""
    rows = bay.rows
    if rows < 3:
        return (bay,)
    own, row = boxes[bay.members[bay.on_shelf]], bay.row[bay.on_shelf]
    x1, x2 = own[:, 0], own[:, 2]
    off = bay.off.clip(-LARGEST_STEP, LARGEST_STEP)
    places = np.linspace(x1.min(), x2.max(), PLACES + 2)[1:-1]
    part = np.searchsorted(places, (x1 + x2) / 2)
    # The foremost feet of a side tell where its shelf ends; others may only stand further back.
    front = np.full((rows, PLACES + 1), -LARGEST_STEP)
    np.maximum.at(front, (row, part), off)
    left = np.maximum.accumulate(front, axis=1)[:, :-1]
    right = np.maximum.accumulate(front[:, ::-1], axis=1)[:, -2::-1]
    number, total = np.zeros((2, rows, PLACES + 1))
    np.add.at(number, (row, part), 1)
    np.add.at(total, (row, part), off)
    before, summed = number.cumsum(axis=1), total.cumsum(axis=1)
    after, rest = before[:, -1:] - before[:, :-1], summed[:, -1:] - summed[:, :-1]
    before, summed = before[:, :-1], summed[:, :-1]
    step = np.where(np.minimum(before, after) < TELLING, 0, np.abs(left - right))
    typical = (step.sum(axis=0) - step.max(axis=0)) / (rows - 1)
    lean = EDGE * (x2 - x1)  # uprights seldom run straight up a photo
    crossing = np.searchsorted(np.sort(x1 + lean), places) - np.searchsorted(np.sort(x2 - lean), places)
    # Of the places with such steps, the one that leaves the feet of each side most even.
    apart = summed / np.maximum(before, 1) - rest / np.maximum(after, 1)
    evened = (before * after / np.maximum(before + after, 1) * apart**2).sum(axis=0)
    uneven = float((off**2).sum() - (total.sum(axis=1) ** 2 / np.maximum(number.sum(axis=1), 1)).sum())
    least = max(EVENED * uneven, _trend((x1 + x2) / 2, off, row))
    evened[(typical < STEP) | (evened < least) | (2 * (step > STEP).sum(axis=0) < rows)] = 0
    evened[crossing > CROSSING * len(own)] = 0
    best = int(evened.argmax())
    if evened[best] == 0:
        return (bay,)
    return _sides(boxes, links, bay.members, float(places[best])) or (bay,)


def _trend(x: Floats, off: Floats, row: NDArray[np.int64]) -> float:
    """How much of the unevenness of feet a slope of each row explains: shelves that curve, and no step."""
    number = np.maximum(np.bincount(row), 1)
    dx, dy = (values - (np.bincount(row, values) / number)[row] for values in (x, off))
    along, across = np.bincount(row, dx * dy), np.bincount(row, dx * dx)
    return float((along**2 / np.maximum(across, 1e-9)).sum())


def _places(boxes: Floats, bay: Bay) -> Floats:
    """Where two bays are likeliest to meet: each side alone has more clear height than both together."""
    left, right = float(boxes[:, 0].min()), float(boxes[:, 2].max())
    low, high = float(bay.top.min()), float(bay.foot.max())
    y1, y2 = (((edge - low) / (high - low) * BINS).astype(np.intp) for edge in (bay.top, bay.foot))
    x1, x2 = (((boxes[:, side] - left) / (right - left) * PLACES).astype(np.intp) for side in (0, 2))
    filled = np.zeros((BINS + 1, PLACES + 1))
    for rows, columns, sign in ((y1, x1, 1), (y1, x2, -1), (y2, x1, -1), (y2, x2, 1)):
        np.add.at(filled, (rows, columns), sign)
    before = (filled.cumsum(axis=0).cumsum(axis=1) > 0.5)[:BINS, :PLACES].cumsum(axis=1)
    total = before[:, -1:]
    share = np.arange(1, PLACES + 1) / PLACES
    # Shelves that are empty throughout count most: one place too far to a side, some product stands before each.
    clear = [
        ((1 - side / np.maximum(side.max(axis=0), 1)) ** CLEARNESS).mean(axis=0) for side in (before, total - before)
    ]
    gain = clear[0] * share + clear[1] * (1 - share)
    crossed = np.zeros(PLACES + 1)
    np.add.at(crossed, x1, 1)
    np.add.at(crossed, x2, -1)
    gain -= crossed.cumsum()[:PLACES] / len(boxes)
    chosen: list[int] = []
    for place in np.argsort(-gain, kind="stable").tolist():
        if all(abs(place - other) > SPREAD for other in chosen):
            chosen.append(place)
        if len(chosen) == TRIED:
            break
    return left + (np.array(chosen) + 1) / PLACES * (right - left)
