"""Accuracy of a served model on labelled photos: COCO AP with 300 detections a photo, and count error."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from shelfwatch.inference.detections import Detections
from shelfwatch.inference.detector import Detector
from shelfwatch.training.dataset import Sample

MAX_DETECTIONS = 300  # a photo; the protocol of SKU-110K (Goldman et al., CVPR 2019)
LOWEST_CONFIDENCE = 0.01  # what AP integrates from; the API's own lower bound
# Thresholds tried when choosing the operating point.
THRESHOLDS: NDArray[np.float64] = np.round(np.arange(0.10, 0.701, 0.01), 2)

Predict = Callable[[bytes, float], Detections]


@dataclass(frozen=True)
class Evaluation:
    """Accuracy over a set of photos.

    AP is COCO's (IoU 0.5:0.95, 101 recall points, averaged over classes); AR300 the recall at 300 detections a photo
    averaged over the same IoUs. `count_error` is the mean over photos of |found − true| / true at `threshold`,
    `count_bias` the mean of (found − true) / true. `ap50_operating` is AP50 of the detections at or above
    `threshold` only, which is what a request without a `confidence` gets.
    """

    photos: int
    boxes: int
    ap: float
    ap50: float
    ap75: float
    ar300: float
    threshold: float
    ap50_operating: float
    count_error: float
    count_bias: float

    def to_json(self) -> dict[str, Any]:
        """JSON-ready figures, rounded to four digits."""
        return {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(self).items()}


def local_predict(detector: Detector) -> Predict:
    """Predictions of a detector in this process, by the service's own path from photo bytes to boxes."""

    def predict(data: bytes, confidence: float) -> Detections:
        return detector.detect(detector.decode(data), confidence=confidence, max_detections=3000).detections

    return predict


def connect(url: str, key: str | None = None) -> httpx.Client:
    """A client of the running service at `url`, with an API key where it asks for one."""
    return httpx.Client(base_url=url, timeout=120, headers={"Authorization": f"Bearer {key}"} if key else None)


def http_predict(client: httpx.Client, model: str | None = None) -> Predict:
    """Predictions of a running service, over `POST /predict`; raise `httpx.HTTPError` where it refuses."""

    def predict(data: bytes, confidence: float) -> Detections:
        query: dict[str, Any] = {"confidence": confidence, "max_detections": 3000}
        if model:
            query["model"] = model
        response = client.post("/predict", params=query, files={"image": ("photo", data)})
        response.raise_for_status()
        found = response.json()["detections"]
        return Detections(
            np.array([item["box"] for item in found], np.float32).reshape(-1, 4),
            np.array([item["confidence"] for item in found], np.float32),
            np.array([item["class_id"] for item in found], np.int32),
        )

    return predict


def served_models(client: httpx.Client) -> dict[str, float]:
    """The operating threshold of each model that a running service serves, the default model first."""
    answer = client.get("/health")
    answer.raise_for_status()
    return {model["name"]: model["operating_threshold"] for model in answer.json()["models"]}


def predict_all(samples: Iterable[Sample], predict: Predict) -> list[Detections]:
    """Every detection from the lowest confidence up, a value a photo."""
    return [predict(sample.image.read_bytes(), LOWEST_CONFIDENCE) for sample in samples]


def choose_threshold(samples: Sequence[Sample], predictions: Sequence[Detections]) -> float:
    """The threshold of `THRESHOLDS` with the least count error; among near-equals the middle one.

    Errors within 0.2 percentage points of the least count as equal: on few photos the exact minimum is noise and
    the middle of the flat part is the choice that carries over.
    """
    errors = np.array([count_errors(samples, predictions, t)[0] for t in THRESHOLDS])
    flat = THRESHOLDS[errors <= errors.min() + 0.002]
    return float(flat[len(flat) // 2])


def count_errors(samples: Sequence[Sample], predictions: Sequence[Detections], threshold: float) -> tuple[float, float]:
    """Mean |found − true| / true and mean (found − true) / true over photos that hold a product."""
    ratios = [
        ((found.confidence >= threshold).sum() - len(sample.boxes)) / len(sample.boxes)
        for sample, found in zip(samples, predictions, strict=True)
        if len(sample.boxes)
    ]
    if not ratios:
        raise ValueError("no photo holds a product: a relative count error is undefined")
    return float(np.mean(np.abs(ratios))), float(np.mean(ratios))


def evaluate(
    samples: Sequence[Sample], predictions: Sequence[Detections], classes: Sequence[str], threshold: float
) -> Evaluation:
    """Compare predictions with truth; `threshold` is the operating point that counting uses."""
    precision, recall = coco_curves(samples, predictions, classes)
    operating, _ = coco_curves(samples, [found[found.confidence >= threshold] for found in predictions], classes)
    error, bias = count_errors(samples, predictions, threshold)
    return Evaluation(
        photos=len(samples),
        boxes=sum(len(sample.boxes) for sample in samples),
        ap=average(precision),
        ap50=average(precision[0]),
        ap75=average(precision[5]),
        ar300=average(recall),
        threshold=threshold,
        ap50_operating=average(operating[0]),
        count_error=error,
        count_bias=bias,
    )


def average(values: NDArray[np.float64]) -> float:
    """Mean over the entries COCO could compute; it marks classes without truth with -1."""
    valid = values[values > -1]
    return float(valid.mean()) if valid.size else 0.0


def coco_curves(
    samples: Sequence[Sample], predictions: Sequence[Detections], classes: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision (10 IoUs, 101 recalls, classes) and recall (10 IoUs, classes) at 300 detections a photo.

    Computed by pycocotools. Its own summary is not used: it looks for a cap of 100 detections and reports -1.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth = COCO()
    truth.dataset = {
        "images": [{"id": i, "width": s.width, "height": s.height} for i, s in enumerate(samples)],
        "categories": [{"id": i, "name": name} for i, name in enumerate(classes)],
        "annotations": [
            {"image_id": i, "category_id": int(c), "bbox": _xywh(box), "area": _area(box), "iscrowd": 0}
            for i, sample in enumerate(samples)
            for c, box in zip(sample.class_id, sample.boxes, strict=True)
        ],
    }
    for number, annotation in enumerate(truth.dataset["annotations"], start=1):  # pycocotools reads id 0 as unmatched
        annotation["id"] = number
    found = [
        {"image_id": i, "category_id": int(c), "bbox": _xywh(box), "score": float(score)}
        for i, detections in enumerate(predictions)
        for c, box, score in zip(detections.class_id, detections.xyxy, detections.confidence, strict=True)
    ]
    if not found:
        return np.zeros((10, 101, len(classes))), np.zeros((10, len(classes)))
    with contextlib.redirect_stdout(io.StringIO()):  # it prints its progress
        truth.createIndex()
        judge = COCOeval(truth, truth.loadRes(found), "bbox")
        judge.params.maxDets = [1, 10, MAX_DETECTIONS]
        judge.evaluate()
        judge.accumulate()
    return judge.eval["precision"][:, :, :, 0, 2], judge.eval["recall"][:, :, 0, 2]


def _xywh(box: NDArray[np.float32]) -> list[float]:
    x1, y1, x2, y2 = (float(value) for value in box)
    return [x1, y1, x2 - x1, y2 - y1]


def _area(box: NDArray[np.float32]) -> float:
    _, _, width, height = _xywh(box)
    return width * height
