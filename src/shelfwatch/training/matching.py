"""Which detections are right: pycocotools' comparison with the truth, and precision over photos of any weight."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelfwatch.inference.detections import Detections
from shelfwatch.training.dataset import Sample

MAX_DETECTIONS = 300  # a photo; the protocol of SKU-110K (Goldman et al., CVPR 2019)
IOUS: NDArray[np.float64] = np.linspace(0.5, 0.95, 10)  # COCO's
RECALLS: NDArray[np.float64] = np.linspace(0, 1, 101)  # COCO's
EVERY_SIZE = (0.0, np.inf)


@dataclass(frozen=True, eq=False)
class Matches:
    """The detections of one class in all photos, strongest first, and how many products there are to find.

    `photo` is int64 (N,), the position of each detection's photo; `confidence` float64 (N,) in 0..1; `right` bool
    (IoUs, N), whether it has a product of its own at that IoU; `products` int64 (photos,).
    """

    photo: NDArray[np.int64]
    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]
    products: NDArray[np.int64]


def check_finite(samples: Sequence[Sample], predictions: Sequence[Detections]) -> None:
    """Raise `ValueError` naming the first photo with a predicted box or score that is not finite.

    pycocotools takes an overlap that is not a number for a match, which raises AP.
    """
    for sample, found in zip(samples, predictions, strict=True):
        if not (np.isfinite(found.xyxy).all() and np.isfinite(found.confidence).all()):
            raise ValueError(f"{sample.image}: a predicted box or score is not finite")


def compare(
    samples: Sequence[Sample],
    predictions: Sequence[Detections],
    classes: Sequence[str],
    *,
    sizes: Sequence[tuple[float, float]] = (EVERY_SIZE,),
    ious: NDArray[np.float64] = IOUS,
    max_detections: int = MAX_DETECTIONS,
) -> Any:
    """The evaluated and accumulated `COCOeval` of pycocotools.

    `sizes` are half-open ranges of √(box area) over the long side of the photo. They take the place of COCO's ranges
    of pixels, which mean something else in every photo size. Raises `ValueError` as `check_finite` does.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    check_finite(samples, predictions)
    truth, results = COCO(), COCO()
    truth.dataset = {
        "images": [{"id": i} for i in range(len(samples))],
        "categories": [{"id": i, "name": name} for i, name in enumerate(classes)],
        "annotations": [
            _annotation(sample, i, c, box)
            for i, sample in enumerate(samples)
            for c, box in zip(sample.class_id, sample.boxes, strict=True)
        ],
    }
    results.dataset = {
        **truth.dataset,
        "annotations": [
            _annotation(sample, i, c, box) | {"score": float(score)}
            for i, (sample, found) in enumerate(zip(samples, predictions, strict=True))
            for c, box, score in zip(found.class_id, found.xyxy, found.confidence, strict=True)
        ],
    }
    with contextlib.redirect_stdout(io.StringIO()):  # it prints its progress
        for side in (truth, results):
            for number, annotation in enumerate(side.dataset["annotations"], start=1):
                annotation["id"] = number  # 0 would read as unmatched
            side.createIndex()
        judge = COCOeval(truth, results, "bbox")
        judge.params.iouThrs = ious
        judge.params.maxDets = [max_detections]
        # Its own ranges include both ends.
        judge.params.areaRng = [[low**2, float(np.nextafter(high**2, 0))] for low, high in sizes]
        judge.evaluate()
        judge.accumulate()
    return judge


def _annotation(sample: Sample, photo: int, class_id: np.int32, box: NDArray[np.float32]) -> dict[str, Any]:
    x1, y1, x2, y2 = (float(value) for value in box)
    # A box turned inside out has no area, rather than one below every range, where it would not count as wrong.
    area = max(x2 - x1, 0) * max(y2 - y1, 0) / max(sample.width, sample.height) ** 2
    return {
        "image_id": photo,
        "category_id": int(class_id),
        "bbox": [x1, y1, x2 - x1, y2 - y1],
        "area": area,
        "iscrowd": 0,
    }


def compared(judge: Any, class_id: int, size: int = 0) -> list[dict[str, Any]]:
    """The results of the photos that hold a product or a detection of a class, in one range of sizes."""
    photos, sizes = len(judge.params.imgIds), len(judge.params.areaRng)
    start = (class_id * sizes + size) * photos
    return [result for result in judge.evalImgs[start : start + photos] if result]


def matches(judge: Any) -> list[Matches]:
    """The matches of each class in the first range of sizes, which must be `EVERY_SIZE`."""
    found = []
    for class_id in judge.params.catIds:
        results = compared(judge, class_id)
        products = np.zeros(len(judge.params.imgIds), np.int64)
        for result in results:
            products[result["image_id"]] = len(result["gtIds"])
        photo = [np.full(len(result["dtIds"]), result["image_id"], np.int64) for result in results]
        confidence = np.array([score for result in results for score in result["dtScores"]], np.float64)
        right = [np.zeros((len(judge.params.iouThrs), 0), np.bool_), *(result["dtMatches"] > 0 for result in results)]
        order = np.argsort(-confidence, kind="stable")
        found.append(
            Matches(
                np.concatenate([np.zeros(0, np.int64), *photo])[order],
                confidence[order],
                np.concatenate(right, axis=1)[:, order],
                products,
            )
        )
    return found


def precision(found: Matches, weights: NDArray[np.int64]) -> NDArray[np.float64]:
    """COCO's precision, float64 (IoUs, 101), where each photo counts `weights` (photos,) times.

    -1 throughout, as COCO has it, where no product is left.
    """
    products = int(weights @ found.products)
    if not products:
        return np.full((len(found.right), len(RECALLS)), -1.0)
    counted = weights[found.photo]
    right = np.cumsum(found.right * counted, axis=1)
    raw = right / np.maximum(np.cumsum(counted), 1)
    best = np.maximum.accumulate(raw[:, ::-1], axis=1)[:, ::-1]
    reached = np.pad(best, ((0, 0), (0, 1)))  # recalls never reached have precision 0
    rows = zip(reached, right / products, strict=True)
    return np.stack([row[np.searchsorted(recall, RECALLS)] for row, recall in rows])
