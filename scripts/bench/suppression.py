"""Duplicates dropped by ONNX Runtime's operator, as the service does, or in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from bench.timing import Times, alternate
from shelfwatch.inference.detector import Detector
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.nms import iou_matrix, nms

CONFIDENCES = (0.01, 0.25)  # of the candidates: what evaluation asks for, what a request may ask for
BLOCK = 256  # candidates that numpy settles at once


@dataclass(frozen=True, eq=False)
class Suppression:
    """One list of candidates: from which confidence, how many, how many are kept, and how long each way takes."""

    confidence: float
    candidates: int
    kept: int
    operator: Times
    numpy: Times


def compare(detector: Detector, data: bytes, runs: int, progress: Progress) -> list[Suppression]:
    """Both ways on one photo's candidates. Raises `AssertionError` where they do not keep the same boxes."""
    photo = detector.decode(data)
    info = detector.info
    image = Letterbox.fit(photo.width, photo.height, info.input_size, info.stride).apply(photo)
    found = []
    for confidence in CONFIDENCES:
        given = *detector.model.run(image, confidence), info.iou_threshold
        jobs = {"operator": lambda given=given: nms(*given), "numpy": lambda given=given: in_numpy(*given)}
        kept, other = (job() for job in jobs.values())
        assert np.array_equal(kept, other), "the two ways keep other boxes"
        times = alternate(jobs, runs, lambda rounds: progress.track(rounds, description="suppression"))
        found.append(Suppression(confidence, len(given[0]), len(kept), times["operator"], times["numpy"]))
    return found


def in_numpy(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], class_id: NDArray[np.int32], iou_threshold: float
) -> NDArray[np.intp]:
    """What `nms` does, in blocks from the highest score down and without a Python loop over candidates."""
    order = np.argsort(-scores, kind="stable")
    kept = np.zeros(0, np.intp)
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        if len(kept):
            rivals = iou_matrix(boxes[block], boxes[kept]) > iou_threshold
            rivals &= class_id[block][:, None] == class_id[kept][None, :]
            block = block[~rivals.any(axis=1)]
        kept = np.concatenate([kept, block[settled(boxes[block], class_id[block], iou_threshold)]])
    return kept


def settled(boxes: NDArray[np.float32], class_id: NDArray[np.int32], iou_threshold: float) -> NDArray[np.bool_]:
    """Greedy suppression inside one block sorted by score, as the fixed point of: no kept stronger one overlaps."""
    rivals = iou_matrix(boxes, boxes) > iou_threshold
    rivals &= class_id[:, None] == class_id[None, :]
    rivals = np.triu(rivals, k=1)
    keep: NDArray[np.bool_] = np.ones(len(boxes), bool)
    while True:
        after = np.logical_not(np.any(rivals[keep], axis=0))
        if np.array_equal(after, keep):
            return keep
        keep = after
