"""Non-maximum suppression in numpy: exactly the greedy result, without a Python loop over candidates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Candidates are settled in blocks from the highest score down. Within a block the overlap matrix is dense, so the
# block bounds memory (256 × 256 plus 256 × kept) however many candidates a hostile photo yields.
BLOCK = 256


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

    `boxes` is float32 (N, 4) xyxy, `scores` float32 (N,), `class_id` int32 (N,). A box falls to a kept box of its
    class with a higher score (among equals: an earlier index) and an IoU above `iou_threshold`.
    """
    order = np.argsort(-scores, kind="stable")
    kept = np.zeros(0, np.intp)
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        if len(kept):
            rivals = iou_matrix(boxes[block], boxes[kept]) > iou_threshold
            rivals &= class_id[block][:, None] == class_id[kept][None, :]
            block = block[~rivals.any(axis=1)]
        kept = np.concatenate([kept, block[_settle(boxes[block], class_id[block], iou_threshold)]])
    return kept


def _settle(boxes: NDArray[np.float32], class_id: NDArray[np.int32], iou_threshold: float) -> NDArray[np.bool_]:
    """Greedy suppression inside one block sorted by score, as a fixed point.

    `keep[j] = no kept i < j overlaps j`: after t rounds every box whose chain of stronger rivals is at most t long
    is final, so the rounds end at the longest chain, a handful on real photos.
    """
    rivals = iou_matrix(boxes, boxes) > iou_threshold
    rivals &= class_id[:, None] == class_id[None, :]
    rivals = np.triu(rivals, k=1)  # [i, j]: i is stronger than j
    keep: NDArray[np.bool_] = np.ones(len(boxes), bool)
    while True:
        settled = np.logical_not(np.any(rivals[keep], axis=0))
        if np.array_equal(settled, keep):
            return keep
        keep = settled
