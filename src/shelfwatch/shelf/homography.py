"""Homographies: how the plane of a shelf in one photo lies in another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelfwatch.shelf.links import Floats

STEADY = 1e-3  # holds back the two terms of perspective where points hardly tell them, in the frame of all points
SWEEPS = 2  # fits of a homography; each weighs points by the depths of the one before


def invert(matrix: Floats) -> Floats:
    """The way back."""
    back: Floats = np.asarray(np.linalg.inv(matrix), np.float64)
    return back


def project(matrix: Floats, points: NDArray[np.floating[Any]]) -> Floats:
    """Map points, (..., 2), by a homography, (3, 3). Those on the horizon become infinite."""
    flat = points @ matrix[:, :2].T + matrix[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        mapped: Floats = flat[..., :2] / flat[..., 2:]
    return mapped


def corners(boxes: Floats) -> Floats:
    """The corners of boxes (N, 4), clockwise from the top left, (N, 4, 2)."""
    return boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]


def project_boxes(matrix: Floats, boxes: Floats) -> Floats:
    """Map boxes (N, 4); each side goes to the middle of its mapped ends, so that turning makes no box larger."""
    at = project(matrix, corners(boxes))
    sides = at[:, [0, 0, 1, 3]], at[:, [3, 1, 2, 2]]  # left, top, right, bottom
    middle: Floats = ((sides[0] + sides[1]) / 2)[:, [0, 1, 2, 3], [0, 1, 0, 1]]
    return middle


def fit_affine(points: Floats, targets: Floats) -> Floats:
    """The affine map of P >= 3 points (P, 2) onto others by least squares, as (3, 3)."""
    given = np.column_stack([points, np.ones(len(points))])
    solved = np.linalg.lstsq(given, targets, rcond=None)[0]
    return np.vstack([solved.T, [0.0, 0.0, 1.0]])


def fit_homography(points: Floats, targets: Floats) -> Floats:
    """The homography of P >= 4 points (P, 2) onto others by least squares of distances, (3, 3)."""
    before, after = _frame(points), _frame(targets)
    source, wanted = project(before, points), project(after, targets)
    ones, none = np.ones((len(source), 1)), np.zeros((len(source), 3))
    across = np.hstack([source, ones, none, -source * wanted[:, :1]])
    down = np.hstack([none, source, ones, -source * wanted[:, 1:]])
    steady = np.zeros((2, 8))
    steady[[0, 1], [6, 7]] = STEADY * np.sqrt(len(source))
    depth = np.ones(len(source))
    for _ in range(SWEEPS):
        weight = 1 / np.tile(depth, 2)[:, None]
        system = np.vstack([np.vstack([across, down]) * weight, steady])
        values = np.concatenate([wanted.T.ravel() * weight[:, 0], np.zeros(2)])
        terms = np.linalg.lstsq(system, values, rcond=None)[0]
        depth = np.maximum(source @ terms[6:] + 1, STEADY)
    matrix = invert(after) @ np.append(terms, 1.0).reshape(3, 3) @ before
    homography: Floats = matrix / matrix[2, 2]
    return homography


def _frame(points: Floats) -> Floats:
    """The scaling and shift that brings points round the origin, about one away from it."""
    middle = points.mean(axis=0)
    scale = 1 / max(float(np.abs(points - middle).mean()), 1e-9)
    return np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1]])
