"""Non-maximum suppression by ONNX Runtime's operator and box voting in numpy, without a Python loop over candidates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

GRAPH = Path(__file__).with_name("nms.onnx")  # made by scripts/make_nms.py
NOT_OF_CLASS = -1.0  # a score below what the graph looks at

# Candidates are compared with kept boxes in blocks, which bounds memory however many a hostile photo yields.
BLOCK = 256

# Box voting: who has a say in where a kept box lies. Chosen on the validation photos (docs/training.md).
VOTE_IOU = 0.65
VOTE_SHARE = 0.5  # of the kept box's own score


def iou_matrix(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of every pair: float32 (N, 4) and (M, 4) xyxy to float32 (N, M).

    Boxes without area overlap nothing.
    """
    size_a = (a[:, 2] - a[:, 0]).clip(0) * (a[:, 3] - a[:, 1]).clip(0)
    size_b = (b[:, 2] - b[:, 0]).clip(0) * (b[:, 3] - b[:, 1]).clip(0)
    overlap = np.minimum(a[:, None, 2], b[None, :, 2])
    overlap -= np.maximum(a[:, None, 0], b[None, :, 0])
    np.maximum(overlap, 0, out=overlap)
    height = np.minimum(a[:, None, 3], b[None, :, 3])
    height -= np.maximum(a[:, None, 1], b[None, :, 1])
    np.maximum(height, 0, out=height)
    overlap *= height
    union = size_a[:, None] + size_b[None, :] - overlap
    ratio: NDArray[np.float32] = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
    return ratio


def nms(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], class_id: NDArray[np.int32], iou_threshold: float
) -> NDArray[np.intp]:
    """Indices of the boxes that survive greedy suppression within their class, highest score first.

    `boxes` is float32 (N, 4) xyxy, `scores` float32 (N,) in 0..1, `class_id` int32 (N,). A box falls to a kept box of
    its class with a higher score (among equals: an earlier index) and an IoU above `iou_threshold`.
    """
    if not len(boxes):
        return np.zeros(0, np.intp)
    # The operator takes corners in any order; a box turned inside out has no area here.
    upright = np.concatenate([boxes[:, :2], np.maximum(boxes[:, :2], boxes[:, 2:])], axis=1)
    present = np.unique(class_id)
    table = np.full((1, len(present), len(boxes)), NOT_OF_CLASS, np.float32)
    table[0, np.searchsorted(present, class_id), np.arange(len(boxes))] = scores
    feed = {"boxes": upright[None], "scores": table, "iou": np.array([iou_threshold], np.float32)}
    chosen: NDArray[np.intp] = _suppression().run(None, feed)[0][:, 2].astype(np.intp)
    ordered: NDArray[np.intp] = chosen[np.lexsort((chosen, -scores[chosen]))]
    return ordered


@cache
def _suppression() -> ort.InferenceSession:
    """ONNX Runtime's operator alone, several times as fast as numpy (docs/benchmarks.md, "Suppression")."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(GRAPH, options, providers=["CPUExecutionProvider"])


def agreeing(
    boxes: NDArray[np.float32], class_id: NDArray[np.int32], kept: NDArray[np.intp], iou_threshold: float
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Which candidates show the same product as a box in `kept`: pairs of a position in `kept` and an index in `boxes`.

    They share its class and have an IoU above `iou_threshold` with it. The first pairs are those of every kept box with
    itself; the others come in blocks, candidates from left to right.
    """
    yield np.arange(len(kept)), kept  # a box without area overlaps not even itself
    # From left to right, a block is a strip of the photo and meets few of the kept boxes.
    order = np.argsort(boxes[:, 0], kind="stable")
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        left, right = boxes[block, 0].min(), boxes[block, 2].max()
        near = np.flatnonzero((boxes[kept, 0] < right) & (boxes[kept, 2] > left))
        agree = iou_matrix(boxes[kept[near]], boxes[block]) > iou_threshold
        agree &= class_id[kept[near]][:, None] == class_id[block][None, :]
        row, column = np.nonzero(agree)
        position, candidate = near[row], block[column]
        others = candidate != kept[position]
        yield position[others], candidate[others]


def owners(
    boxes: NDArray[np.float32], class_id: NDArray[np.int32], kept: NDArray[np.intp], iou_threshold: float
) -> NDArray[np.intp]:
    """For each of N boxes the position in `kept` of the strongest box that it agrees with: intp (N,).

    `kept` are those that `nms` kept at `iou_threshold`, so every box agrees with one. It speaks for that one only: for
    a second, it would lend that one its confidence and draw the two together.
    """
    owner = np.full(len(boxes), len(kept))
    for position, candidate in agreeing(boxes, class_id, kept, iou_threshold):
        np.minimum.at(owner, candidate, position)
    return owner


def vote(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    class_id: NDArray[np.int32],
    kept: NDArray[np.intp],
    iou_threshold: float,
) -> NDArray[np.float32]:
    """The boxes that `nms` kept at `iou_threshold`, each moved to the mean of those that agree with it: float32 (K, 4).

    A candidate agrees from an IoU above `VOTE_IOU` with a box of its class, counts by its score, and needs at least
    `VOTE_SHARE` of the box's own: a caller that passes candidates down to that share of its threshold gets boxes
    that do not depend on the threshold (Gidaris and Komodakis, ICCV 2015, without the share). Kept boxes never move
    each other.
    """
    sums = np.zeros((5, len(kept)))
    for position, candidate in agreeing(boxes, class_id, kept, max(VOTE_IOU, iou_threshold)):
        heard = scores[candidate] >= VOTE_SHARE * scores[kept[position]]
        add_boxes(sums, position[heard], boxes[candidate[heard]], scores[candidate[heard]])
    return mean_boxes(sums, boxes[kept])


def add_boxes(
    sums: NDArray[np.float64], position: NDArray[np.intp], boxes: NDArray[np.float32], scores: NDArray[np.float32]
) -> None:
    """Add boxes (N, 4), weighted by their scores, at each `position` of `sums`: float64 (5, K), the weight last."""
    weight = scores.astype(np.float64)
    # One after the other, as `add.at` does: sums by blocks would turn on where a block of candidates ends.
    for row, values in zip(sums, (*(boxes.T * weight), weight), strict=True):
        np.add.at(row, position, values)


def mean_boxes(sums: NDArray[np.float64], plain: NDArray[np.float32]) -> NDArray[np.float32]:
    """The means of what `add_boxes` summed, float32 (K, 4); boxes of `plain` where nothing had weight."""
    sides = np.divide(sums[:4], sums[4], out=plain.T.astype(np.float64), where=sums[4] > 0)
    boxes: NDArray[np.float32] = sides.T.astype(np.float32)
    return boxes
